//! The host under test, on a thread of its own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use signalbox_gate::Secret;
use signalbox_host::PolicySource;
use signalbox_host::config::{Config, CredentialSource, KeySource, UpstreamUrl};
use signalbox_host::{BindError, Exit, Handle, Host, PrivateAddress};
use tokio::sync::oneshot;

use super::{Answer, Ask, Client, Gt};

/// Nothing on loopback takes longer, however busy the machine; a test that waits so long fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A policy with a route of each kind.
pub(crate) const POLICY: &str = r#"
policy: test
about: A route of each kind.
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
  POST /v1/embeddings: {verdict: native, scope: "inference:embed", model: json}
  POST /v1/audio/transcriptions: {verdict: native, scope: "inference:transcribe", model: multipart}
  POST /v1/audio/speech: {verdict: not_supported, because: "The test has no speaker."}
  POST /v1/images/generations: {verdict: gt_extension, because: "Call it at GT."}
  POST /v1/conversations: {verdict: gt_extension, action: forward, scope: none, model: json, because: "Test."}
  POST /v1/conversations/files: {verdict: gt_extension, action: forward, scope: none, because: "Test."}
  POST /v1/datasets/{id}/files: {verdict: gt_extension, action: forward, scope: "datasets:write", because: "Test."}
  GET /v1/files/{id}: {verdict: gt_extension, action: forward, because: "Test."}
models:
  gpt-4o: {published: support-agent}
  gpt-4o-mini: {published: gt-small, for: [chat]}
  embedder: {published: support-agent, for: [embeddings]}
  "free-*": {published: gt-small}
"#;

/// Key names (the token is `token-NAME`) and the rest of their entries.
const KEYS: &[(&str, &str)] = &[
    (
        "all",
        "group: test, purposes: [inference, upload, conversation], models: all, datasets: [briefs], scopes: \
         ['inference:chat', 'inference:embed', 'inference:transcribe', 'inference:speech', 'inference:image', 'datasets:write']",
    ),
    ("chat", "preset: chat-client, models: all"),
    // The guests of the runtime's tests do for this id, and for no other, what they were made for.
    ("evil", "preset: chat-client, models: all"),
    ("mini", "preset: chat-client, models: [gpt-4o-mini]"),
    (
        "published",
        "preset: chat-client, models: all, published: [gt-small]",
    ),
    (
        "upload",
        "group: test, preset: dataset-upload, models: [], datasets: [briefs]",
    ),
    (
        "expired",
        "preset: chat-client, models: all, expires: 2020-01-01T00:00:00Z",
    ),
    ("revoked", "preset: chat-client, models: all, revoked: true"),
    (
        "nowhere",
        "preset: chat-client, models: all, policy: absent",
    ),
    (
        "once",
        "preset: chat-client, models: all, limits: {per_minute: 1}",
    ),
    (
        "single",
        "preset: chat-client, models: all, limits: {concurrent: 1}",
    ),
    (
        "stream",
        "preset: chat-client, models: all, limits: {streams: 1}",
    ),
    (
        "small",
        "preset: chat-client, models: all, limits: {body_mb: 1}",
    ),
];

/// A host being set up.
pub(crate) struct GateBuilder {
    config: Config,
    policies: Vec<(String, Vec<u8>)>,
}

/// A running host.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) authz: Option<PrivateAddress>,
    pub(crate) handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Exit>>,
}

impl Gate {
    /// A host before `gt`, with the test's policy and keys.
    pub(crate) fn before(gt: &Gt) -> Self {
        Self::builder(gt.address).start()
    }

    pub(crate) fn builder(upstream: SocketAddr) -> GateBuilder {
        let url = UpstreamUrl::parse(&format!("http://{upstream}/api/tenant")).unwrap();
        let mut config = Config::new(url, KeySource::Text(keyring()));
        config.listen = Some(([127, 0, 0, 1], 0).into());
        config.workers = std::num::NonZeroUsize::new(1);
        for purpose in ["inference", "upload", "conversation"] {
            let secret = Secret::read(&format!("gtak_{purpose}")).unwrap();
            config
                .upstream
                .credentials
                .insert(purpose.to_owned(), CredentialSource::Given(secret));
        }
        config.times.readiness_off = Duration::from_millis(1).into();
        GateBuilder {
            config,
            policies: vec![("default".to_owned(), component(POLICY))],
        }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends one request on a connection of its own.
    pub(crate) fn send(&self, ask: &Ask) -> Answer {
        self.connect().send(ask)
    }

    /// The bytes of bodies held in memory and on disk.
    pub(crate) fn held(&self) -> (u64, u64) {
        let metrics = self.handle.metrics();
        let held = |place: &str| {
            let start = format!("signalbox_held_bytes{{where=\"{place}\"}} ");
            let mut lines = metrics.lines();
            let value = lines.find_map(|line| line.strip_prefix(&start));
            value.expect("the metric").parse().expect("a number")
        };
        (held("memory"), held("disk"))
    }

    /// Tells the host to stop.
    pub(crate) fn tell_to_stop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until the host has ended.
    pub(crate) fn exit(mut self) -> Exit {
        self.tell_to_stop();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Gate {
    /// A panic of the host's own fails the test it happened in.
    fn drop(&mut self) {
        self.tell_to_stop();
        if let Some(thread) = self.thread.take()
            && !thread::panicking()
        {
            thread.join().unwrap();
        }
    }
}

impl GateBuilder {
    pub(crate) fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn policy(mut self, name: &str, component: Vec<u8>) -> Self {
        self.policies.retain(|(present, _)| present != name);
        self.policies.push((name.to_owned(), component));
        self
    }

    /// The policy comes from a file: nothing is given for its name.
    pub(crate) fn file(mut self, name: &str, path: &Path) -> Self {
        self.policies.retain(|(present, _)| present != name);
        let source = PolicySource::File(path.to_owned());
        self.config.policies.insert(name.to_owned(), source);
        self
    }

    /// Why the host does not start.
    pub(crate) fn refused(self) -> BindError {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(Host::bind(self.config, self.policies))
            .unwrap_err()
    }

    pub(crate) fn start(self) -> Gate {
        let (stop, stopping) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut config = self.config;
                // No test is about how long a drain may take unless it says so.
                if config.times.drain == signalbox_host::config::Times::default().drain {
                    config.times.drain = Duration::from_millis(50).into();
                }
                let host = Host::bind(config, self.policies).await.unwrap();
                let addresses = (host.local_addr(), host.admin_addr(), host.authz_addr());
                tell.send((addresses, host.handle())).unwrap();
                let shutdown = async {
                    let _ = stopping.await;
                };
                host.run(shutdown).await.unwrap()
            })
        });
        let ((address, admin, authz), handle) = told.recv().expect("the host did not start");
        Gate {
            address: address.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0))),
            admin,
            authz,
            handle,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

/// The component of a policy document; each is compiled once in a process.
pub(crate) fn component(document: &str) -> Vec<u8> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Vec<u8>>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap();
    let compile = || {
        let policy = signalbox_policy::read(document).unwrap();
        signalbox_compiler::compile(&policy, document).unwrap()
    };
    compiled
        .entry(document.to_owned())
        .or_insert_with(compile)
        .clone()
}

/// Waits until `condition` holds.
pub(crate) fn within(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if condition() {
            return true;
        }
        thread::yield_now();
    }
    false
}

/// The text of the test's keyring.
pub(crate) fn keyring() -> String {
    let entry = |(name, rest): &(&str, &str)| {
        let digest = Sha256::digest(format!("token-{name}"));
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("  - {{id: {name}, sha256: \"{hex}\", {rest}}}\n")
    };
    format!("keys:\n{}", KEYS.iter().map(entry).collect::<String>())
}
