//! The door that is the tower layer, between hyper's server and hyper's client, in this process.

use std::{fs, net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde_json::Value;
use signalbox_gate::{
    Authenticator, Budget, Capacity, ConcurrencyLimit, Credentials, Gate, LiveKeyring, Peer,
    Secret, Settings, SystemClock, keyring::Keyring,
};
use signalbox_host::config::{Config, CredentialSource, KeySource};
use signalbox_runtime::Runtime;
use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};
use signalbox_tower::{PolicyLayer, Times, TokioRuntime, Upstream};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Handle, task::JoinSet};
use tower_layer::Layer;

use super::{Door, Fixture};
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
        let runtime = Runtime::new(Default::default()).expect("this machine runs policies");
        let pool = Arc::new(runtime.decision_pool().expect("threads"));
        let swaps = Swaps::new(runtime, Default::default()).expect("no state to read");
        for (name, component) in fixture.policies() {
            serve(&swaps, name, component);
        }
        let (origin, base_path) = upstream(fixture.configuration());
        let spool = tempfile::tempdir().expect("room for a temporary folder");
        let layer = PolicyLayer::new(
            gate(&config, base_path, swaps.clone()),
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

fn serve(swaps: &Swaps, name: &str, component: &[u8]) {
    let actor = Actor::new(Trigger::Embedder, "the suite");
    let order = Order::serve(Candidate::new(name, component.to_vec()), actor);
    let swapped = swaps.swap(order, &mut |_| {}).into_result();
    swapped.expect("the policy is swapped");
}

/// GT without its path, and its path.
fn upstream(configuration: &str) -> (&str, &str) {
    let (_, url) = configuration.split_once("url: \"").expect("one upstream");
    let (url, _) = url.split_once('"').expect("a quoted URL");
    let after_scheme = url.find("://").expect("a scheme") + 3;
    let path = url[after_scheme..].find('/').expect("a path");
    url.split_at(after_scheme + path)
}

fn gate(config: &Config, base_path: &str, swaps: Swaps) -> Arc<Gate> {
    let limits = &config.limits;
    let mut settings = Settings::at(base_path);
    settings.own_hosts = config.own_hosts();
    settings.largest_head = limits.head.bytes();
    settings.json_body = limits.json_body.bytes();
    settings.upload_body = limits.upload_body.bytes();
    settings.multipart_memory = limits.multipart_memory.bytes();
    settings.multipart_disk = limits.multipart_disk.bytes();
    settings.forwarded = config.forwarded.clone();
    settings.decision_header = config.answer_headers.decision;
    settings.policy_header = config.answer_headers.policy;
    let capacity = Capacity {
        memory: Budget::new(limits.held_memory.bytes()),
        disk: Budget::new(limits.held_disk.bytes()),
        requests: ConcurrencyLimit::new(limits.requests),
    };
    let KeySource::File(keys) = &config.keys else {
        panic!("the keyring is a file");
    };
    let keys = fs::read_to_string(keys).expect("the keyring");
    let keyring = LiveKeyring::new(Keyring::parse(&keys).expect("a valid keyring"));
    let gt_keys = config.upstream.credentials.iter().map(|(name, source)| {
        let CredentialSource::File(path) = source else {
            panic!("GT's keys are files");
        };
        let secret = fs::read_to_string(path).expect("a GT key");
        (name.clone(), Secret::read(&secret).expect("a GT key"))
    });
    Gate::new(
        settings,
        capacity,
        Arc::new(Authenticator::new(Arc::new(keyring), None)),
        Arc::new(Credentials::from_iter(gt_keys)),
        swaps,
        Arc::new(SystemClock),
    )
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
