//! Signed statements: a component that nobody vouches for, or somebody who may not, or who no
//! longer does, is refused at the step `signature`; nothing changes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use signalbox_harness::{
    gate::{DEMO, Gate, Setup},
    http::Ask,
    operator::Upload,
    policies::{component, runbook},
    served::Place,
    steady::Steady,
};
use signalbox_runtime::Digest;
use signalbox_swap::{SigningKey, Statement, Step, sign};

/// Whoever signs here; the keys are made of one byte each, so that they are the same in every run.
fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

const OPS: u8 = 1;
const OTHERS: u8 = 2;
const STRANGER: u8 = 3;

fn signers(required: bool) -> String {
    let public = |byte| STANDARD.encode(key(byte).verifying_key().to_bytes());
    format!(
        "signatures:\n  required: {required}\n  signers:\n    \
         ops: {{key: \"{}\", policies: [litellm]}}\n    others: {{key: \"{}\", policies: [full]}}\n",
        public(OPS),
        public(OTHERS)
    )
}

fn gate(required: bool) -> Gate {
    Setup::new()
        .policy("litellm", &component(&runbook("litellm")))
        .key(
            "demo",
            DEMO,
            "policy: litellm, preset: chat-embeddings, models: all",
        )
        .config(&signers(required))
        .start()
}

/// What a statement says, before it is signed.
#[derive(Clone)]
struct Says {
    digest: Digest,
    policy: &'static str,
    serial: u64,
    hours: i64,
    environment: Option<&'static str>,
}

impl Says {
    fn of(component: &[u8]) -> Self {
        Self {
            digest: Digest::of(component),
            policy: "litellm",
            serial: 10,
            hours: 1,
            environment: None,
        }
    }

    fn signed_by(&self, byte: u8) -> Vec<u8> {
        let not_after = Timestamp::now() + SignedDuration::from_hours(self.hours);
        let statement = Statement {
            digest: self.digest,
            policy: self.policy.to_owned(),
            serial: self.serial,
            not_after,
            environments: self.environment.map(|name| [name.to_owned()].into()),
        };
        sign(&key(byte), "ops", &statement)
    }
}

#[test]
fn only_a_statement_that_holds_lets_a_component_serve() {
    let gate = gate(false);
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;
    let client = Steady::start(&gate, Ask::json("/v1/chat/completions", body).key(DEMO));
    let good = component(&runbook("litellm"));
    let upload = |envelope: &[u8]| {
        gate.upload(&Upload::new("litellm", &good).statement(&STANDARD.encode(envelope)))
    };
    let says = Says::of(&good);
    let first = upload(&says.signed_by(OPS)).generation();

    let changed = {
        let text = String::from_utf8(says.signed_by(OPS)).expect("JSON");
        let other = String::from_utf8(
            Says {
                serial: 11,
                ..says.clone()
            }
            .signed_by(OPS),
        );
        let payload = |text: &str| text.split('"').nth(3).expect("a payload").to_owned();
        text.replace(&payload(&text), &payload(&other.expect("JSON")))
    };
    let rows: Vec<(&str, Vec<u8>, &str)> = vec![
        ("no envelope", b"{}".to_vec(), ""),
        (
            "signed by a stranger",
            says.signed_by(STRANGER),
            "nobody known",
        ),
        (
            "signed by one who may not",
            says.signed_by(OTHERS),
            "may not sign",
        ),
        (
            "changed after it was signed",
            changed.into_bytes(),
            "nobody known",
        ),
        (
            "about another component",
            Says {
                digest: Digest::of(b"other"),
                ..says.clone()
            }
            .signed_by(OPS),
            "",
        ),
        (
            "about another policy",
            Says {
                policy: "full",
                ..says.clone()
            }
            .signed_by(OPS),
            "full",
        ),
        (
            "expired",
            Says {
                hours: -1,
                ..says.clone()
            }
            .signed_by(OPS),
            "",
        ),
        (
            "of a lower serial",
            Says {
                serial: 9,
                ..says.clone()
            }
            .signed_by(OPS),
            "serial",
        ),
    ];
    for (name, envelope, what) in rows {
        let done = upload(&envelope);
        let failure = done.failure();
        assert_eq!(
            (done.status, failure.step),
            (422, Step::Signature),
            "{name}: {failure:?}"
        );
        assert!(failure.message.contains(what), "{name}: {failure:?}");
        assert!(failure.help.split(' ').count() >= 3, "{name}: {failure:?}");
        assert_eq!(gate.live("litellm"), first, "{name}");
        assert_eq!(gate.history()[0], done.entry, "{name}");
    }
    let seen = client.stop();
    assert!(
        seen.iter().all(|answer| answer.starts_with("200 ")),
        "{seen:?}"
    );
    let next = Says { serial: 11, ..says };
    assert!(upload(&next.signed_by(OPS)).generation() > first);
}

#[test]
fn what_was_signed_for_one_environment_serves_in_no_other() {
    let config = signers(true).replacen(":\n", ":\n  environment: production\n", 1);
    let good = component(&runbook("litellm"));
    let place = Place::new("litellm: litellm.wasm", &config);
    place.key("client", CLIENT, "litellm");
    place.write("litellm.wasm", &good);
    let signed = |environment| {
        let says = Says {
            environment,
            ..Says::of(&good)
        };
        place.write("litellm.wasm.statement", says.signed_by(OPS));
        place.serve()
    };
    for elsewhere in [Some("staging"), None] {
        assert_eq!(signed(elsewhere).names(CLIENT), "no_policy");
    }
    assert_ne!(signed(Some("production")).names(CLIENT), "no_policy");
}

#[test]
fn without_a_statement_nothing_serves_where_one_is_required() {
    let good = component(&runbook("litellm"));
    let upload = Upload::new("litellm", &good);
    assert!(
        gate(false).upload(&upload).generation() > 1,
        "it is not required here"
    );

    // At a start neither: the policy comes from a file, and a statement beside it.
    let place = Place::new("litellm: litellm.wasm", &signers(true));
    place.key("client", CLIENT, "litellm");
    place.write("litellm.wasm", &good);
    let served = place.serve();
    assert_eq!(served.names(CLIENT), "no_policy");
    let entry = served.admin(&upload.ask()).json();
    let failure = &entry["outcome"];
    assert_eq!(failure["step"], "signature", "{entry}");
    assert!(
        failure["help"].to_string().contains("signalbox sign"),
        "{entry}"
    );
    drop(served);

    place.write("litellm.wasm.statement", Says::of(&good).signed_by(OPS));
    let served = place.serve();
    assert_ne!(served.names(CLIENT), "no_policy");
    assert_eq!(served.ready().1["status"], "ready");
}

const CLIENT: &str = "gtak_client";
