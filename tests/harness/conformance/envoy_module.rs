//! The door that is Envoy with the dynamic module, in a process of its own.

use std::{fs, net::SocketAddr, path::PathBuf};

use serde_json::{Value, json};
use signalbox_host::config::{Config, CredentialSource, KeySource, Size, Span};
use tempfile::TempDir;

use super::{Door, Fixture};
use crate::envoy_module::{Envoy, SWAPS};

/// Envoy; it ends when this is dropped.
#[derive(Debug)]
pub struct EnvoyDoor {
    envoy: Envoy,
    policies: TempDir,
}

impl EnvoyDoor {
    /// Starts a version of Envoy as a configuration of the host says.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn open(version: &str, fixture: &Fixture) -> Self {
        let config = Config::parse(fixture.configuration(), &fixture.folder());
        let config = config.expect("the fixture is valid");
        let policies = tempfile::tempdir().expect("room for a temporary folder");
        let at = |name: &str| policies.path().join(name);
        for (name, component) in fixture.policies() {
            fs::write(at(name), component).expect("room for a policy");
        }
        let files = fixture
            .policies()
            .iter()
            .map(|(name, _)| (name.clone(), at(name)));
        let filter = filter(&config, files.collect());
        let gt = config.upstream.urls[0].origin.to_string();
        let gt = gt
            .trim_start_matches("http://")
            .parse()
            .expect("GT's address");
        Self {
            envoy: Envoy::start(version, gt, &filter),
            policies,
        }
    }
}

impl Door for EnvoyDoor {
    fn address(&self) -> SocketAddr {
        self.envoy.address()
    }

    fn swap(&self, policy: &str, component: &[u8]) {
        let done = self.envoy.counter(SWAPS);
        let (file, next) = (
            self.policies.path().join(policy),
            self.policies.path().join("next"),
        );
        if fs::read(&file).is_ok_and(|serves| serves == component) {
            return;
        }
        fs::write(&next, component).expect("room for a policy");
        fs::rename(next, file).expect("the policy is put in place");
        self.envoy.wait_for_counter(SWAPS, done + 1);
    }

    fn record(&self, _decision: &str) -> Option<Value> {
        None
    }

    fn keeps_records(&self) -> bool {
        false
    }
}

/// What the filter is told where the host is told this.
fn filter(config: &Config, policies: Vec<(String, PathBuf)>) -> Value {
    let KeySource::File(keys) = &config.keys else {
        panic!("the keyring is a file");
    };
    let policies: serde_json::Map<_, _> = policies
        .into_iter()
        .map(|(name, path)| (name, json!(path)))
        .collect();
    let credentials = config.upstream.credentials.iter().map(|(name, source)| {
        let CredentialSource::File(path) = source else {
            panic!("GT's keys are files");
        };
        (name.clone(), json!({"file": path}))
    });
    let credentials: serde_json::Map<_, _> = credentials.collect();
    let (limits, times) = (&config.limits, &config.times);
    json!({
        "upstream": {"url": config.upstream.urls[0].to_string(), "credentials": credentials},
        "policies": policies,
        "keys": keys,
        "swap": {"interval": "10ms"},
        "limits": {
            "requests": limits.requests,
            "head": size(limits.head),
            "json_body": size(limits.json_body),
            "upload_body": size(limits.upload_body),
            "multipart_memory": size(limits.multipart_memory),
            "held_memory": size(limits.held_memory),
        },
        "times": {
            "body_idle": span(times.body_idle),
            "body_total": span(times.body_total),
            "first_byte": span(times.first_byte),
            "answer_idle": span(times.answer_idle),
            "models_cache": span(times.models_cache),
        },
        "answer_headers": {
            "decision": config.answer_headers.decision,
            "policy": config.answer_headers.policy,
        },
        "forwarded": {
            "trust": config.forwarded.trust.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "send": match config.forwarded.send {
                signalbox_gate::Announce::Nothing => "none",
                signalbox_gate::Announce::XForwarded => "x-forwarded",
                signalbox_gate::Announce::Forwarded => "forwarded",
            },
        },
        "host_names": config.host_names,
    })
}

fn size(size: Size) -> String {
    format!("{}B", size.bytes())
}

fn span(span: Span) -> String {
    format!("{}ms", span.duration().as_millis())
}
