//! Every hostile guest fails in its own typed way everywhere: in the runtime, here, under the laws, and in the
//! gate; and nobody but its caller notices.

use std::collections::BTreeSet;

use signalbox_policy::RequestedModel;
use signalbox_runtime::{Change, DecideError, Slot};
use signalbox_testkit::{
    Component, Law, TestRequest, check,
    gate::TestGate,
    guests,
    guests::{Guest, Hostile, hostile},
};

fn asked(key: &str) -> TestRequest {
    signalbox_testkit::chat("gpt-4o")
        .key(key)
        .scopes(["inference:chat"])
}

#[test]
fn no_two_are_of_one_kind() {
    let kinds: BTreeSet<String> = hostile().iter().map(|it| it.name.to_owned()).collect();
    assert_eq!(kinds.len(), hostile().len());
    let causes: BTreeSet<&str> = hostile().iter().map(|it| it.fails.cause()).collect();
    assert_eq!(causes, ["contract", "memory", "timeout", "trap"].into());
}

#[test]
fn in_the_runtime() {
    for Hostile { name, guest, fails } in hostile() {
        let plugin = guest.load().unwrap();
        let slot = Slot::new();
        let change = Change::new().serve("a", plugin.clone());
        let policies = slot.commit(&slot.load(), change).unwrap();
        let serving = policies.get("a").unwrap().live();
        let (evil, honest) = (guests::caller("evil"), guests::caller("honest"));
        let ask = |caller| serving.decide(&guests::chat(caller, RequestedModel::Unread));
        assert_eq!(ask(&evil), Err(fails.clone()), "{name}");
        let unread = guests::honest(RequestedModel::Unread);
        assert_eq!(ask(&honest), Ok(unread.clone()), "{name}");
        // An instance that is reused is a new one afterwards.
        let mut reused = plugin.reused();
        let mut ask = |caller| reused.decide(&guests::chat(caller, RequestedModel::Unread));
        assert_eq!(ask(&honest), Ok(unread.clone()), "{name}");
        assert_eq!(ask(&evil), Err(fails), "{name}");
        assert_eq!(ask(&honest), Ok(unread), "{name}");
    }
}

#[test]
fn where_a_test_asks() {
    for Hostile { name, guest, fails } in hostile() {
        let policy = Component::of(guest.load().unwrap());
        let evil = asked("evil").asked(&policy);
        assert_eq!(evil.answer(), Err(&fails), "{name}");
        evil.fails(fails.cause());
        let chat = signalbox_testkit::forward(guests::CHAT);
        asked("honest")
            .asked(&policy)
            .is(chat.model("support-agent").response_model("gpt-4o"));
    }
}

#[test]
fn under_the_laws() {
    for Hostile { name, guest, fails } in hostile() {
        let policy = Component::of(guest.load().unwrap());
        let law = match fails {
            DecideError::Timeout => Law::InTime,
            DecideError::Contract(_) => Law::Legal,
            _ => Law::Answers,
        };
        let found = check(&policy, &asked("evil"), &Law::ALL).unwrap_err();
        assert_eq!(found.law, law, "{name}");
        // Not even an honest guest looks at scopes.
        let laws = [Law::Answers, Law::InTime, Law::Legal, Law::Deterministic];
        assert_eq!(check(&policy, &asked("honest"), &laws), Ok(()), "{name}");
    }
}

#[test]
fn in_the_gate() {
    let rest = "preset: chat-client, models: all";
    let gate = TestGate::new(
        &Guest::default().component(),
        &[("evil", rest), ("honest", rest)],
    );
    let gate = gate.unwrap();
    for Hostile { name, guest, fails } in hostile() {
        gate.swap(&guest.component()).unwrap();
        let code = match fails {
            DecideError::Timeout => "policy_timeout",
            _ => "policy_failed",
        };
        let refused = got(&gate, "evil");
        assert!(refused.starts_with("HTTP/1.1 503 "), "{name}: {refused}");
        assert!(
            refused.contains(&format!("\"code\":\"{code}\"")),
            "{name}: {refused}"
        );
        assert!(got(&gate, "honest").starts_with("HTTP/1.1 200 "), "{name}");
    }
}

/// What a key's chat gets from a GT that answers.
fn got(gate: &TestGate, key: &str) -> String {
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer token-{key}\r\ncontent-type: \
         application/json\r\ncontent-length: 18\r\n\r\n{{\"model\":\"gpt-4o\"}}"
    );
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let exchange = gate.exchange(request.as_bytes(), &[answer]).unwrap();
    let is_sent = !exchange.to_gt.is_empty();
    assert_eq!(is_sent, key == "honest");
    String::from_utf8(exchange.to_client.unwrap()).unwrap()
}

/// One that remembers keeps every law but one.
#[test]
fn a_guest_that_remembers_is_found() {
    let counts = Guest {
        fields: "(global $calls (mut i32) (i32.const 400))".into(),
        ..Guest::code(
            "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
             (i32.store8 (i32.const 0) (i32.const 3))
             (i32.store16 (i32.const 4) (global.get $calls))
             (i32.store8 (i32.const 100) (i32.const 0x78))
             (i32.store (i32.const 8) (i32.const 100)) (i32.store (i32.const 12) (i32.const 1))
             (i32.const 0)",
        )
    };
    let policy = Component::of(counts.load().unwrap());
    asked("evil")
        .asked(&policy)
        .is(signalbox_testkit::refuse("x").status(401));
    // Only an instance that has decided before gives it away.
    let found = check(&policy, &asked("evil"), &[Law::Deterministic]).unwrap_err();
    assert_eq!(found.law, Law::Deterministic);
    assert!(found.why.contains("decided before"), "{}", found.why);
}
