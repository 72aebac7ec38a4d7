//! What people read, from what a host writes.

use serde_json::{Value, json};
use signalbox_swap::PolicyOverview;

use super::*;

fn generation(number: u64) -> Value {
    json!({
        "generation": number, "digest": "0123456789abcdef", "policy": "litellm", "version": "1",
        "since": "2026-08-26T10:00:00Z", "size": 50_000, "trusted": true, "routes": 12, "models": 1,
        "decisions": 100, "failures": 1, "open": 0,
    })
}

fn policy(more: &[(&str, Value)]) -> PolicyOverview {
    let mut policy = json!({
        "name": "litellm",
        "live": generation(5),
        "kept": [{"generation": 4, "digest": "fedcba9876543210", "policy": "litellm",
                  "version": "", "until": "2026-08-26T10:00:00Z"}],
        "draining": [{"generation": 4, "until": "2026-08-26T10:00:00Z", "open": 2,
                      "freed": false, "cut": true}],
        "roll_back": {"automatic": true, "why": "access is not narrower", "to": 4},
    });
    for (name, value) in more {
        policy[name] = value.clone();
    }
    serde_json::from_value(policy).unwrap()
}

#[test]
fn a_policy_in_one_line_says_what_serves_and_whether_it_goes_back() {
    assert_eq!(
        line(&policy(&[])),
        "litellm: generation 5 (sha256 0123456789ab) serves, 4 kept; \
         automatic rollback: yes, to 4, access is not narrower"
    );
    let nothing = policy(&[("live", Value::Null)]);
    assert_eq!(
        line(&nothing),
        "litellm: nothing serves; its keys are refused with `no_policy`"
    );
}

#[test]
fn everything_about_a_policy_is_shown() {
    let beside = json!({
        "role": {"as": "shadow"}, "candidate": generation(6), "compared": 90, "skipped": 10,
        "differences": [
            {"route": "POST /v1/embeddings", "kind": "narrower", "count": 3, "accepted": true},
            {"route": "", "kind": "code", "count": 1, "accepted": false},
        ],
        "samples": [{"at": "2026-08-26T10:01:00Z", "kind": "code", "caller": "a",
                     "request": "GET /v1/x", "live": "refuse 404", "candidate": "refuse 403"}],
        "promote_after": 1000, "clean": 20,
    });
    assert_eq!(
        whole(&policy(&[("beside", beside)])),
        "litellm: generation 5 (sha256 0123456789ab) serves, 4 kept; \
         automatic rollback: yes, to 4, access is not narrower\n    \
         litellm 1: 12 routes, 1 model, 50000 bytes, trusted\n    \
         since 2026-08-26T10:00:00Z: 100 decisions, 1 failure, 0 answers open\n  \
         shadow: generation 6 (sha256 0123456789ab)\n    \
         litellm 1: 12 routes, 1 model, 50000 bytes, trusted\n    \
         since 2026-08-26T10:00:00Z: 100 decisions, 1 failure, 0 answers open\n    \
         compared 90, skipped 10, differences:\n             \
         3  narrower          POST /v1/embeddings  accepted\n             \
         1  code              (no route)\n    \
         is promoted automatically after 1000 requests without a difference that is not \
         accepted; 20 so far\n    \
         the latest:\n      \
         2026-08-26T10:01:00Z  a  GET /v1/x: refuse 404 serves, candidate refuse 403\n  \
         kept: generation 4 (sha256 fedcba987654), served until 2026-08-26T10:00:00Z: litellm\n  \
         draining: generation 4, served until 2026-08-26T10:00:00Z: 2 answers open, being cut, \
         not freed"
    );
}

#[test]
fn a_canary_says_its_share() {
    let beside = json!({
        "role": {"as": "canary", "share": 525}, "candidate": generation(6), "compared": 0,
        "skipped": 0, "differences": [], "samples": [], "clean": 0,
    });
    let shown = whole(&policy(&[("beside", beside)]));
    assert!(shown.contains("canary: generation 6 (sha256 0123456789ab) for 5.25 % of the callers"));
    assert!(!shown.contains("compared"), "{shown}");
}
