//! The door that is Pingora: the example in `examples/pingora`, in a process of its own.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use signalbox_gate::{Announce, ForwardedHeader, ForwardedSettings};
use signalbox_host::config::{Config, CredentialSource, KeySource};
use signalbox_runtime::Digest;
use tempfile::TempDir;

use super::{Door, Fixture};
use crate::{
    command::target,
    process::Program,
    proxy::{Port, Proxy},
    wait_for,
};

/// The proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct PingoraDoor {
    proxy: Proxy,
    /// Where its policies lie.
    folder: TempDir,
}

impl PingoraDoor {
    /// Starts the proxy as a configuration of the host says.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn open(fixture: &Fixture) -> Self {
        let program = target().join("debug/examples/pingora_proxy");
        assert!(
            program.exists(),
            "`cargo xtask test --only pingora` builds it"
        );
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        let port = Port::free();
        let configuration = configuration(fixture, folder.path(), port.address());
        let file = folder.path().join("config.json");
        fs::write(&file, configuration.to_string()).expect("room for a file");
        let proxy = Proxy::start(Program::new(program).arg(&file), port);
        Self { proxy, folder }
    }
}

impl Door for PingoraDoor {
    fn address(&self) -> SocketAddr {
        self.proxy.address()
    }

    fn swap(&self, policy: &str, component: &[u8]) {
        let serves = format!("serving {policy} ");
        let swaps = || {
            let printed = self.proxy.process().stdout();
            let lines = printed.lines().filter(|line| line.starts_with(&serves));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let before = swaps().len();
        place(self.folder.path(), policy, component);
        let swapped = wait_for("the policy to be swapped", || swaps().get(before).cloned());
        assert_eq!(swapped, format!("{serves}{}", Digest::of(component)));
    }

    fn record(&self, _decision: &str) -> Option<Value> {
        None
    }

    fn keeps_records(&self) -> bool {
        false
    }
}

/// Puts a component where the proxy looks for it, in one go.
fn place(folder: &Path, policy: &str, component: &[u8]) -> PathBuf {
    let (new, path) = (
        folder.join(format!("{policy}.new")),
        folder.join(format!("{policy}.wasm")),
    );
    fs::write(&new, component).expect("room for a component");
    fs::rename(&new, &path).expect("a component is replaced");
    path
}

/// What the example reads.
fn configuration(fixture: &Fixture, folder: &Path, listen: SocketAddr) -> Value {
    let config = Config::parse(fixture.configuration(), &fixture.folder());
    let config = config.expect("the fixture is valid");
    let (origin, path) = super::gated::upstream(fixture.configuration());
    let KeySource::File(keys) = &config.keys else {
        panic!("the keyring is a file");
    };
    let gt_keys = config.upstream.credentials.iter().map(|(name, source)| {
        let CredentialSource::File(path) = source else {
            panic!("GT's keys are files");
        };
        (name.clone(), path.clone())
    });
    let policies = fixture.policies().iter();
    let policies = policies.map(|(name, bytes)| (name.clone(), place(folder, name, bytes)));
    let (limits, times) = (&config.limits, &config.times);
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    json!({
        "listen": listen.to_string(),
        "gt": origin.trim_start_matches("http://"),
        "gt_path": path,
        "keys": keys,
        "gt_keys": gt_keys.collect::<BTreeMap<_, _>>(),
        "policies": policies.collect::<BTreeMap<_, _>>(),
        "limits": {
            "head": limits.head.bytes(),
            "json_body": limits.json_body.bytes(),
            "upload_body": limits.upload_body.bytes(),
            "multipart_disk": limits.multipart_disk.bytes(),
            "held_memory": limits.held_memory.bytes(),
        },
        "times": {
            "body_idle": millis(times.body_idle.duration()),
            "body_total": millis(times.body_total.duration()),
            "gt_idle": millis(times.first_byte.duration().min(times.answer_idle.duration())),
            "models_cache": 24 * 60 * 60 * 1_000,
        },
        "forwarded": forwarded(&config.forwarded),
        "decision_header": config.answer_headers.decision,
        "policy_header": config.answer_headers.policy,
    })
}

fn forwarded(settings: &ForwardedSettings) -> Value {
    json!({
        "trust": settings.trust.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "read": match settings.read {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        },
        "send": match settings.send {
            Announce::Nothing => "none",
            Announce::XForwarded => "x-forwarded",
            Announce::Forwarded => "forwarded",
        },
    })
}
