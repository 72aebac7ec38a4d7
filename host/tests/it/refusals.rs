//! Every refusal a request can meet before GT, and that GT never hears of it.

use crate::harness::{Ask, Gate, Gt};

fn large(bytes: usize) -> String {
    format!(r#"{{"model":"gpt-4o","pad":"{}"}}"#, "x".repeat(bytes))
}

/// What is asked, and what is answered.
fn cases() -> Vec<(&'static str, Ask, u16, &'static str)> {
    let chat = || Ask::chat("gpt-4o");
    let upload = || Ask::post("/v1/datasets/briefs/files").body(b"x");
    vec![
        (
            "a body on GET",
            Ask::get("/v1/models").body(b"{}"),
            400,
            "invalid_request",
        ),
        (
            "an upgrade",
            Ask::get("/v1/models").header("upgrade", "tls/1.0"),
            400,
            "invalid_request",
        ),
        (
            "a WebSocket",
            Ask::get("/v1/realtime").header("upgrade", "websocket"),
            426,
            "websocket_not_supported",
        ),
        (
            "TRACE",
            Ask::plain("TRACE", "/v1/models").key("all"),
            400,
            "invalid_request",
        ),
        (
            "two hosts",
            Ask::get("/v1/models").header("host", "b"),
            400,
            "invalid_request",
        ),
        (
            "no host",
            Ask::get("/v1/models").without("host"),
            400,
            "invalid_request",
        ),
        (
            "two conversations",
            chat()
                .header("x-gt-conversation-id", "a")
                .header("x-gt-conversation-id", "b"),
            400,
            "invalid_request",
        ),
        (
            "no key",
            chat().without("authorization"),
            401,
            "invalid_api_key",
        ),
        (
            "an unknown key",
            chat().key("unknown"),
            401,
            "invalid_api_key",
        ),
        (
            "an expired key",
            chat().key("expired"),
            401,
            "invalid_api_key",
        ),
        (
            "a revoked key",
            chat().key("revoked"),
            401,
            "invalid_api_key",
        ),
        (
            "two keys",
            chat().header("authorization", "Bearer token-chat"),
            401,
            "invalid_api_key",
        ),
        ("an escape", Ask::get("/v1/fi%6ces/x"), 400, "invalid_path"),
        (
            "dot segments",
            Ask::get("/v1/files/../models"),
            400,
            "invalid_path",
        ),
        (
            "another host",
            Ask::get("http://elsewhere.example/v1/models"),
            400,
            "invalid_path",
        ),
        (
            "a model in the query",
            Ask::get("/v1/models?model=a"),
            400,
            "invalid_query",
        ),
        (
            "a name twice",
            Ask::get("/v1/models?a=1&a=2"),
            400,
            "invalid_query",
        ),
        (
            "a doubled base",
            Ask::get("/v1/v1/models"),
            404,
            "unknown_route",
        ),
        (
            "no such route",
            Ask::post("/v1/responses").json("{}"),
            404,
            "unknown_route",
        ),
        (
            "PUT",
            Ask::plain("PUT", "/v1/models").key("all"),
            405,
            "method_not_allowed",
        ),
        (
            "OPTIONS",
            Ask::plain("OPTIONS", "/v1/models").key("all"),
            405,
            "method_not_allowed",
        ),
        (
            "a route the client lacks",
            Ask::post("/v1/audio/speech").json("{}"),
            404,
            "route_not_supported",
        ),
        (
            "an extension",
            Ask::post("/v1/images/generations").json("{}"),
            404,
            "gt_extension_route",
        ),
        (
            "another purpose",
            chat().key("upload"),
            403,
            "purpose_not_allowed",
        ),
        (
            "no scope",
            Ask::post("/v1/embeddings")
                .key("chat")
                .json(r#"{"model":"embedder"}"#),
            403,
            "insufficient_scope",
        ),
        (
            "another dataset",
            Ask::post("/v1/datasets/other/files").body(b"x"),
            403,
            "dataset_not_allowed",
        ),
        (
            "a conversation",
            chat().key("chat").header("x-gt-conversation-id", "c"),
            403,
            "conversation_not_allowed",
        ),
        (
            "no conversation",
            Ask::post("/v1/conversations/files").body(b"x"),
            400,
            "missing_conversation",
        ),
        (
            "no type",
            chat().without("content-type"),
            415,
            "unsupported_media_type",
        ),
        (
            "another type",
            chat().header("content-type", "a/b"),
            415,
            "unsupported_media_type",
        ),
        (
            "compressed",
            chat().header("content-encoding", "gzip"),
            415,
            "unsupported_media_type",
        ),
        (
            "multipart",
            Ask::post("/v1/audio/transcriptions").body(b"x"),
            415,
            "unsupported_media_type",
        ),
        (
            "a large body",
            Ask::post("/v1/chat/completions")
                .key("small")
                .json(&large(1 << 20)),
            413,
            "body_too_large",
        ),
        (
            "a large chunked body",
            Ask::post("/v1/chat/completions")
                .key("small")
                .json(&large(1 << 20))
                .chunked(65_536),
            413,
            "body_too_large",
        ),
        (
            "two lengths",
            upload().header("content-length", "9"),
            400,
            "invalid_request",
        ),
        ("no JSON", chat().json("{"), 400, "invalid_body"),
        ("an empty body", chat().json(""), 400, "invalid_body"),
        ("a list", chat().json("[]"), 400, "invalid_body"),
        (
            "a number for a model",
            chat().json(r#"{"model":1}"#),
            400,
            "invalid_body",
        ),
        (
            "two models",
            chat().json(r#"{"model":"gpt-4o","model":"gpt-4o"}"#),
            400,
            "ambiguous_model",
        ),
        (
            "a model in capitals",
            chat().json(r#"{"model":"gpt-4o","Model":"x"}"#),
            400,
            "ambiguous_model",
        ),
        ("no model", chat().json("{}"), 400, "missing_model"),
        (
            "an unknown model",
            Ask::chat("gpt-5"),
            404,
            "model_not_found",
        ),
        (
            "a model of another route",
            Ask::chat("embedder"),
            404,
            "model_not_found",
        ),
        (
            "a model not on the key",
            chat().key("mini"),
            404,
            "model_not_found",
        ),
        (
            "a published name not on the key",
            chat().key("published"),
            404,
            "model_not_found",
        ),
        ("no policy", chat().key("nowhere"), 503, "no_policy"),
    ]
}

#[test]
fn each_refusal_is_reached_and_gt_never_hears_of_it() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for (name, ask, status, code) in cases() {
        assert_eq!(
            gate.send(&ask).refusal(),
            (status, code.to_owned()),
            "{name}"
        );
        assert_eq!(gt.seen().len(), 0, "{name}");
    }
}

#[test]
fn every_wrong_key_gets_the_same_answer() {
    let gate = Gate::before(&Gt::chatty());
    let bodies = ["unknown", "expired", "revoked"].map(|key| {
        let answer = gate.send(&Ask::chat("gpt-4o").key(key));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        answer.text().to_owned()
    });
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

#[test]
fn a_wrong_method_names_the_right_ones() {
    let gate = Gate::before(&Gt::chatty());
    let answer = gate.send(&Ask::plain("DELETE", "/v1/chat/completions").key("all"));
    assert_eq!(answer.refusal(), (405, "method_not_allowed".to_owned()));
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[test]
fn head_is_refused_without_a_body_where_gt_would_have_to_answer() {
    let gate = Gate::before(&Gt::chatty());
    let mut client = gate.connect();
    client.write(&Ask::plain("HEAD", "/v1/files/f").key("all").bytes());
    assert_eq!(client.head().status, 405);
    assert_eq!(
        client.send(&Ask::get("/v1/models")).status,
        200,
        "the connection goes on"
    );
}

#[test]
fn a_key_that_used_its_minute_waits_as_long_as_it_is_told() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    assert_eq!(gate.send(&Ask::chat("gpt-4o").key("once")).status, 200);
    let answer = gate.send(&Ask::chat("gpt-4o").key("once"));
    assert_eq!(answer.refusal(), (429, "rate_limited".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(gt.seen().len(), 1);
}

#[test]
fn every_answer_names_its_decision_and_its_policy() {
    let gate = Gate::before(&Gt::chatty());
    let (first, second) = (
        gate.send(&Ask::chat("gpt-4o")),
        gate.send(&Ask::chat("gpt-5")),
    );
    for answer in [&first, &second] {
        assert_eq!(answer.header("x-signalbox-policy"), Some("default@1"));
    }
    let id = |index: usize| {
        [&first, &second][index]
            .header("x-signalbox-decision")
            .unwrap()
    };
    assert_ne!(id(0), id(1));
    let stranger = gate.send(&Ask::chat("gpt-4o").key("unknown"));
    assert!(stranger.header("x-signalbox-decision").is_some());
    assert_eq!(stranger.header("x-signalbox-policy"), None);
}

#[test]
fn what_answers_say_of_the_decision_can_be_turned_off() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| {
            config.answer_headers.decision = false;
            config.answer_headers.policy = false;
        })
        .start();
    for ask in [Ask::chat("gpt-4o"), Ask::chat("gpt-5")] {
        let answer = gate.send(&ask);
        assert!(
            answer
                .headers
                .iter()
                .all(|(name, _)| !name.starts_with("x-signalbox-"))
        );
    }
}
