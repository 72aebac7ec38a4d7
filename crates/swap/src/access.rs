//! The step `access`: is anything refused by the new one that the old one allowed?
//!
//! The answer decides whether the host may go back by itself: whoever is shut out by a stricter
//! policy must not get the laxer one back by making the stricter one fail. So only `NotNarrower`
//! is a yes. Two policies with tables are compared by their tables, whole, whoever asks them. Any
//! others can only be asked: for the keys there are, and for what both of them speak of.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use signalbox_policy::{Caller, tables::Tables};

use crate::{
    Access,
    diff::{Change, Effect, first_loss, losses, with_tables},
    loaded::Loaded,
};

/// A comparison, and whom it speaks of.
#[derive(Clone, Debug)]
pub(crate) struct Compared {
    pub(crate) access: Access,
    /// The keys that were asked for; `None` if it holds for any.
    callers: Option<Arc<[Caller]>>,
}

/// Compares what serves with what is to serve.
pub(crate) fn compare(old: &Loaded, new: &Loaded, callers: Vec<Caller>) -> Compared {
    if old.digest() == new.digest() {
        return Compared::of_any(Access::NotNarrower);
    }
    if let Some(access) = with_tables(old, new, by_tables) {
        return Compared::of_any(access);
    }
    Compared {
        access: losses(&old.plugin, &new.plugin, &callers),
        callers: Some(callers.into()),
    }
}

/// What is sent elsewhere may be less: only the operator knows.
fn by_tables(old: &Tables<'_>, new: &Tables<'_>) -> Access {
    match first_loss(old, new) {
        None => Access::NotNarrower,
        Some(Change {
            effect: Effect::Narrower,
            text,
            ..
        }) => Access::Narrower(text),
        Some(Change { text, .. }) => Access::Unknown(text),
    }
}

impl Compared {
    const fn of_any(access: Access) -> Self {
        Self {
            access,
            callers: None,
        }
    }

    /// What holds for the keys there are now: those that came or changed since are asked for.
    pub(crate) fn for_callers(&self, old: &Loaded, new: &Loaded, now: Vec<Caller>) -> Access {
        let Some(known) = &self.callers else {
            return self.access.clone();
        };
        let is_new = |caller: &Caller| !known.contains(caller);
        let others: Vec<Caller> = now.into_iter().filter(is_new).collect();
        if others.is_empty() {
            return self.access.clone();
        }
        match (&self.access, losses(&old.plugin, &new.plugin, &others)) {
            (narrower @ Access::Narrower(_), _) => narrower.clone(),
            (_, Access::NotNarrower) => self.access.clone(),
            (_, worse) => worse,
        }
    }
}
