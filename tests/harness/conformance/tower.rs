//! The door that is the tower layer, between hyper's server and hyper's client, in this process.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde_json::Value;
use signalbox_gate::Peer;
use signalbox_host::config::Config;
use signalbox_runtime::{Runtime, Settings};
use signalbox_swap::Swaps;
use signalbox_tower::{PolicyLayer, Times, TokioRuntime, Upstream};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Handle, task::JoinSet};
use tower_layer::Layer;

use super::{
    Door, Fixture,
    gated::{gate, serve, upstream},
};
use crate::gate::Running;

/// The layer; it ends when this is dropped.
#[derive(Debug)]
pub struct TowerDoor {
    address: SocketAddr,
    swaps: Swaps,
    _running: Running,
    _spool: TempDir,
}

impl TowerDoor {
    /// Starts a server, the layer and a client as a configuration of the host says.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn open(fixture: &Fixture) -> Self {
        let config = Config::parse(fixture.configuration(), &fixture.folder());
        let config = config.expect("the fixture is valid");
        let runtime = Runtime::new(Settings {
            cache: fixture.code(),
            ..Settings::default()
        });
        let runtime = runtime.expect("this machine runs policies");
        let pool = Arc::new(runtime.decision_pool().expect("threads"));
        let swaps = Swaps::new(runtime, Default::default()).expect("no state to read");
        for (name, component) in fixture.policies() {
            serve(&swaps, name, component);
        }
        let (origin, base_path) = upstream(fixture.configuration());
        let spool = tempfile::tempdir().expect("room for a temporary folder");
        let layer = PolicyLayer::new(
            gate(&config, base_path, swaps.clone(), |_| {}),
            Upstream::parse(origin).expect("an origin"),
        )
        .with_times(times(&config))
        .with_decision_pool(pool)
        .with_spool(spool.path());
        let (running, address) = Running::start("tower", |told| async move {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let listener = TcpListener::bind(any).await.expect("a free port");
            told.send(listener.local_addr().expect("it listens"));
            tokio::select! {
                () = accept(listener, layer) => {}
                () = told.stop() => {}
            }
        });
        Self {
            address,
            swaps,
            _running: running,
            _spool: spool,
        }
    }
}

impl Door for TowerDoor {
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

/// Serves every connection, for ever.
async fn accept(listener: TcpListener, layer: PolicyLayer) {
    let layer = layer.with_runtime(TokioRuntime::from(Handle::current()));
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut connections = JoinSet::new();
    loop {
        let Ok((socket, address)) = listener.accept().await else {
            continue;
        };
        let layer = layer.clone().with_peer(move |_| Some(Peer::plain(address)));
        let service = TowerToHyperService::new(layer.layer(client.clone()));
        connections.spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // What goes wrong on a connection ends it.
            drop(server.serve_connection(TokioIo::new(socket), service).await);
        });
        while connections.try_join_next().is_some() {}
    }
}

fn times(config: &Config) -> Times {
    let mut times = Times::default();
    times.body_idle = config.times.body_idle.duration();
    times.body_total = config.times.body_total.duration();
    times.first_byte = config.times.first_byte.duration();
    times.answer_idle = config.times.answer_idle.duration();
    times.models_cache = Duration::from_secs(24 * 60 * 60);
    times
}
