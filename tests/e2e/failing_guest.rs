//! A policy that fails while it serves: its caller is refused with the right code, everybody else
//! goes on, the next request is fine, and each failure is counted under its own cause.
//!
//! The guests misbehave for a caller whose id has four letters, and only for that one.

use std::thread;

use signalbox_harness::{
    gate::{Gate, Setup},
    http::{Answer, Ask},
    policies::{component, runbook},
};
use signalbox_policy::{Decision, Forward, Refusal};

use crate::guests::{Guest, forward, refusal};

const EVIL: &str = "gtak_evil";
const SAME_POLICY: &str = "gtak_same_policy";
const OTHER_POLICY: &str = "gtak_other_policy";

fn gate(guest: &Guest) -> Gate {
    Setup::new()
        .policy("failing", &guest.component())
        .policy("litellm", &component(&runbook("litellm")))
        .key(
            "evil",
            EVIL,
            "policy: failing, preset: chat-client, models: all",
        )
        .key(
            "same-policy",
            SAME_POLICY,
            "policy: failing, preset: chat-client, models: all",
        )
        .key(
            "other-policy",
            OTHER_POLICY,
            "policy: litellm, preset: chat-client, models: all",
        )
        .start()
}

fn chat(gate: &Gate, key: &str) -> Answer {
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;
    gate.ask(&Ask::json("/v1/chat/completions", body).key(key))
}

/// The whole course: fine, failing, neighbours fine meanwhile, fine again, counted.
fn check(guest: &Guest, code: &str, cause: &str) {
    let gate = gate(guest);
    assert_eq!(chat(&gate, SAME_POLICY).status, 200, "{cause}: before");
    let failures = || {
        gate.metric(&[
            "signalbox_policy_failures_total",
            &format!("cause=\"{cause}\""),
        ])
    };
    let all_failures = || gate.metric(&["signalbox_policy_failures_total"]);
    assert_eq!((failures(), all_failures()), (0.0, 0.0), "{cause}");

    gate.gt().clear();
    let answer = chat(&gate, EVIL);
    assert_eq!(
        answer.refusal(),
        (503, code.to_owned()),
        "{cause}: {}",
        answer.text()
    );
    assert_eq!(answer.header("x-should-retry"), Some("false"), "{cause}");
    assert_eq!(
        gate.gt().requests_seen(),
        0,
        "{cause}: nothing is forwarded"
    );
    assert_eq!(
        (failures(), all_failures()),
        (1.0, 1.0),
        "{cause}: under its own cause"
    );

    thread::scope(|scope| {
        let evil = scope.spawn(|| chat(&gate, EVIL));
        for key in [SAME_POLICY, OTHER_POLICY, SAME_POLICY, OTHER_POLICY] {
            assert_eq!(chat(&gate, key).status, 200, "{cause}: meanwhile, {key}");
        }
        let evil = evil.join().expect("the asking thread lives");
        assert_eq!(evil.status, 503, "{cause}");
    });
    for key in [SAME_POLICY, OTHER_POLICY] {
        assert_eq!(chat(&gate, key).status, 200, "{cause}: after, {key}");
    }
}

#[test]
fn a_trap_refuses() {
    check(&Guest::code("(unreachable)"), "policy_failed", "trap");
}

#[test]
fn a_division_by_zero_refuses() {
    check(
        &Guest::code("(i32.div_u (i32.const 1) (i32.const 0))"),
        "policy_failed",
        "trap",
    );
}

#[test]
fn an_endless_loop_refuses_when_its_time_is_spent() {
    check(
        &Guest::code("(loop $l (br $l)) (unreachable)"),
        "policy_timeout",
        "timeout",
    );
}

#[test]
fn an_endless_recursion_refuses() {
    let mut guest = Guest::code("(call $again (i32.const 1))");
    guest.last_fields = "(func $again (param i32) (result i32)
        (i32.add (call $again (i32.add (local.get 0) (i32.const 1))) (local.get 0)))"
        .to_owned();
    check(&guest, "policy_failed", "trap");
}

#[test]
fn a_memory_bomb_refuses() {
    let bomb =
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) (unreachable)";
    check(&Guest::code(bomb), "policy_failed", "memory");
}

#[test]
fn an_output_bomb_refuses() {
    let label = |number: usize| (format!("label-{number}"), "x".repeat(100));
    let labels = (0..100_000).map(label).collect();
    let bomb = Decision::Forward(Forward {
        labels,
        ..forward(crate::guests::TO_CHAT)
    });
    check(&Guest::answer(bomb), "policy_failed", "contract");
}

#[test]
fn garbage_refuses() {
    let Decision::Refuse(legal) = refusal("legal") else {
        panic!("a refusal")
    };
    let refuse = |refusal: Refusal| Guest::answer(Decision::Refuse(refusal));
    for guest in [
        // Not even of the type.
        Guest::code("(i32.store8 (i32.const 512) (i32.const 9)) (i32.const 512)"),
        Guest::code("(i32.const -4)"),
        Guest::code("(i32.const 3)"),
        // Of the type, and nothing a policy may say.
        Guest::answer(Decision::ReadModel),
        Guest::answer(Decision::Forward(Forward {
            model: Some("x".into()),
            ..forward(crate::guests::TO_NOWHERE)
        })),
        refuse(Refusal {
            status: 200,
            ..legal.clone()
        }),
        refuse(Refusal {
            status: 503,
            ..legal.clone()
        }),
        refuse(Refusal {
            code: "Not A Word".into(),
            ..legal.clone()
        }),
        refuse(Refusal {
            message: "x".repeat(3000),
            ..legal
        }),
    ] {
        check(&guest, "policy_failed", "contract");
    }
}

#[test]
fn a_failing_policy_can_be_replaced_while_it_serves() {
    let gate = gate(&Guest::code("(unreachable)"));
    assert_eq!(chat(&gate, EVIL).status, 503);
    gate.host()
        .swap("failing", &component(&runbook("litellm")))
        .expect("it loads");
    assert_eq!(chat(&gate, EVIL).status, 200);
    assert_eq!(chat(&gate, SAME_POLICY).status, 200);
}

#[test]
fn a_policy_that_does_not_load_replaces_nothing() {
    let gate = gate(&Guest::default());
    let broken = Guest {
        describe: Some("(unreachable)".to_owned()),
        ..Guest::default()
    };
    assert!(gate.host().swap("failing", &broken.component()).is_err());
    assert!(gate.host().swap("failing", b"not wasm").is_err());
    assert_eq!(chat(&gate, SAME_POLICY).status, 200);
}

#[test]
fn a_caller_whose_requests_keep_failing_does_not_hold_up_others() {
    let gate = gate(&Guest::code("(loop $l (br $l)) (unreachable)"));
    thread::scope(|scope| {
        let evil: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| chat(&gate, EVIL).status))
            .collect();
        for _ in 0..5 {
            assert_eq!(chat(&gate, OTHER_POLICY).status, 200);
            assert_eq!(chat(&gate, SAME_POLICY).status, 200);
        }
        for one in evil {
            assert_eq!(one.join().expect("the asking thread lives"), 503);
        }
    });
    assert_eq!(chat(&gate, SAME_POLICY).status, 200);
}
