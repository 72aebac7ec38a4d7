//! Guests that trap, loop and grow inside Envoy, a GT that is not there, files that are broken: each
//! request is refused, GT sees none of them, and everybody else is served.

use serde_json::json;
use signalbox_gt_sim::Tenant;
use signalbox_harness::{
    envoy_module::{FAILED_SWAPS, Stand, StandSetup, VERSIONS},
    gate::{GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD, key_entry},
    http::Ask,
    policies::{component, runbook},
    wait_for,
};

use crate::guests::Guest;

const GOOD: &str = "gtak_good";

/// What goes wrong with a guest, for a key of that name, and what its client is told.
const TROUBLES: [(&str, &str, (u16, &str)); 3] = [
    ("trap", "(unreachable)", (503, "policy_failed")),
    (
        "loop",
        "(loop $l (br $l)) (unreachable)",
        (503, "policy_timeout"),
    ),
    (
        "grow",
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)",
        (503, "policy_failed"),
    ),
];

/// Policies that fail in each way there is, beside one that is good.
fn stand(version: &str) -> Stand {
    let mut policies = vec![("good", component(&runbook("litellm")))];
    let mut keys = key("good", GOOD);
    for (name, code, _) in TROUBLES {
        policies.push((name, Guest::code(code).component()));
        keys += &key(name, name);
    }
    let setup = StandSetup {
        tenant: Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION),
        keys,
        policies,
        more: json!({}),
    };
    setup.start(version)
}

fn key(policy: &str, token: &str) -> String {
    key_entry(
        policy,
        token,
        &format!("policy: {policy}, preset: chat-client, models: all"),
    )
}

fn chat(key: &str) -> Ask {
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}"#;
    Ask::json("/v1/chat/completions", body).key(key)
}

#[test]
fn a_guest_that_fails_refuses_its_requests_and_nobody_elses() {
    for version in VERSIONS {
        let stand = stand(version);
        for (name, _, refusal) in TROUBLES {
            for _ in 0..3 {
                let refused = stand.ask(&chat(name)).refusal();
                assert_eq!(
                    refused,
                    (refusal.0, refusal.1.to_owned()),
                    "{version} {name}"
                );
            }
            assert_eq!(stand.gt().requests(), [], "{version} {name}");
        }
        assert_eq!(stand.ask(&chat(GOOD)).status, 200, "{version}");
        assert_eq!(stand.gt().requests().len(), 1, "{version}");
        let counted = stand.envoy.counter("signalbox_policy_failures_total");
        assert_eq!(counted, 9, "{version}");
        let refused = stand
            .envoy
            .counter("signalbox_requests_total.outcome.refused");
        assert_eq!(refused, 9, "{version}");
    }
}

#[test]
fn a_policy_file_that_is_broken_changes_nothing() {
    let stand = stand(VERSIONS[0]);
    stand.put("good.policy", b"policy: nothing else\n");
    stand.envoy.wait_for_counter(FAILED_SWAPS, 1);
    assert_eq!(stand.ask(&chat(GOOD)).status, 200);
    let lines = stand.envoy.log();
    assert!(lines.contains("good.policy: 1:1: error"), "{lines}");
}

#[test]
fn keys_and_gt_keys_are_read_again() {
    let stand = stand(VERSIONS[0]);
    let other = format!("keys:\n{}", key("good", "gtak_other"));
    stand.put("keys.yaml", other.as_bytes());
    wait_for("the other keyring", || {
        (stand.ask(&chat("gtak_other")).status == 200).then_some(())
    });
    assert_eq!(
        stand.ask(&chat(GOOD)).refusal(),
        (401, "invalid_api_key".to_owned())
    );
    stand.put("keys.yaml", b"keys: none of it\n");
    stand
        .envoy
        .wait_for_counter("signalbox_reloads_total.result.error", 1);
    assert_eq!(
        stand.ask(&chat("gtak_other")).status,
        200,
        "the last good one stays"
    );
    stand
        .gt()
        .rotate_key("inference", "gtak_rotated")
        .expect("it has that key");
    stand.put("keys.yaml", other.as_bytes());
    stand.put("inference", b"gtak_rotated");
    wait_for("the other GT key", || {
        (stand.ask(&chat("gtak_other")).status == 200).then_some(())
    });
}
