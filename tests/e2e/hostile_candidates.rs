//! Candidates that must not serve: each is refused at its step, with a message that says what is
//! wrong and one that says what to do; nothing changes, no request notices, and the history knows.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use signalbox_harness::{
    gate::{ADMIN_TOKEN, DEMO, Gate, Setup},
    http::{Ask, exchange, send_and_leave},
    operator::{Done, Upload},
    policies::{component, runbook},
    steady::Steady,
    wait_for,
};
use signalbox_swap::{Action, Entry, Outcome, Step};

use crate::guests::{Guest, contract};

const CHAT: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;

fn setup() -> Setup {
    Setup::new()
        .policy("litellm", &component(&runbook("litellm")))
        .key(
            "demo",
            DEMO,
            "policy: litellm, preset: chat-embeddings, models: all",
        )
}

fn client(gate: &Gate) -> Steady {
    Steady::start(gate, Ask::json("/v1/chat/completions", CHAT).key(DEMO))
}

/// What must be true of every refusal.
fn check(gate: &Gate, name: &str, done: &Done, step: Step, says: &str) {
    assert_eq!(done.status, 422, "{name}: {:?}", done.entry);
    let failure = done.failure();
    assert_eq!(failure.step, step, "{name}: {failure:?}");
    assert!(failure.message.contains(says), "{name}: {failure:?}");
    assert!(failure.help.split(' ').count() >= 3, "{name}: {failure:?}");
    assert!(!failure.message.contains('\n'), "{name}: {failure:?}");
    assert_eq!(gate.live("litellm"), 1, "{name}");
    let newest: &Entry = &gate.history()[0];
    assert_eq!(newest, &done.entry, "{name}");
    let last = done.entry.steps.last();
    assert!(
        last.is_none_or(|last| last.step <= step),
        "{name}: {:?}",
        done.entry
    );
}

fn component_of(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a component")
}

/// Name, bytes, the step that refuses them, and a word of why.
fn broken_components() -> Vec<(&'static str, Vec<u8>, Step, &'static str)> {
    let guest = |change: &dyn Fn(&mut Guest)| {
        let mut guest = Guest::default();
        change(&mut guest);
        guest.component()
    };
    let start =
        |code: &str| guest(&|guest| guest.fields = format!("(func $start {code}) (start $start)"));
    let honest = Guest::default().component();
    let clock = Guest {
        fields: "(import \"signalbox:policy/clock@0.2.0\" \"now\" (func $now (result i64)))".into(),
        wit: contract(signalbox_runtime::ContractVersion::V0_2).replace(
            "world signalbox-policy {",
            "interface clock { now: func() -> u64; }\nworld signalbox-policy { import clock;",
        ),
        ..Guest::code("(i32.wrap_i64 (call $now))")
    };
    let newer =
        "(component (instance $i) (export \"signalbox:policy/policy@0.3.0\" (instance $i)))";
    vec![
        ("not wasm", b"policy: litellm\n".to_vec(), Step::Read, ""),
        (
            "a core module",
            Guest::default().module(),
            Step::Read,
            "module",
        ),
        (
            "half a component",
            honest[..honest.len() / 2].to_vec(),
            Step::Read,
            "",
        ),
        (
            "an unexpected import",
            clock.component(),
            Step::Imports,
            "clock",
        ),
        (
            "another world",
            component_of("(component)"),
            Step::World,
            "",
        ),
        (
            "another version",
            component_of(newer),
            Step::World,
            "0.1 and 0.2",
        ),
        (
            "a trap on start",
            start("(unreachable)"),
            Step::Instantiate,
            "unreachable",
        ),
        (
            "a loop on start",
            start("(loop (br 0))"),
            Step::Instantiate,
            "",
        ),
        (
            "two gigabytes of memory",
            guest(&|guest| guest.pages = 32_000),
            Step::Instantiate,
            "memory",
        ),
        (
            "a trap in describe",
            guest(&|guest| guest.describe = Some("(unreachable)".into())),
            Step::Describe,
            "",
        ),
        (
            "a loop in models",
            guest(&|guest| guest.models = Some("(loop (br 0)) (unreachable)".into())),
            Step::Models,
            "",
        ),
        (
            "a case of its own that fails",
            component(&with_failing_case()),
            Step::Cases,
            "WRONG",
        ),
    ]
}

fn with_failing_case() -> String {
    let case = "cases:\n  - name: WRONG, chat goes to the small one\n    \
        request: POST /v1/chat/completions\n    model: gpt-4o\n    scopes: [\"inference:chat\"]\n    \
        expect: {forward: POST /v1/chat/completions, model: gt-small}\n";
    runbook("litellm").replace("cases:\n", case)
}

#[test]
fn broken_components_are_refused_at_their_step() {
    let gate = setup().start();
    let client = client(&gate);
    for (name, bytes, step, says) in broken_components() {
        let done = gate.upload(&Upload::new("litellm", &bytes));
        check(&gate, name, &done, step, says);
        assert_eq!(done.entry.action, Action::Swap, "{name}");
        client.wait_for_answers(1);
    }
    assert_eq!(client.stop(), ["200 litellm@1"]);
    // The metrics know as well, and the next honest one is served.
    assert!(gate.metric(&["signalbox_policy_swaps_total", "result=\"failed\""]) >= 12.0);
    let good = Upload::new("litellm", &component(&runbook("litellm")));
    assert!(gate.upload(&good).generation() > 1);
}

#[test]
fn what_was_announced_must_be_what_came() {
    let gate = setup().start();
    let client = client(&gate);
    let good = component(&runbook("litellm"));
    let upload = Upload::new("litellm", &good).with(&format!("digest={}", "0".repeat(64)));
    check(
        &gate,
        "another digest",
        &gate.upload(&upload),
        Step::Digest,
        "digest",
    );

    let unknown = gate.upload(&Upload::new("nobody", &good));
    assert_eq!(unknown.failure().step, Step::Receive, "{unknown:?}");
    assert!(unknown.failure().help.contains("litellm"), "{unknown:?}");
    assert_eq!(client.stop(), ["200 litellm@1"]);
}

#[test]
fn an_upload_that_is_cut_is_in_the_history_and_changes_nothing() {
    let gate = setup().start();
    let client = client(&gate);
    let good = component(&runbook("litellm"));
    let admin = gate.admin_address();
    let head = format!(
        "POST /swaps?policy=litellm HTTP/1.1\r\nhost: {admin}\r\nauthorization: Bearer {}\r\n\
         content-type: application/wasm\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        ADMIN_TOKEN,
        good.len()
    );
    let half = [head.as_bytes(), &good[..good.len() / 2]].concat();
    send_and_leave(admin, &half);
    let entry = wait_for("the cut upload in the history", || {
        let newest = gate.history().into_iter().next()?;
        matches!(newest.outcome, Outcome::Failed(_)).then_some(newest)
    });
    let Outcome::Failed(failure) = &entry.outcome else {
        panic!("it failed: {entry:?}")
    };
    assert_eq!(failure.step, Step::Receive, "{failure:?}");
    assert_eq!(client.stop(), ["200 litellm@1"]);

    // Nothing at all is no component either.
    let none = exchange(admin, head.replace(&good.len().to_string(), "0").as_bytes());
    assert!((400..500).contains(&none.status), "{}", none.text());
    assert_eq!(gate.live("litellm"), 1);
}

/// One case, as JSON: where a chat about `gpt-4o` goes.
fn case(name: &str, published: &str) -> Value {
    let document = format!(
        "cases:\n  - {{name: {name}, request: POST /v1/chat/completions, model: gpt-4o, \
         scopes: [\"inference:chat\"], \
         expect: {{forward: POST /v1/chat/completions, model: {published}}}}}\n"
    );
    let cases = signalbox_policy::read_cases(&document).expect("cases");
    serde_json::to_value(cases).expect("cases are JSON")
}

#[test]
fn the_senders_cases_count() {
    let gate = setup().start();
    let client = client(&gate);
    let good = STANDARD.encode(component(&runbook("litellm")));
    let order = |published: &str| {
        let cases = case("SENDERS", published);
        json!({"policies": {"litellm": {"component": good, "cases": cases}}})
    };
    let done = gate.order(&order("gt-small"));
    check(&gate, "the sender's case", &done, Step::Cases, "SENDERS");
    assert_eq!(client.stop(), ["200 litellm@1"]);
    assert!(gate.order(&order("support-agent")).generation() > 1);
}

#[test]
fn the_operators_cases_count() {
    let gate = setup()
        .file(
            "agent.json",
            &case("OPERATORS", "support-agent").to_string(),
        )
        .config("swap: {cases: {litellm: agent.json}}\n")
        .start();
    let client = client(&gate);
    let runbook = runbook("litellm");
    let (rules, _) = runbook.split_once("\ncases:").expect("it has cases");
    let to_agent = "gpt-4o: {published: support-agent";
    let other = component(&rules.replace(to_agent, "gpt-4o: {published: gt-small"));
    let done = gate.upload(&Upload::new("litellm", &other));
    check(
        &gate,
        "the operator's case",
        &done,
        Step::Cases,
        "OPERATORS",
    );
    assert_eq!(client.stop(), ["200 litellm@1"]);
    let same = Upload::new("litellm", &component(&runbook));
    assert!(gate.upload(&same).generation() > 1);
}

#[test]
fn one_bad_policy_of_two_changes_neither() {
    let gate = Gate::demo();
    let before = (gate.live("litellm"), gate.live("full"));
    let good = STANDARD.encode(component(&runbook("litellm")));
    let done = gate.order(&json!({"policies": {
        "full": {"component": good},
        "litellm": {"component": STANDARD.encode(Guest::code("").module())}}}));
    assert_eq!(
        done.failure().policy.as_deref(),
        Some("litellm"),
        "{done:?}"
    );
    assert_eq!(done.failure().step, Step::Read);
    assert_eq!((gate.live("litellm"), gate.live("full")), before);
}
