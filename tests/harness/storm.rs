//! Traffic for a gate whose policy is replaced all the while: many connections, every kind of
//! request, each answer looked at as it comes, and afterwards held against what reached GT.
//!
//! What a request asks for is decided differently by each of three [`Variant`]s, in several places
//! at once: query, header, model, refusal. So what reached GT shows which of them decided, and a
//! request that two of them decided a part of each cannot pass for one of either.

mod asked;
mod ledger;
mod pace;
mod variant;

use std::{
    net::SocketAddr,
    sync::Arc,
    thread::{self, JoinHandle},
};

pub use ledger::{Kind, Ledger, Outcome, Seen};
pub use variant::{Variant, tenant};

use crate::keep_alive::Line;
use asked::Asked;
use pace::Pace;

/// Connections at work until they are told to stop.
#[derive(Debug)]
pub struct Storm {
    pace: Arc<Pace>,
    connections: Vec<JoinHandle<Vec<Seen>>>,
}

impl Storm {
    /// Opens so many connections to a gate; they ask with this key.
    ///
    /// # Panics
    /// If there are no threads to be had.
    #[must_use]
    pub fn start(gate: SocketAddr, key: &str, connections: usize) -> Self {
        let pace = Arc::new(Pace::new(connections));
        let start = |connection| {
            let (pace, key) = (Arc::clone(&pace), key.to_owned());
            let name = format!("storm-{connection}");
            let thread = thread::Builder::new().name(name);
            let thread = thread.spawn(move || work(gate, &key, connection, &pace));
            thread.expect("a thread starts")
        };
        let connections = (0..connections).map(start).collect();
        Self { pace, connections }
    }

    /// A swap was done: so many more requests may be sent. Waits while the connections are far
    /// behind, so that swaps and requests always overlap and neither runs out before the other.
    pub fn swapped(&self, requests: usize) {
        self.pace.swapped(requests);
    }

    /// Lets every connection end what it does, and gives what each of them saw.
    ///
    /// # Panics
    /// If one of them did.
    #[must_use]
    pub fn stop(mut self) -> Vec<Seen> {
        self.pace.stop();
        let ended = |connection: JoinHandle<_>| connection.join().expect("a connection ends");
        let connections = std::mem::take(&mut self.connections);
        connections.into_iter().flat_map(ended).collect()
    }
}

impl Drop for Storm {
    /// A test that fails leaves nobody behind who waits.
    fn drop(&mut self) {
        self.pace.stop();
    }
}

fn work(gate: SocketAddr, key: &str, connection: usize, pace: &Pace) -> Vec<Seen> {
    let mut line = Line::new(gate);
    let mut seen = Vec::new();
    for count in 0.. {
        if !pace.begin() {
            break;
        }
        let asked = Asked::new(connection, count);
        let ask = asked.ask(key);
        // Some requests are under way while the policy is replaced, for certain.
        let answer = if asked.waits_for_a_swap() {
            line.ask_slowly(&ask, || pace.wait_for_a_swap())
        } else {
            line.ask(&ask)
        };
        seen.push(asked.seen(answer));
        pace.ended();
    }
    seen
}
