//! What changes for callers when one policy takes the place of another.
//!
//! Two policies with tables are compared by their tables, whole, whoever asks them. Any others are
//! compared by what they say of themselves, and can beyond that only be asked, as some callers.

mod asked;
mod callers;
mod ceilings;
mod change;
mod described;
mod models;
mod route;
mod routes;
mod tables;
mod terms;

pub use change::{Aspect, Change, Effect, Subject};

pub(crate) use asked::{listed, losses};

use std::ops::ControlFlow;

use signalbox_policy::{Caller, tables::Tables};
use signalbox_runtime::Plugin;

use crate::loaded::Loaded;

/// Two components that were loaded, to be compared.
#[derive(Clone, Debug)]
pub struct PolicyDiff {
    old: Loaded,
    new: Loaded,
}

/// How two policies are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedBy {
    /// By their tables: what is found holds for every request there may be.
    Tables,
    /// By what they say of themselves; what they decide has to be asked.
    Description,
}

/// What was found by asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// What changes for each caller, in the order of the callers; fewer if not all could be asked for.
    pub callers: Vec<Vec<Change>>,
    /// What no question answered.
    pub untold: Vec<String>,
}

impl PolicyDiff {
    /// Each a component that was loaded, with its bytes.
    #[must_use]
    pub fn new(old: (Plugin, &[u8]), new: (Plugin, &[u8])) -> Self {
        let [old, new] = [old, new].map(|(plugin, component)| Loaded::new(plugin, component));
        Self { old, new }
    }

    /// What can be told without asking, in an order that is always the same: callers, routes, models.
    #[must_use]
    pub fn stated(&self) -> (ComparedBy, Vec<Change>) {
        let (old, new) = (&self.old, &self.new);
        match with_tables(old, new, changes) {
            Some(changes) => (ComparedBy::Tables, changes),
            None => {
                let compare =
                    |all: &mut Found<'_>| described::compare(&old.plugin, &new.plugin, all);
                (ComparedBy::Description, every_change(compare))
            }
        }
    }

    /// What both decide for these callers: on every route, with every name that one of them speaks of.
    /// Ends after `most` decisions.
    #[must_use]
    pub fn ask(&self, callers: &[Caller], most: usize) -> Asked {
        asked::every(&self.old, &self.new, callers, most)
    }
}

/// What `compare` gives for the tables of both; `None` if one of them has none.
pub(crate) fn with_tables<T>(
    old: &Loaded,
    new: &Loaded,
    compare: impl FnOnce(&Tables<'_>, &Tables<'_>) -> T,
) -> Option<T> {
    let old = Tables::read(old.tables.as_deref()?).ok()?;
    let new = Tables::read(new.tables.as_deref()?).ok()?;
    Some(compare(&old, &new))
}

/// Every change, by their tables.
pub(crate) fn changes(old: &Tables<'_>, new: &Tables<'_>) -> Vec<Change> {
    every_change(|all| tables::compare(old, new, all))
}

fn every_change(compare: impl FnOnce(&mut Found<'_>) -> ControlFlow<()>) -> Vec<Change> {
    let mut changes = Vec::new();
    let all = &mut |change: Change| {
        changes.push(change);
        ControlFlow::Continue(())
    };
    let _: ControlFlow<()> = compare(all);
    changes
}

/// The first change by which `old` allows something that `new` may not, by their tables.
pub(crate) fn first_loss(old: &Tables<'_>, new: &Tables<'_>) -> Option<Change> {
    let mut first = None;
    let until_loss = &mut |change: Change| match change.effect {
        Effect::Narrower | Effect::Different => {
            first = Some(change);
            ControlFlow::Break(())
        }
        Effect::Wider | Effect::Words => ControlFlow::Continue(()),
    };
    let _: ControlFlow<()> = tables::compare(old, new, until_loss);
    first
}

/// Hears of each change, and says whether to look for more.
type Found<'f> = dyn FnMut(Change) -> ControlFlow<()> + 'f;
