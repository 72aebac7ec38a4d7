//! A request that breaks two rules is refused for the first: the order of checks is the interface.

use signalbox_host::config::Size;

use crate::harness::{Ask, Gate, Gt};

/// One way to break a rule, from the first check to the last; each can be combined with any later.
struct Wrong {
    code: &'static str,
    apply: fn(Ask) -> Ask,
}

/// On `POST /v1/chat/completions`, in the order of the checks.
const ON_CHAT: &[Wrong] = &[
    Wrong {
        code: "invalid_request",
        apply: |ask| ask.header("upgrade", "websocket"),
    },
    Wrong {
        code: "invalid_api_key",
        apply: |ask| ask.header("authorization", "Basic eA=="),
    },
    Wrong {
        code: "conversation_not_allowed",
        apply: |ask| ask.header("x-gt-conversation-id", "c"),
    },
    Wrong {
        code: "unsupported_media_type",
        apply: |ask| ask.header("content-encoding", "br"),
    },
];

/// Bodies, in the order of the checks.
const BODIES: &[(&str, &str)] = &[
    ("invalid_body", "{"),
    ("ambiguous_model", r#"{"model":"a","model":"b"}"#),
    ("missing_model", "{}"),
    ("model_not_found", r#"{"model":"nobody"}"#),
];

#[test]
fn of_two_rules_on_a_chat_the_first_is_named() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for (index, first) in ON_CHAT.iter().enumerate() {
        for second in ON_CHAT.iter().skip(index + 1) {
            let ask = (first.apply)((second.apply)(Ask::chat("gpt-4o").key("chat")));
            assert_eq!(
                gate.send(&ask).refusal().1,
                first.code,
                "and not {}",
                second.code
            );
        }
        for (later, body) in BODIES {
            let ask = (first.apply)(Ask::chat("gpt-4o").key("chat").json(body));
            assert_eq!(gate.send(&ask).refusal().1, first.code, "and not {later}");
        }
    }
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn what_the_head_breaks_comes_before_what_the_body_breaks() {
    let gate = Gate::before(&Gt::chatty());
    for (target, key, code) in [
        ("/v1/v1/chat/completions", "chat", "unknown_route"),
        ("/v1/chat/completions?model=a", "chat", "invalid_query"),
        ("/v1/nothing", "chat", "unknown_route"),
        ("/v1/audio/speech", "upload", "route_not_supported"),
        ("/v1/embeddings", "upload", "purpose_not_allowed"),
        ("/v1/embeddings", "chat", "insufficient_scope"),
        ("/v1/chat/completions", "nowhere", "no_policy"),
    ] {
        for (later, body) in BODIES {
            let ask = Ask::post(target).key(key).json(body);
            assert_eq!(
                gate.send(&ask).refusal().1,
                code,
                "{target}, and not {later}"
            );
            let ask = Ask::post(target).key(key).body(body.as_bytes());
            assert_eq!(
                gate.send(&ask).refusal().1,
                code,
                "{target}, and not the missing type"
            );
        }
    }
}

#[test]
fn a_key_comes_before_the_path() {
    let gate = Gate::before(&Gt::chatty());
    for target in [
        "/v1/../x",
        "/v1/v1/models",
        "/nothing",
        "/v1/models?model=a",
    ] {
        let ask = Ask::plain("GET", target);
        assert_eq!(gate.send(&ask).refusal().1, "invalid_api_key", "{target}");
    }
}

#[test]
fn the_type_comes_before_the_length_and_the_length_before_the_rate() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.limits.json_body = Size::mib(1))
        .start();
    let large = format!(r#"{{"model":"gpt-4o","pad":"{}"}}"#, "x".repeat(2 << 20));
    assert_eq!(gate.send(&Ask::chat("gpt-4o").key("once")).status, 200);
    let ask = Ask::chat("gpt-4o").key("once");
    let wrong_type = ask
        .clone()
        .body(large.as_bytes())
        .header("content-type", "a/b");
    assert_eq!(gate.send(&wrong_type).refusal().1, "unsupported_media_type");
    assert_eq!(
        gate.send(&ask.clone().json(&large)).refusal().1,
        "body_too_large"
    );
    assert_eq!(
        gate.send(&ask.clone().json("{")).refusal().1,
        "rate_limited"
    );
    assert_eq!(
        gate.send(&ask.json(r#"{"model":"nobody"}"#)).refusal().1,
        "rate_limited"
    );
}

#[test]
fn a_slow_body_is_refused_in_the_same_order() {
    let gate = Gate::before(&Gt::chatty());
    for (key, body, code) in [
        ("nowhere", r#"{"model":"nobody"}"#, "no_policy"),
        ("chat", "{", "invalid_body"),
        ("chat", "{}", "missing_model"),
        ("chat", r#"{"model":"nobody"}"#, "model_not_found"),
    ] {
        // Chunked: nobody knows beforehand that it is all there.
        let ask = Ask::chat("gpt-4o").key(key).json(body).chunked(3);
        assert_eq!(gate.send(&ask).refusal().1, code, "{body}");
    }
}
