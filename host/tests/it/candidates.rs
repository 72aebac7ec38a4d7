//! Policies beside the one that serves: shadows change nothing, canaries decide for a few.

use signalbox_runtime::TrafficShare;
use signalbox_swap::{DifferenceKind, Mode, ShadowOrder};

use crate::guests::Guest;
use crate::harness::{Ask, Gate, Gt, POLICY, component, within};
use crate::policies::stricter;
use crate::swaps::{done, order, overview};

fn in_shadow(gate: &Gate, candidate: Vec<u8>) {
    let mode = Mode::Shadow(ShadowOrder::default());
    done(gate, order(candidate, |order| order.mode = mode));
}

fn compared(gate: &Gate) -> u64 {
    overview(gate).beside.map_or(0, |beside| beside.compared)
}

/// In which ways the shadow differs, on which routes, how often.
fn differences(gate: &Gate) -> Vec<(String, DifferenceKind, u64)> {
    let differences = overview(gate).beside.unwrap().differences.into_iter();
    differences
        .map(|it| (it.route, it.kind, it.count))
        .collect()
}

const CHAT: &str = "POST /v1/chat/completions";

#[test]
fn a_shadow_changes_no_answer_and_every_difference_is_counted() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    in_shadow(&gate, stricter());
    for _ in 0..3 {
        let answer = gate.send(&Ask::chat("gpt-4o"));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-signalbox-policy"), Some("default@1"));
    }
    assert_eq!(gate.send(&Ask::get("/v1/models")).status, 200);
    let refused = gate.send(&Ask::chat("unknown"));
    assert_eq!(refused.refusal(), (404, "model_not_found".to_owned()));
    assert!(within(|| compared(&gate) == 5));
    assert_eq!(
        differences(&gate),
        [
            (CHAT.to_owned(), DifferenceKind::Narrower, 3),
            (CHAT.to_owned(), DifferenceKind::Code, 1),
        ]
    );
    let line = r#"signalbox_shadow_differences{policy="default",kind="narrower"} 3"#;
    assert!(gate.handle.metrics().contains(line));
    assert_eq!(gt.seen().len(), 3, "a shadow sends nothing");
}

#[test]
fn what_the_host_refused_by_itself_is_not_compared() {
    let gate = Gate::before(&Gt::chatty());
    in_shadow(&gate, stricter());
    for (ask, status) in [
        (Ask::chat("gpt-4o").key("stranger"), 401),
        (Ask::get("/v1//models"), 400),
        (Ask::chat("gpt-4o").json("{"), 400),
        (Ask::chat("gpt-4o").header("content-encoding", "gzip"), 415),
    ] {
        assert_eq!(gate.send(&ask).status, status);
    }
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    assert!(within(|| compared(&gate) == 1));
    assert_eq!(
        differences(&gate),
        [(CHAT.to_owned(), DifferenceKind::Narrower, 1)]
    );
}

#[test]
fn a_shadow_is_told_the_model_where_the_one_that_serves_was() {
    let gate = Gate::before(&Gt::chatty());
    let renamed = POLICY.replace(
        "gpt-4o: {published: support-agent}",
        "gpt-4o: {published: gt-small}",
    );
    in_shadow(&gate, component(&renamed));
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    // The body comes after the head here, and the policy is asked twice.
    let ask = Ask::chat("gpt-4o").header("expect", "100-continue");
    let mut client = gate.connect();
    client.write(&ask.head());
    assert_eq!(client.answer().status, 100);
    client.write(&ask.bytes()[ask.head().len()..]);
    assert_eq!(client.answer().status, 200);
    assert!(within(|| compared(&gate) == 2));
    assert_eq!(
        differences(&gate),
        [(CHAT.to_owned(), DifferenceKind::Model, 2)]
    );
    let sample = &overview(&gate).beside.unwrap().samples[0];
    assert_eq!(sample.model.as_deref(), Some("gpt-4o"));
    assert_eq!(sample.caller, "all");
}

#[test]
fn a_shadow_of_a_guest_that_fails_is_compared_with_its_failure() {
    let trapping = Guest::code("(unreachable)").component();
    let gate = Gate::builder(Gt::chatty().address)
        .policy("default", trapping)
        .start();
    in_shadow(&gate, component(POLICY));
    let answer = gate.send(&Ask::chat("gpt-4o").key("evil"));
    assert_eq!(answer.refusal(), (503, "policy_failed".to_owned()));
    assert!(within(|| compared(&gate) == 1));
    let [(_, kind, count)] = &*differences(&gate) else {
        panic!("{:?}", differences(&gate))
    };
    assert_eq!((*kind, *count), (DifferenceKind::LiveFailed, 1));
}

#[test]
fn a_shadow_whose_guest_fails_fails_nobody() {
    let gate = Gate::before(&Gt::chatty());
    in_shadow(&gate, Guest::code("(unreachable)").component());
    let answer = gate.send(&Ask::chat("gpt-4o").key("evil"));
    assert_eq!(answer.status, 200);
    assert!(within(|| {
        // A failing shadow may be withdrawn; it was asked in either case.
        overview(&gate).beside.is_none() || compared(&gate) == 1
    }));
}

#[test]
fn a_canary_decides_for_its_callers_and_no_other() {
    let gate = Gate::before(&Gt::chatty());
    let share = TrafficShare::of_ten_thousand(5_000).unwrap();
    done(
        &gate,
        order(stricter(), |order| order.mode = Mode::Canary(share)),
    );
    let mut taken = 0;
    let keys = [
        "all",
        "chat",
        "evil",
        "single",
        "stream",
        "small",
        "published",
    ];
    for key in keys {
        let answer = gate.send(&Ask::chat("gpt-4o-mini").key(key));
        let decided = answer.header("x-signalbox-policy");
        if share.takes("default", key) {
            taken += 1;
            assert_eq!((answer.status, decided), (404, Some("default@2")), "{key}");
        } else {
            assert_eq!((answer.status, decided), (200, Some("default@1")), "{key}");
        }
    }
    assert!((1..keys.len()).contains(&taken), "both are asked");
}

#[test]
fn a_caller_who_becomes_a_canarys_while_a_body_comes_is_decided_by_the_canary_alone() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let ask = Ask::chat("gpt-4o").header("expect", "100-continue");
    let mut client = gate.connect();
    client.write(&ask.head());
    assert_eq!(client.answer().status, 100);
    let share = TrafficShare::of_ten_thousand(10_000).unwrap();
    done(
        &gate,
        order(stricter(), |order| order.mode = Mode::Canary(share)),
    );
    client.write(&ask.bytes()[ask.head().len()..]);
    let answer = client.answer();
    assert_eq!(answer.refusal(), (404, "route_not_supported".to_owned()));
    assert_eq!(answer.header("x-signalbox-policy"), Some("default@2"));
    assert_eq!(gt.seen().len(), 0);
}
