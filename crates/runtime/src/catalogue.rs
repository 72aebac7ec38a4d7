//! The names a policy lets clients write, drained from it once.

use signalbox_policy::CatalogueEntry;

/// A policy's catalogue: every listed name, in ascending byte order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    entries: Vec<CatalogueEntry>,
    /// Positions in `entries`, ordered by published name and then by name.
    by_published: Vec<usize>,
}

impl Catalogue {
    /// The caller has checked that names ascend.
    pub(crate) fn new(entries: Vec<CatalogueEntry>) -> Self {
        let mut by_published: Vec<usize> = (0..entries.len()).collect();
        let key = |position: &usize| entries.get(*position).map(|entry| &entry.published);
        // Stable: names of one published name stay in their order.
        by_published.sort_by(|left, right| key(left).cmp(&key(right)));
        Self {
            entries,
            by_published,
        }
    }

    /// The entry of a name, if it is listed.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&CatalogueEntry> {
        let position = self
            .entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
            .ok()?;
        self.entries.get(position)
    }

    /// Every entry that leads to a published name, in the order of their names.
    pub fn by_published<'a>(
        &'a self,
        published: &'a str,
    ) -> impl Iterator<Item = &'a CatalogueEntry> + 'a {
        let entry = |position: &usize| self.entries.get(*position);
        let start = self
            .by_published
            .partition_point(|at| entry(at).is_some_and(|entry| *entry.published < *published));
        self.by_published
            .iter()
            .skip(start)
            .filter_map(entry)
            .take_while(move |entry| entry.published == published)
    }

    /// Every entry, in ascending byte order of names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &CatalogueEntry> {
        self.entries.iter()
    }

    /// How many names are listed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no name is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let entry = |(name, published): (&str, &str)| CatalogueEntry {
            name: name.into(),
            published: published.into(),
            routes: Vec::new(),
        };
        let pairs = [("a", "small"), ("b", "agent"), ("c", "small"), ("d", "big")];
        Catalogue::new(pairs.into_iter().map(entry).collect())
    }

    fn names<'a>(entries: impl Iterator<Item = &'a CatalogueEntry>) -> Vec<&'a str> {
        entries.map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn listed_name_is_found() {
        assert_eq!(
            catalogue().get("b").map(|entry| entry.published.as_str()),
            Some("agent")
        );
        assert_eq!(catalogue().get("bb"), None);
    }

    #[test]
    fn published_name_leads_back_to_all_its_names() {
        assert_eq!(names(catalogue().by_published("small")), ["a", "c"]);
        assert_eq!(names(catalogue().by_published("big")), ["d"]);
        assert_eq!(names(catalogue().by_published("medium")), [""; 0]);
    }

    #[test]
    fn entries_come_in_order_of_names() {
        assert_eq!(names(catalogue().iter()), ["a", "b", "c", "d"]);
    }
}
