//! Policies from a registry, which is a few lines of script here; a real one is asked end to end.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};
use signalbox_host::PolicySource;
use signalbox_swap::{Outcome, Step, Trigger};

use crate::harness::{Ask, Gate, GateBuilder, Gt, POLICY, component, within};
use crate::policies::stricter;
use crate::swaps::overview;

/// A registry with one tag.
#[derive(Clone)]
struct Registry {
    address: SocketAddr,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

impl Registry {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let registry = Self {
            address: listener.local_addr().unwrap(),
            files: Arc::default(),
            asked: Arc::default(),
        };
        let serving = registry.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                serving.answer(&socket.unwrap());
            }
        });
        registry
    }

    /// Moves the tag.
    fn push(&self, component: &[u8]) {
        let config = digest(b"{}");
        let layer = digest(component);
        let size = component.len();
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{config}","size":2}},
            "layers":[{{"mediaType":"application/wasm","digest":"{layer}","size":{size}}}]}}"#
        );
        let mut files = self.files.lock().unwrap();
        files.insert(format!("/v2/gate/blobs/{layer}"), component.to_vec());
        files.insert("/v2/gate/manifests/live".to_owned(), manifest.into());
    }

    /// Answers nothing any more, until something is pushed.
    fn forget(&self) {
        self.files.lock().unwrap().clear();
    }

    /// How often something was asked for.
    fn asked(&self, what: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|line| line.contains(what)).count()
    }

    fn answer(&self, mut socket: &TcpStream) {
        let mut line = String::new();
        let mut reader = BufReader::new(socket);
        reader.read_line(&mut line).unwrap();
        let mut header = String::new();
        while reader.read_line(&mut header).unwrap() > 2 {
            header.clear();
        }
        self.asked.lock().unwrap().push(line.clone());
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let body = self.files.lock().unwrap().get(path).cloned();
        let (status, kind) = match body {
            Some(_) => ("200 OK", "application/vnd.oci.image.manifest.v1+json"),
            None => ("404 Not Found", "text/plain"),
        };
        let body = body.unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
             docker-content-digest: {}\r\nconnection: close\r\n\r\n",
            body.len(),
            digest(&body)
        );
        // Whoever has heard enough may be gone.
        let _ = socket.write_all(head.as_bytes());
        if method != "HEAD" {
            let _ = socket.write_all(&body);
        }
    }

    fn gate(&self, gt: &Gt, interval: Duration) -> GateBuilder {
        let reference = format!("oci://{}/gate:live", self.address);
        let source = PolicySource::Registry(reference.parse().unwrap());
        Gate::builder(gt.address)
            .file("default", "unused".as_ref())
            .config(|config| {
                config.policies.insert("default".to_owned(), source);
                config.registry.interval = interval.into();
                config.registry.plaintext = vec![self.address.to_string()];
            })
    }
}

const OFTEN: Duration = Duration::from_millis(20);
/// So long that nobody sees the end of it.
const SELDOM: Duration = Duration::from_secs(24 * 3_600);

fn generation(gate: &Gate) -> u64 {
    overview(gate).live.map_or(0, |live| live.generation)
}

fn is_degraded(gate: &Gate) -> bool {
    gate.handle.status().status == "degraded"
}

/// The doors and steps of what failed, the newest first.
fn failures(gate: &Gate) -> Vec<(Trigger, Step)> {
    let history = gate.handle.swaps().history().into_iter();
    history
        .filter_map(|entry| match entry.outcome {
            Outcome::Failed(failure) => Some((entry.actor.way, failure.step)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_tag_that_moves_is_followed() {
    let (gt, registry) = (Gt::chatty(), Registry::start());
    registry.push(&component(POLICY));
    let gate = registry.gate(&gt, OFTEN).start();
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    registry.push(&stricter());
    assert!(within(|| generation(&gate) == 2));
    assert_eq!(
        gate.handle.swaps().history()[0].actor.way,
        Trigger::Registry
    );
    assert_eq!(
        gate.send(&Ask::chat("gpt-4o")).refusal().1,
        "route_not_supported"
    );
    let looks = registry.asked("HEAD");
    assert!(within(|| registry.asked("HEAD") > looks + 3));
    assert_eq!(
        registry.asked("/blobs/"),
        2,
        "what stays is not pulled again"
    );
}

#[test]
fn what_does_not_pass_is_not_pulled_again_until_the_tag_moves() {
    let (gt, registry) = (Gt::chatty(), Registry::start());
    registry.push(&component(POLICY));
    let gate = registry.gate(&gt, OFTEN).start();
    registry.push(b"no component");
    assert!(within(|| is_degraded(&gate)));
    let looks = registry.asked("HEAD");
    assert!(within(|| registry.asked("HEAD") > looks + 3));
    assert_eq!(failures(&gate), [(Trigger::Registry, Step::Read)]);
    assert_eq!(registry.asked("/blobs/"), 2);
    gate.handle.reload();
    assert!(
        within(|| failures(&gate).len() == 2),
        "SIGHUP tries it again"
    );
    assert_eq!(failures(&gate)[0].0, Trigger::Signal);
    registry.push(&stricter());
    assert!(within(|| generation(&gate) == 2 && !is_degraded(&gate)));
}

#[test]
fn a_registry_that_does_not_answer_is_in_the_history_once_and_in_readiness_until_it_does() {
    let (gt, registry) = (Gt::chatty(), Registry::start());
    registry.push(&component(POLICY));
    let gate = registry.gate(&gt, OFTEN).start();
    registry.forget();
    assert!(within(|| is_degraded(&gate)));
    let looks = registry.asked("HEAD");
    assert!(within(|| registry.asked("HEAD") > looks + 3));
    assert_eq!(failures(&gate), [(Trigger::Registry, Step::Receive)]);
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    registry.push(&component(POLICY));
    assert!(within(|| !is_degraded(&gate)));
    assert_eq!(generation(&gate), 1, "it is what it was");
}

#[test]
fn a_reload_looks_at_once() {
    let (gt, registry) = (Gt::chatty(), Registry::start());
    registry.push(&component(POLICY));
    let gate = registry.gate(&gt, SELDOM).start();
    assert!(within(|| gate.handle.status().status == "ready"));
    registry.push(&stricter());
    assert!(within(|| {
        // The follower may not have begun to listen when the host has just started.
        gate.handle.reload();
        generation(&gate) == 2
    }));
}

#[test]
fn a_host_that_remembers_starts_without_its_registry() {
    let (gt, registry) = (Gt::chatty(), Registry::start());
    let state = tempfile::tempdir().unwrap();
    let start = || {
        registry
            .gate(&gt, OFTEN)
            .config(|config| config.state = Some(state.path().join("state")))
            .start()
    };
    registry.push(&component(POLICY));
    start().exit();
    registry.forget();
    let gate = start();
    assert!(within(|| is_degraded(&gate)));
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    registry.push(&stricter());
    assert!(within(|| gate.handle.status().status == "ready"));
    assert_eq!(
        gate.send(&Ask::chat("gpt-4o")).refusal().1,
        "route_not_supported"
    );
}

#[test]
fn a_host_that_remembers_nothing_does_not_start_without_its_registry() {
    let registry = Registry::start();
    let refused = registry.gate(&Gt::chatty(), OFTEN).refused();
    let signalbox_host::BindError::Policy { name, cause } = refused else {
        panic!("{refused}")
    };
    assert_eq!((&*name, cause.step), ("default", Step::Receive));
}
