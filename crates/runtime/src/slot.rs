//! Which policies serve: one immutable map, replaced in one atomic store.

mod change;
mod lane;
mod published;

use std::sync::Arc;

pub use self::{
    change::{Change, Conflict},
    lane::{Beside, Lane, Policies},
};

use self::published::Published;
use crate::{Generation, Plugin, Share};

/// What the protocol is built from; a model checker puts its own in their place.
mod sync {
    pub(super) use arc_swap::ArcSwap;
    pub(super) use std::sync::Mutex;
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
        self.0
            .replace(|current, last| change.apply(base, current, last))
    }
}

impl Default for Slot {
    fn default() -> Self {
        Self::new()
    }
}
