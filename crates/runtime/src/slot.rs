//! Which policies serve: one immutable map, replaced in one atomic store.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use crate::{Generation, Plugin};

/// Policy names and the generations that serve under them.
#[derive(Debug, Default)]
pub struct Slot {
    policies: ArcSwap<Policies>,
    /// The last number given; also what makes writers wait for each other.
    last: Mutex<u64>,
}

impl Slot {
    /// A slot in which nothing serves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What serves now. Take it once for a request and use it to the end: what is in it does not
    /// change.
    #[must_use]
    pub fn load(&self) -> Arc<Policies> {
        self.policies.load_full()
    }

    /// Puts plugins into service, or takes names out of it with `None`, all in one store: no
    /// reader sees some of the changes without the others. Gives what serves from now on.
    pub fn swap(&self, changes: Vec<(String, Option<Plugin>)>) -> Arc<Policies> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut generations = self.policies.load().generations.clone();
        for (name, plugin) in changes {
            match plugin {
                Some(plugin) => {
                    *last += 1;
                    let generation = Generation::new(*last, name.clone(), plugin);
                    generations.insert(name, Arc::new(generation));
                }
                None => {
                    generations.remove(&name);
                }
            }
        }
        let policies = Arc::new(Policies { generations });
        self.policies.store(Arc::clone(&policies));
        policies
    }
}

/// What serves at one moment.
#[derive(Debug, Default)]
pub struct Policies {
    generations: BTreeMap<String, Arc<Generation>>,
}

impl Policies {
    /// What serves under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Generation>> {
        self.generations.get(name)
    }

    /// What serves, in the order of names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Generation>> {
        self.generations.values()
    }
}
