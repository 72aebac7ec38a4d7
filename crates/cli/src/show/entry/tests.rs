//! What people read, from what a host writes.

use serde_json::{Value, json};
use signalbox_swap::Entry;

use super::*;

fn entry(more: &Value) -> Entry {
    let mut entry = json!({
        "number": 7,
        "at": "2026-08-26T10:11:12.5Z",
        "actor": {"way": "admin", "who": "127.0.0.1:5000"},
        "action": "swap",
        "policies": [{"name": "litellm", "digest": "ab".repeat(32), "from": 3, "to": 5,
                      "access": {"access": "narrower", "because": "POST /v1/embeddings"}}],
        "steps": [{"step": "compile", "policy": "litellm", "micros": 120_345, "note": "from the cache"},
                  {"step": "store", "micros": 12}],
        "outcome": {"result": "done"},
    });
    for (name, value) in more.as_object().unwrap() {
        entry[name] = value.clone();
    }
    serde_json::from_value(entry).unwrap()
}

#[test]
fn a_step_is_one_line_with_what_it_found() {
    let lines: Vec<_> = entry(&json!({})).steps.iter().map(step).collect();
    assert_eq!(
        lines,
        [
            "  compile       120.3 ms  litellm: from the cache",
            "  store            12 us"
        ]
    );
}

#[test]
fn the_history_is_a_table() {
    let failed = json!({
        "number": 6,
        "actor": {"way": "start", "who": ""},
        "policies": [{"name": "full", "digest": "", "from": 2}, {"name": "new", "digest": ""}],
        "steps": [],
        "outcome": {"result": "failed", "step": "cases", "message": "1 of 2 failed", "help": "read it"},
    });
    assert_eq!(
        history(&[entry(&json!({})), entry(&failed)]),
        "number  time                  who                   action  policies      result\n\
         7       2026-08-26T10:11:12Z  admin 127.0.0.1:5000  swap    litellm 3->5  done\n\
         6       2026-08-26T10:11:12Z  start                 swap    full 2, new   failed at cases: 1 of 2 failed"
    );
}

#[test]
fn one_entry_is_shown_with_all_its_steps_and_evidence() {
    let automatic = json!({
        "action": "rollback",
        "actor": {"way": "automatic", "who": "guest failures"},
        "evidence": {"rule": "3 failures of 2 callers", "callers": ["a", "b"], "failures": 3,
                     "decisions": 10, "failures_before_ppm": 0, "causes": [["trap", 3]]},
    });
    let digest = "ab".repeat(32);
    assert_eq!(
        whole(&entry(&automatic)),
        format!(
            "7  2026-08-26T10:11:12Z  rollback by automatic guest failures: done\n  \
             litellm: generation 3 to 5, sha256 {digest}\n    \
             access: narrower: POST /v1/embeddings\n\
             on evidence: 3 failures of 2 callers\n  \
             3 failures in 10 decisions; before: 0 in a million\n  \
             causes: trap 3\n  \
             callers: a, b\n\
             steps\n  \
             compile       120.3 ms  litellm: from the cache\n  \
             store            12 us"
        )
    );
}

#[test]
fn a_failure_names_the_step_and_what_to_do_and_obeys_no_guest() {
    let failed = entry(&json!({"outcome": {
        "result": "failed", "step": "describe", "policy": "litellm",
        "message": "it says `\u{1b}[2J`", "help": "fix it",
    }}));
    let Outcome::Failed(found) = &failed.outcome else {
        panic!("{failed:?}")
    };
    assert_eq!(
        failure(failed.action.word(), found),
        "error: litellm: the swap failed at the step `describe`: it says `\\u{1b}[2J`\n    \
         = help: fix it"
    );
}
