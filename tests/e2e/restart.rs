//! What a host serves after a restart: what it served last if its source is as it was; what its
//! source says now; the last good one if that is broken; and if there is nothing at all, nothing.

use std::fs;

use serde_json::json;
use signalbox_harness::{
    http::Ask,
    policies::component,
    served::{Place, document},
    wait_for,
};

const KEY: &str = "gtak_served";

fn place() -> Place {
    let place = Place::new("default: policy.yaml", "");
    place.write("policy.yaml", document("first"));
    place.key("client", KEY, "default");
    place
}

fn upload(model: &str) -> Ask {
    Ask::new("POST", "/swaps?policy=default")
        .header("content-type", "application/wasm")
        .body(component(&document(model)))
}

#[test]
fn what_an_operator_brought_serves_after_a_restart() {
    let place = place();
    let served = place.serve();
    assert_eq!(served.names(KEY), "first");
    assert_eq!(served.admin(&upload("second")).status, 200);
    assert_eq!(served.names(KEY), "second");
    drop(served);
    let served = place.serve();
    assert_eq!(served.names(KEY), "second", "its source is as it was");
    assert_eq!(served.ready().1["status"], "ready");
    drop(served);

    // A source that changed while nobody looked says what is wanted now.
    place.write("policy.yaml", document("third"));
    assert_eq!(place.serve().names(KEY), "third");
}

#[test]
fn a_rollback_outlives_a_restart_and_the_numbers_go_on() {
    let place = place();
    let served = place.serve();
    assert_eq!(served.admin(&upload("second")).status, 200);
    let back = Ask::json("/policies/default/rollback", "{}");
    let entry = served.admin(&back).json();
    assert_eq!(entry["outcome"]["result"], "done", "{entry}");
    assert_eq!(served.names(KEY), "first");
    let generation = entry["policies"][0]["to"].as_u64().expect("a number");
    drop(served);
    let served = place.serve();
    assert_eq!(served.names(KEY), "first");
    let entry = served.admin(&upload("third")).json();
    assert!(
        entry["policies"][0]["to"].as_u64() > Some(generation),
        "{entry}"
    );
    let history = served.admin(&Ask::get("/swaps")).json();
    let entries = history["swaps"].as_array().expect("entries");
    assert!(
        entries.iter().any(|old| old["action"] == "rollback"),
        "{history}"
    );
    let numbers: Vec<_> = entries.iter().map(|old| old["number"].as_u64()).collect();
    assert!(
        numbers.is_sorted_by(|newer, older| newer > older),
        "{numbers:?}"
    );
}

#[test]
fn with_a_broken_source_the_last_good_policy_serves_and_that_is_said() {
    let place = place();
    drop(place.serve());
    place.write("policy.yaml", "policy: broken\nroutes:\n");
    let served = place.serve();
    assert_eq!(served.names(KEY), "first");
    let (status, ready) = served.ready();
    assert_eq!(
        (status, &ready["status"]),
        (200, &json!("degraded")),
        "{ready}"
    );
    assert!(ready["reasons"].to_string().contains("default"), "{ready}");
    assert!(
        served.process.stderr().contains("default"),
        "{}",
        served.process.stderr()
    );

    // Repaired while it runs, it is taken over, and the host is well again.
    place.write("policy.yaml", document("repaired"));
    wait_for("the repaired policy", || {
        (served.names(KEY) == "repaired").then_some(())
    });
    wait_for("readiness", || {
        (served.ready().1["status"] == "ready").then_some(())
    });
}

#[test]
fn without_any_policy_every_request_is_refused_and_none_is_passed() {
    let place = place();
    place.write("policy.yaml", "policy: broken\nroutes:\n");
    let served = place.serve();
    let body = r#"{"model":"first","messages":[{"role":"user","content":"hi"}]}"#;
    let chat = Ask::json("/v1/chat/completions", body);
    for ask in [
        chat.clone(),
        Ask::get("/v1/models"),
        Ask::get("/v1/nowhere"),
        Ask::json("/v1/embeddings", body),
    ] {
        let answer = served.ask(&ask.key(KEY));
        assert_eq!(
            answer.refusal(),
            (503, "no_policy".to_owned()),
            "{}",
            answer.text()
        );
    }
    assert_eq!(served.ready().0, 503);
    place.write("policy.yaml", document("first"));
    wait_for("the first policy", || {
        (served.names(KEY) == "first").then_some(())
    });
    assert_eq!(served.ask(&chat.key(KEY)).status, 200);
    assert_eq!(served.ready().0, 200);
}

#[test]
fn a_state_that_somebody_changed_is_not_believed() {
    let place = place();
    let served = place.serve();
    assert_eq!(served.admin(&upload("second")).status, 200);
    drop(served);
    let state = fs::read_to_string(place.path("state/state.json")).expect("the state");
    let write = |text: &str| fs::write(place.path("state/state.json"), text).expect("our folder");
    write(&state.replacen("default", "defaulT", 1));
    // Without what was remembered nobody knows what was revoked: no start, and why is said.
    let mut refused = place.program().start();
    assert!(!refused.wait().success());
    assert!(refused.stderr().contains("state"), "{}", refused.stderr());
    write(&state);
    assert_eq!(place.serve().names(KEY), "second");
}

#[test]
fn components_compiled_before_are_there_after_a_restart_and_damaged_ones_are_not_run() {
    let place = place();
    drop(place.serve());
    let cache = place.path("state/cache");
    let mut damaged = 0;
    for file in fs::read_dir(&cache).expect("the cache") {
        let path = file.expect("an entry").path();
        let mut bytes = fs::read(&path).expect("a file");
        if let Some(byte) = bytes.get_mut(4096) {
            *byte ^= 1;
            damaged += 1;
            fs::write(&path, bytes).expect("our folder takes a file");
        }
    }
    assert!(
        damaged >= 1,
        "there is a compiled component in {}",
        cache.display()
    );
    let served = place.serve();
    assert_eq!(served.names(KEY), "first");
    assert_eq!(served.ready().1["status"], "ready");
}
