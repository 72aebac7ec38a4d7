//! Which policies serve: one immutable map, replaced in one atomic store.

mod change;
mod lane;
mod published;

use std::sync::Arc;

pub use self::{
    change::{Change, Conflict},
    lane::{Beside, Lane, Policies},
};

use self::published::{Next, Published};
use crate::{Generation, Plugin, TrafficShare};

/// What the protocol is built from; a model checker puts its own in their place.
mod sync {
    pub(super) use arc_swap::ArcSwap;
    pub(super) use std::sync::{Mutex, MutexGuard};
}

/// Policy names and the generations that serve under them.
#[derive(Debug)]
pub struct Slot(Published<Policies>);

impl Slot {
    /// A slot in which nothing serves.
    #[must_use]
    pub fn new() -> Self {
        Self::numbered_from(0)
    }

    /// A slot in which nothing serves, and whose first generation gets the number after `last`:
    /// numbers go on where an earlier process left off.
    #[must_use]
    pub fn numbered_from(last: u64) -> Self {
        Self(Published::new(Policies::default(), last))
    }

    /// What serves now. Take it once for a request and use it to the end: what is in it does not
    /// change.
    #[must_use]
    pub fn load(&self) -> Arc<Policies> {
        self.0.load()
    }

    /// Makes all of a change in one store: no reader sees some of it without the rest. Gives what
    /// serves from now on.
    ///
    /// `base` is what was [loaded](Self::load) when the change was thought of: if another change
    /// was made since to a name that this one touches, nothing happens. Other names may have
    /// changed.
    ///
    /// # Errors
    /// Another change came first, or there is nothing to make this one to. Nothing changes, and no
    /// number is used.
    pub fn commit(&self, base: &Policies, change: Change) -> Result<Arc<Policies>, Conflict> {
        Ok(self.prepare(base, change)?.publish())
    }

    /// Does all of a [commit](Self::commit) but the store: so what will serve can be written down
    /// before it does, with the numbers it will have. Other changes wait until it is published or
    /// dropped; readers do not.
    ///
    /// # Errors
    /// As for a commit.
    pub fn prepare(&self, base: &Policies, change: Change) -> Result<Prepared<'_>, Conflict> {
        self.0
            .prepare(|current, last| change.apply(base, current, last))
            .map(Prepared)
    }
}

/// A change that is about to be made. Dropped, it was never there: no number is used.
#[derive(Debug)]
#[must_use]
pub struct Prepared<'s>(Next<'s, Policies>);

impl Prepared<'_> {
    /// What serves once it is published.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        self.0.value()
    }

    /// Makes the change, in one store. Gives what serves from now on.
    pub fn publish(self) -> Arc<Policies> {
        self.0.publish()
    }
}

impl Default for Slot {
    fn default() -> Self {
        Self::new()
    }
}
