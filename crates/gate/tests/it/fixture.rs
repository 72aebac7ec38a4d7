//! A gate with a policy of every kind of route, keys, and a clock that is told to go on.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::Request;
use http::request::Parts;
use jiff::Timestamp;
use signalbox_gate::{
    Authenticator, Capacity, Clock, Credentials, Digest, Gate, LiveKeyring, Secret, Settings,
    keyring::Keyring,
};
use signalbox_runtime::{Allocation, Runtime};
use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};

/// A policy with a route of each kind.
pub(crate) const POLICY: &str = r#"
policy: test
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
  POST /v1/embeddings: {verdict: native, scope: "inference:embed", model: json}
  POST /v1/audio/transcriptions: {verdict: native, scope: "inference:transcribe", model: multipart}
  POST /v1/audio/speech: {verdict: not_supported, because: "The test has no speaker."}
  POST /v1/images/generations: {verdict: gt_extension, because: "Call it at GT."}
  POST /v1/conversations/files: {verdict: gt_extension, action: forward, scope: none, because: "Test."}
  POST /v1/datasets/{id}/files: {verdict: gt_extension, action: forward, scope: "datasets:write", because: "Test."}
  GET /v1/files/{id}: {verdict: gt_extension, action: forward, query: [include], headers: [x-team], because: "Test."}
models:
  gpt-4o: {published: support-agent}
  embedder: {published: gt-embed, for: [embeddings]}
"#;

/// Key names (the token is `token-NAME`) and the rest of their entries.
const KEYS: &[(&str, &str)] = &[
    (
        "all",
        "group: t, purposes: [inference, upload, conversation], models: all, datasets: [briefs], \
         scopes: ['inference:chat', 'inference:embed', 'inference:transcribe', 'datasets:write']",
    ),
    ("chat", "preset: chat-client, models: all"),
    (
        "upload",
        "group: t, preset: dataset-upload, models: [], datasets: [briefs]",
    ),
    (
        "wrong-purpose",
        "group: t, purposes: [upload], scopes: [], models: [], datasets: []",
    ),
    (
        "no-upload",
        "group: t, purposes: [inference], scopes: [], models: [], datasets: []",
    ),
    (
        "no-scope",
        "group: t, purposes: [inference, upload], scopes: [], models: [], datasets: []",
    ),
    (
        "scopeless",
        "group: t, purposes: [inference], scopes: [], models: all",
    ),
    (
        "uploader",
        "group: t, purposes: [upload], scopes: ['inference:chat'], models: all",
    ),
    (
        "inferring",
        "group: t, purposes: [inference], models: all, scopes: ['inference:chat', 'inference:embed']",
    ),
    (
        "no-dataset",
        "group: t, purposes: [inference, upload], models: [], datasets: [], \
         scopes: ['inference:chat', 'datasets:write']",
    ),
    (
        "spent",
        "group: t, purposes: [inference, upload, conversation], models: all, datasets: [briefs], \
         scopes: ['inference:chat', 'inference:embed', 'datasets:write'], limits: {per_minute: 1}",
    ),
    ("revoked", "preset: chat-client, models: all, revoked: true"),
    (
        "brief",
        "preset: chat-client, models: all, expires: 1970-01-01T01:00:00Z",
    ),
    ("absent", "preset: chat-client, models: all, policy: absent"),
    (
        "once",
        "preset: chat-client, models: all, limits: {per_minute: 1}",
    ),
    (
        "stream",
        "preset: chat-client, models: all, limits: {streams: 1}",
    ),
];

/// A clock that goes on when it is told to.
#[derive(Debug)]
pub(crate) struct TestClock(Mutex<Duration>, Instant);

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::default(), Instant::now())
    }
}

impl TestClock {
    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for TestClock {
    fn monotonic(&self) -> Instant {
        self.1 + *self.0.lock().unwrap()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + *self.0.lock().unwrap()
    }
}

/// A gate before `/api/tenant`, whose GT keys are `gtak_` and the purpose.
pub(crate) fn gate(
    clock: &Arc<TestClock>,
    engine: Engine,
    set: impl FnOnce(&mut Settings, &mut Capacity),
) -> Arc<Gate> {
    gate_of(POLICY, clock, engine, set)
}

/// The same with another policy.
pub(crate) fn gate_of(
    policy: &str,
    clock: &Arc<TestClock>,
    engine: Engine,
    set: impl FnOnce(&mut Settings, &mut Capacity),
) -> Arc<Gate> {
    let settings = signalbox_runtime::Settings {
        workers: 1,
        decision_threads: 1,
        allocation: Allocation::OnDemand,
        ..Default::default()
    };
    let runtime = Runtime::new(settings).unwrap();
    let swaps = Swaps::new(runtime, Default::default()).unwrap();
    swap(&swaps, policy, engine);
    let keyring = Arc::new(LiveKeyring::new(Keyring::parse(&keys()).unwrap()));
    let (mut settings, mut capacity) = (Settings::at("/api/tenant"), Capacity::default());
    set(&mut settings, &mut capacity);
    Gate::new(
        settings,
        capacity,
        Arc::new(Authenticator::new(keyring, None)),
        Arc::new(credentials()),
        swaps,
        Arc::clone(clock) as Arc<dyn Clock>,
    )
}

/// The file of all keys.
pub(crate) fn keys() -> String {
    let mut keys = "keys:\n".to_owned();
    for (id, rest) in KEYS {
        let sha256 = Digest::of(&format!("token-{id}"));
        keys.push_str(&format!("  - {{id: {id}, sha256: '{sha256}', {rest}}}\n"));
    }
    keys
}

/// GT's keys, `gtak_` and the purpose.
pub(crate) fn credentials() -> Credentials {
    let secret = |name: &str| Secret::read(&format!("gtak_{name}")).unwrap();
    let names = ["inference", "upload", "conversation"];
    Credentials::from_iter(names.map(|name| (name.to_owned(), secret(name))))
}

/// What decides: a policy is asked right here, or the door has to ask it where it may block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Known,
    /// The same with a word changed: its code is that of a stranger.
    Unknown,
}

/// Puts a policy into service.
pub(crate) fn swap(swaps: &Swaps, document: &str, engine: Engine) {
    let policy = signalbox_policy::read(document).unwrap();
    let mut component = signalbox_compiler::compile(&policy, document).unwrap();
    if let Engine::Unknown = engine {
        let (text, other) = (b"Use a key that has it.", b"Use a key that HAS it.");
        let mut places = component.windows(text.len());
        let at = places.position(|bytes| bytes == text).unwrap();
        component[at..at + text.len()].copy_from_slice(other);
    }
    let actor = Actor::new(Trigger::Embedder, "a test");
    let order = Order::serve(Candidate::new("default", component), actor);
    swaps.swap(order, &mut |_| {}).into_result().unwrap();
}

/// A head, with the key `token-all` unless `headers` have another.
pub(crate) fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    let has = |name: &str| headers.iter().any(|(other, _)| *other == name);
    if !has("authorization") {
        request = request.header("authorization", "Bearer token-all");
    }
    if !has("host") {
        request = request.header("host", "gate.example");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}
