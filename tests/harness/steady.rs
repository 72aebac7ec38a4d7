//! A client that goes on and on, whatever else happens.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use crate::{gate::Gate, http::Ask, keep_alive::Line, wait_for};

/// A client that asks the same thing over and over.
#[derive(Debug)]
pub struct Steady {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<BTreeMap<String, usize>>>,
}

#[derive(Debug, Default)]
struct Shared {
    answered: AtomicUsize,
    stopped: AtomicBool,
}

impl Steady {
    /// Starts to ask a gate, and waits for the first answer.
    ///
    /// # Panics
    /// If there is no thread to be had, or no answer.
    #[must_use]
    pub fn start(gate: &Gate, ask: Ask) -> Self {
        let shared = Arc::new(Shared::default());
        let (working, to) = (Arc::clone(&shared), gate.address());
        let thread = thread::spawn(move || {
            let (mut line, mut seen) = (Line::new(to), BTreeMap::new());
            while !working.stopped.load(Ordering::Relaxed) {
                let what = match line.ask(&ask) {
                    Ok(answer) => {
                        let policy = answer.header("x-signalbox-policy").unwrap_or("no policy");
                        format!("{} {policy}", answer.status)
                    }
                    Err(broken) => format!("{broken:?}"),
                };
                *seen.entry(what).or_default() += 1;
                working.answered.fetch_add(1, Ordering::Relaxed);
            }
            seen
        });
        let steady = Self {
            shared,
            thread: Some(thread),
        };
        steady.wait_for_answers(1);
        steady
    }

    /// Waits for this many answers from now on.
    pub fn wait_for_answers(&self, count: usize) {
        let answered = || self.shared.answered.load(Ordering::Relaxed);
        let enough = answered() + count;
        wait_for("a client's answers", || {
            (answered() >= enough).then_some(())
        });
    }

    /// Tells it to stop; gives the different answers it had, as `STATUS NAME@GENERATION`.
    ///
    /// # Panics
    /// If it did.
    #[must_use]
    pub fn stop(mut self) -> Vec<String> {
        self.wait_for_answers(1);
        self.shared.stopped.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it runs until it is stopped");
        let seen = thread.join().expect("the client ends");
        seen.into_keys().collect()
    }
}

impl Drop for Steady {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
    }
}
