//! Registries that stall or lie: what they send does not serve, and what serves goes on.

use serde_json::json;
use signalbox_harness::{
    gate::{DEMO, Gate, Setup},
    http::Ask,
    operator::Done,
    policies::{component, runbook},
    registry::ScriptedRegistry,
    steady::Steady,
};
use signalbox_swap::Step;

fn gate(registry: &ScriptedRegistry) -> Gate {
    Setup::new()
        .policy("litellm", &component(&runbook("litellm")))
        .key(
            "demo",
            DEMO,
            "policy: litellm, preset: chat-embeddings, models: all",
        )
        .config(&format!(
            "registry: {{plaintext: [\"{}\"]}}\n",
            registry.authority()
        ))
        .start()
}

fn pull(gate: &Gate, reference: &str) -> Done {
    gate.order(&json!({"policies": {"litellm": {"registry": reference}}}))
}

#[test]
fn what_a_registry_sends_is_what_its_manifest_names_or_nothing() {
    let registry = ScriptedRegistry::start();
    let good = component(&runbook("litellm"));
    let mut changed = good.clone();
    changed[100] ^= 1;
    // Tags of one component share what stands there of it: one at a time.
    registry.push_as("short", &good, &good[..good.len() / 2]);
    registry.push("no-policy", b"not wasm");

    let gate = gate(&registry);
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;
    let client = Steady::start(&gate, Ask::json("/v1/chat/completions", body).key(DEMO));
    for (tag, step) in [
        ("short", Step::Receive),
        ("missing", Step::Receive),
        ("no-policy", Step::Read),
    ] {
        let done = pull(&gate, &registry.reference(tag));
        assert_eq!(
            (done.status, done.failure().step),
            (422, step),
            "{tag}: {done:?}"
        );
        assert!(
            done.failure().help.split(' ').count() >= 3,
            "{tag}: {done:?}"
        );
        assert_eq!(gate.history()[0], done.entry, "{tag}");
    }
    registry.push_as("lies", &good, &changed);
    let done = pull(&gate, &registry.reference("lies"));
    assert_eq!(done.failure().step, Step::Receive, "{done:?}");
    assert!(done.failure().message.contains("digest"), "{done:?}");
    assert_eq!(client.stop(), ["200 litellm@1"]);

    registry.push("good", &good);
    assert!(pull(&gate, &registry.reference("good")).generation() > 1);
}

#[test]
fn a_registry_that_stalls_holds_up_nobody() {
    let registry = ScriptedRegistry::start();
    let good = component(&runbook("litellm"));
    registry.stall("nothing");
    registry.stall_blob("half", &good);
    let gate = gate(&registry);
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;
    let client = Steady::start(&gate, Ask::json("/v1/chat/completions", body).key(DEMO));
    std::thread::scope(|scope| {
        let stalled = ["nothing", "half"].map(|tag| {
            let (gate, reference) = (&gate, registry.reference(tag));
            scope.spawn(move || pull(gate, &reference))
        });
        // Meanwhile both requests and other swaps go on.
        client.wait_for_answers(10);
        let upload = signalbox_harness::operator::Upload::new("litellm", &good);
        assert!(gate.upload(&upload).generation() > 1);
        for one in stalled {
            let done = one.join().expect("the asking thread lives");
            assert_eq!(done.failure().step, Step::Receive, "{done:?}");
        }
    });
    let seen = client.stop();
    assert!(
        seen.iter().all(|answer| answer.starts_with("200 ")),
        "{seen:?}"
    );
}
