//! The door that is the small host of `crates/gate/examples`: the gate's steps, and nothing else.

use std::net::SocketAddr;

use serde_json::Value;
use signalbox_host::config::Config;
use signalbox_runtime::Runtime;
use signalbox_swap::Swaps;
use tokio::net::TcpListener;

use super::{
    Door, Fixture,
    gated::{gate, serve, upstream},
};
use crate::{gate::Running, small_host::example};

/// The small host; it ends when this is dropped.
#[derive(Debug)]
pub struct SmallDoor {
    address: SocketAddr,
    swaps: Swaps,
    _running: Running,
}

impl SmallDoor {
    /// Starts it as a configuration of the host says, but for what it has no setting for.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn open(fixture: &Fixture) -> Self {
        let config = Config::parse(fixture.configuration(), &fixture.folder());
        let config = config.expect("the fixture is valid");
        let runtime = Runtime::new(Default::default()).expect("this machine runs policies");
        let swaps = Swaps::new(runtime, Default::default()).expect("no state to read");
        for (name, component) in fixture.policies() {
            serve(&swaps, name, component);
        }
        let (origin, base_path) = upstream(fixture.configuration());
        let gate = gate(&config, base_path, swaps.clone(), |settings| {
            // There is no spool there: forms are held in memory alone.
            settings.multipart_memory = settings.multipart_disk;
        });
        let origin = origin.trim_start_matches("http://").to_owned();
        let (running, address) = Running::start("small host", |told| async move {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let listener = TcpListener::bind(any).await.expect("a free port");
            told.send(listener.local_addr().expect("it listens"));
            tokio::select! {
                ended = example::run(gate, origin, listener) => ended.expect("it serves for ever"),
                () = told.stop() => {}
            }
        });
        Self {
            address,
            swaps,
            _running: running,
        }
    }
}

impl Door for SmallDoor {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn swap(&self, policy: &str, component: &[u8]) {
        serve(&self.swaps, policy, component);
    }

    fn record(&self, _decision: &str) -> Option<Value> {
        None
    }

    fn keeps_records(&self) -> bool {
        false
    }
}
