//! What is kept between decisions: an instance a thread for each generation, with a bound over all, and
//! what whoever asks keeps beside it.

use std::{
    any::Any,
    cell::Cell,
    sync::{
        Arc, Mutex, MutexGuard, TryLockError,
        atomic::{AtomicUsize, Ordering},
    },
};

use signalbox_policy::Decision;

use crate::{DecideError, instance::Instance};

/// A generation's warm instances. They die with it.
#[derive(Debug)]
pub(crate) struct Warm {
    slots: Box<[Mutex<Slot>]>,
    permits: Arc<Permits>,
    /// Whether a decision is a function of the request alone: it is for documents, and for programs whose
    /// operator says so.
    is_pure: bool,
}

/// What one thread keeps.
#[derive(Debug, Default)]
struct Slot {
    held: Option<Held>,
    beside: Option<Box<dyn Any + Send>>,
}

#[derive(Debug)]
struct Held {
    instance: Instance,
    _permit: Permit,
}

impl Warm {
    pub(crate) fn new(threads: usize, permits: Arc<Permits>, is_pure: bool) -> Self {
        Self {
            slots: (0..threads).map(|_| Mutex::default()).collect(),
            permits,
            is_pure,
        }
    }

    pub(crate) const fn is_pure(&self) -> bool {
        self.is_pure
    }

    /// What `ask` says with this thread's instance, which is made with `start` if there is none, and
    /// kept only if `ask` succeeds. `None` if the thread cannot have one now: its slot is in use by a
    /// thread it shares it with, or the process holds as many as it may.
    pub(crate) fn decide(
        &self,
        start: impl FnOnce() -> Result<Instance, DecideError>,
        ask: impl FnOnce(&mut Instance) -> Result<Decision, DecideError>,
    ) -> Option<Result<Decision, DecideError>> {
        self.slot()?.ask(&self.permits, start, ask)
    }

    /// What this thread keeps beside the instance: see [`crate::Generation::with_kept`].
    pub(crate) fn with_kept<T: Any + Default + Send, R>(
        &self,
        look: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        if !self.is_pure {
            return None;
        }
        let mut slot = self.slot()?;
        // Taken out: what was looked at when something panicked is not looked at again.
        let mut kept = match slot.beside.take().map(Box::<dyn Any + Send>::downcast) {
            Some(Ok(kept)) => kept,
            Some(Err(_)) | None => Box::<T>::default(),
        };
        let seen = look(&mut kept);
        slot.beside = Some(kept);
        Some(seen)
    }

    fn slot(&self) -> Option<MutexGuard<'_, Slot>> {
        let slot = self
            .slots
            .get(thread_index().checked_rem(self.slots.len())?)?;
        match slot.try_lock() {
            Ok(slot) => Some(slot),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// How many instances are held now.
    #[cfg(test)]
    fn held(&self) -> usize {
        self.slots
            .iter()
            .filter(|slot| slot.lock().unwrap().held.is_some())
            .count()
    }
}

impl Slot {
    fn ask(
        &mut self,
        permits: &Arc<Permits>,
        start: impl FnOnce() -> Result<Instance, DecideError>,
        ask: impl FnOnce(&mut Instance) -> Result<Decision, DecideError>,
    ) -> Option<Result<Decision, DecideError>> {
        let mut held = match self.held.take() {
            Some(held) => held,
            None => {
                let permit = permits.take()?;
                match start() {
                    Ok(instance) => Held {
                        instance,
                        _permit: permit,
                    },
                    Err(error) => return Some(Err(error)),
                }
            }
        };
        let answer = ask(&mut held.instance);
        if answer.is_ok() {
            self.held = Some(held);
        }
        Some(answer)
    }
}

/// How many warm instances the process may still make.
#[derive(Debug)]
pub(crate) struct Permits(AtomicUsize);

impl Permits {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(count)))
    }

    fn take(self: &Arc<Self>) -> Option<Permit> {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .ok()
            .map(|_| Permit(Arc::clone(self)))
    }
}

#[derive(Debug)]
struct Permit(Arc<Permits>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A small number for each thread that ever decided.
fn thread_index() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static INDEX: Cell<Option<usize>> = const { Cell::new(None) });
    INDEX.with(|index| {
        let number = index
            .get()
            .unwrap_or_else(|| NEXT.fetch_add(1, Ordering::Relaxed));
        index.set(Some(number));
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permit_comes_back_when_dropped() {
        let permits = Permits::new(1);
        let first = permits.take();
        assert!(first.is_some());
        assert!(permits.take().is_none());
        drop(first);
        assert!(permits.take().is_some());
    }

    #[test]
    fn without_a_permit_nothing_is_started() {
        let warm = Warm::new(1, Permits::new(0), true);
        let outcome = warm.decide(|| unreachable!("no permit"), |_| Ok(Decision::ReadModel));
        assert!(outcome.is_none());
        assert_eq!(warm.held(), 0);
    }

    #[test]
    fn failed_start_keeps_neither_instance_nor_permit() {
        let permits = Permits::new(1);
        let warm = Warm::new(1, Arc::clone(&permits), true);
        let outcome = warm.decide(
            || Err(DecideError::PoolExhausted),
            |_| Ok(Decision::ReadModel),
        );
        assert_eq!(outcome, Some(Err(DecideError::PoolExhausted)));
        assert_eq!(warm.held(), 0);
        assert!(permits.take().is_some());
    }

    #[test]
    fn what_is_kept_is_there_again_unless_looking_at_it_panicked() {
        let warm = Warm::new(1, Permits::new(1), true);
        let add = |more: &'static str| {
            warm.with_kept(|all: &mut Vec<&str>| {
                all.push(more);
                all.clone()
            })
        };
        assert_eq!(add("a").unwrap(), ["a"]);
        assert_eq!(add("b").unwrap(), ["a", "b"]);
        assert_eq!(warm.with_kept(|number: &mut u8| *number), Some(0));
        assert_eq!(add("c").unwrap(), ["c"], "of the last type alone");
        let look = |_: &mut Vec<&str>| panic!("half done");
        let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            warm.with_kept::<Vec<&str>, ()>(look)
        }));
        assert!(looked.is_err());
        assert_eq!(add("d").unwrap(), ["d"]);
    }

    #[test]
    fn nothing_is_kept_where_decisions_are_no_function_of_the_request() {
        let warm = Warm::new(1, Permits::new(1), false);
        assert_eq!(warm.with_kept(|number: &mut u8| *number), None);
    }

    #[test]
    fn thread_keeps_its_index() {
        assert_eq!(thread_index(), thread_index());
        let other = std::thread::spawn(thread_index).join().unwrap();
        assert_ne!(thread_index(), other);
    }
}
