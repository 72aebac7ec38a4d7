//! Tests of the admin listener, over loopback, with real components and real swaps.

mod access;
mod acts;
mod connections;
mod doors;
mod explain;
mod many;
mod refusals;
mod registry;
mod swaps;
mod uploads;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;
use signalbox_runtime::Runtime;
use signalbox_swap::{Candidate, Serving, Settings, Source};

use super::*;
use crate::config::{RecordSettings, RegistrySettings};
use crate::observe::health::{Health, Phase};
use crate::observe::metrics::Metrics;
use crate::observe::record::{Conclusion, DecisionLog, Entry, Facts};
use crate::observe::status::PolicyStatus;
use crate::policy_sources::registries::Registries;
use signalbox_gate::Budget;
use signalbox_gate::Digest;
use signalbox_gate::keyring::Keyring;

struct Everything {
    health: Health,
    metrics: Arc<Metrics>,
    records: DecisionLog,
    swaps: Swaps,
    keys: Keyring,
    registries: Registries,
}

impl Overview for Everything {
    fn readiness(&self) -> Readiness {
        self.health.readiness()
    }
    fn status(&self) -> Status {
        let Readiness {
            status, reasons, ..
        } = self.readiness();
        let overview = self.swaps.overview();
        Status {
            version: "1.2.3",
            started: jiff::Timestamp::UNIX_EPOCH,
            uptime_seconds: 5,
            status,
            reasons,
            policies: overview.iter().filter_map(PolicyStatus::of).collect(),
            idle: Vec::new(),
            jwt: Vec::new(),
            keys: self.keys.len(),
            keyring_sha256: String::new(),
            warnings: Vec::new(),
            upstreams: Vec::new(),
            credentials: vec!["inference".to_owned()],
        }
    }
    fn metrics(&self) -> String {
        self.metrics.render(&[], false)
    }
    fn decision(&self, id: DecisionId) -> Option<Value> {
        self.records.find(id)
    }
    fn swaps(&self) -> &Swaps {
        &self.swaps
    }
    fn key(&self, id: &str) -> Option<Arc<Key>> {
        self.keys.key(id).map(Arc::clone)
    }
    fn pull<'a>(
        &'a self,
        reference: &'a Reference,
    ) -> Pin<Box<dyn Future<Output = Result<Pulled, Failure>> + Send + 'a>> {
        Box::pin(self.registries.pull(reference))
    }
    fn certificates(&self, _: &Result<(), TlsError>) {}
}

/// The listener without any policy.
fn start(config: AdminConfig) -> (AdminThread, Arc<Everything>) {
    start_with(config, &[], &RegistrySettings::default())
}

/// The listener with `policy("one")` under these names.
fn serving(names: &[&str]) -> (AdminThread, Arc<Everything>) {
    start_with(config(), names, &RegistrySettings::default())
}

fn start_with(
    config: AdminConfig,
    names: &[&str],
    registry: &RegistrySettings,
) -> (AdminThread, Arc<Everything>) {
    let (memory, disk) = (Budget::new(1), Budget::new(1));
    let runtime = Runtime::new(signalbox_runtime::Settings::default()).unwrap();
    let everything = Arc::new(Everything {
        health: Health::default(),
        metrics: Metrics::new(&memory, &disk, 0),
        records: DecisionLog::new(&RecordSettings::default()),
        swaps: Swaps::new(runtime, Settings::default()).unwrap(),
        keys: Keyring::parse(KEYS).unwrap(),
        registries: Registries::new(registry, &BTreeMap::new()).unwrap(),
    });
    let source = |name: &&str| Source {
        name: (*name).to_owned(),
        from: "a test".to_owned(),
        source: None,
        candidate: Ok(candidate(name, policy("one"))),
    };
    let started = everything
        .swaps
        .start(names.iter().map(source).collect(), &mut |_| {});
    assert!(started.iter().all(|one| one.serving == Serving::Source));
    let overview: Arc<dyn Overview> = Arc::clone(&everything) as Arc<dyn Overview>;
    (
        Admin::bind(config).unwrap().start(overview).unwrap(),
        everything,
    )
}

fn candidate(name: &str, component: Vec<u8>) -> Candidate {
    Candidate {
        name: name.to_owned(),
        component,
        digest: None,
        statement: None,
        source: None,
        cases: None,
    }
}

/// A policy that publishes `gpt-4o` under this name; each name makes another component.
fn policy(published: &str) -> Vec<u8> {
    compile(&document(published))
}

fn document(published: &str) -> String {
    format!(
        "policy: test\nversion: \"{published}\"\nroutes:\n  GET /v1/models: {{verdict: native}}\n  \
         POST /v1/chat/completions: {{verdict: native, scope: \"inference:chat\", model: json}}\n\
         models:\n  gpt-4o: {{published: {published}}}\n"
    )
}

fn compile(document: &str) -> Vec<u8> {
    let policy = signalbox_policy::read(document).unwrap();
    signalbox_compiler::compile(&policy, document).unwrap()
}

fn digest(component: &[u8]) -> String {
    signalbox_runtime::Digest::of(component).to_string()
}

fn config() -> AdminConfig {
    AdminConfig {
        hosts: vec!["ops.example".to_owned()],
        operate_token: Some(Digest::of("operate")),
        view_token: Some(Digest::of("view")),
        ..AdminConfig::new(([127, 0, 0, 1], 0).into())
    }
}

/// Sends one request as it is written; gives the status and everything else.
fn ask(admin: &AdminThread, request: impl AsRef<[u8]>) -> (u16, String) {
    let mut stream = TcpStream::connect(admin.local_addr()).unwrap();
    stream.write_all(request.as_ref()).unwrap();
    answer_of(stream)
}

fn answer_of(mut stream: TcpStream) -> (u16, String) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text)
}

fn get(admin: &AdminThread, path: &str, headers: &str) -> (u16, String) {
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\n\r\n");
    ask(admin, &head)
}

/// The head of a `POST` with a body of this length.
fn head(path: &str, headers: &str, length: usize) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\
         connection: close\r\n\r\n"
    )
    .into_bytes()
}

fn post(admin: &AdminThread, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut request = head(path, headers, body.len());
    request.extend_from_slice(body);
    ask(admin, request)
}

/// Swaps with the operate token; the query is all after `?`.
fn swap(admin: &AdminThread, query: &str, component: &[u8]) -> (u16, Value) {
    let headers = format!("{OPERATE}{WASM}");
    let (status, text) = post(admin, &format!("/swaps?{query}"), &headers, component);
    (status, json(&text))
}

/// Acts with the operate token and a JSON body.
fn act(admin: &AdminThread, path: &str, body: &Value) -> (u16, Value) {
    let headers = format!("{OPERATE}{JSON}");
    let (status, text) = post(admin, path, &headers, body.to_string().as_bytes());
    (status, json(&text))
}

/// Looks with the view token.
fn look(admin: &AdminThread, path: &str) -> Value {
    let (status, text) = get(admin, path, VIEW);
    assert_eq!(status, 200, "{path}: {text}");
    json(&text)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn code(text: &str) -> String {
    json(text)["error"]["code"].as_str().unwrap().to_owned()
}

/// The generation that serves `default`, and its digest.
fn live(everything: &Everything) -> (u64, String) {
    let policies = everything.swaps.slot().load();
    let live = policies.get("default").unwrap().live();
    (live.number(), live.digest().to_string())
}

const VIEW: &str = "authorization: Bearer view\r\n";
const OPERATE: &str = "authorization: Bearer operate\r\n";
const WASM: &str = "content-type: application/wasm\r\n";
const JSON: &str = "content-type: application/json\r\n";

const KEYS: &str = "
keys:
  - {id: chat, sha256: \"1111111111111111111111111111111111111111111111111111111111111111\", preset: chat-client, models: all}
  - {id: other, sha256: \"2222222222222222222222222222222222222222222222222222222222222222\", preset: chat-client, models: [o1], policy: second}
  - {id: gone, sha256: \"3333333333333333333333333333333333333333333333333333333333333333\", preset: chat-client, models: all, revoked: true}
";
