//! A map that forgets its oldest entries, so that a simulator left running does not grow.

use std::collections::{HashMap, VecDeque};

/// Plenty for any test; a few megabytes at most.
const LIMIT: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Bounded<V> {
    entries: HashMap<String, V>,
    oldest_first: VecDeque<String>,
}

impl<V> Bounded<V> {
    pub(crate) fn new() -> Self {
        Self {
            entries: HashMap::new(),
            oldest_first: VecDeque::new(),
        }
    }

    pub(crate) fn insert(&mut self, id: &str, value: V) {
        if self.entries.insert(id.to_owned(), value).is_none() {
            self.oldest_first.push_back(id.to_owned());
        }
        if self.oldest_first.len() > LIMIT
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    pub(crate) fn entry(&mut self, id: &str) -> Option<&mut V> {
        self.entries.get_mut(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_goes_when_the_map_is_full() {
        let mut map = Bounded::new();
        for n in 0..=LIMIT {
            map.insert(&n.to_string(), n);
        }
        assert_eq!(map.entry("0"), None);
        assert_eq!(map.entry("1"), Some(&mut 1));
        assert_eq!(map.entries.len(), LIMIT);
    }
}
