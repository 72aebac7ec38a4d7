//! Every refusal that follows from one request alone.

use std::collections::BTreeSet;

use signalbox_harness::{
    gate::{DEMO, DEMO_CHAT, DEMO_UPLOAD},
    http::Ask,
};
use signalbox_http::refusal::Code;

use super::{
    CHAT, CONVERSATION, EVIL, EXPIRED, LIMITED, LOOPING, NOWHERE, REVOKED, Row, SMALL, at, chat,
    is_refusal, setup,
};

fn on_the_head() -> Vec<Row> {
    let two_keys = chat().key(DEMO).key(DEMO);
    let conversation = |ask: Ask| ask.header("x-gt-conversation-id", "conv_1");
    vec![
        (
            "a body on GET",
            Ask::get("/v1/models").key(DEMO).body("{}"),
            Code::InvalidRequest,
        ),
        (
            "TRACE",
            Ask::new("TRACE", "/v1/models").key(DEMO),
            Code::InvalidRequest,
        ),
        (
            "an upgrade",
            Ask::get("/v1/models")
                .key(DEMO)
                .header("upgrade", "tls/1.0"),
            Code::InvalidRequest,
        ),
        (
            "a WebSocket",
            Ask::get("/v1/realtime")
                .key(DEMO)
                .header("upgrade", "websocket"),
            Code::WebsocketNotSupported,
        ),
        (
            "a head too large",
            chat().key(DEMO).header("x-long", &"x".repeat(100 << 10)),
            Code::HeadTooLarge,
        ),
        ("no key", chat(), Code::InvalidApiKey),
        (
            "an unknown key",
            chat().key("gtak_unknown"),
            Code::InvalidApiKey,
        ),
        ("two keys", two_keys, Code::InvalidApiKey),
        (
            "another scheme",
            chat().header("authorization", "Basic eDp5"),
            Code::InvalidApiKey,
        ),
        (
            "a key in another header",
            chat().header("api-key", DEMO),
            Code::InvalidApiKey,
        ),
        (
            "a key in the query",
            at("/v1/models?api_key=gtak_demo"),
            Code::InvalidApiKey,
        ),
        ("an expired key", chat().key(EXPIRED), Code::InvalidApiKey),
        ("a revoked key", chat().key(REVOKED), Code::InvalidApiKey),
        (
            "the upstream's own key",
            chat().key("gtak_upstream_inference"),
            Code::InvalidApiKey,
        ),
        (
            "an escape in the path",
            at("/v1/chat%2Fcompletions").key(DEMO),
            Code::InvalidPath,
        ),
        (
            "a dot segment",
            at("/v1/models/../chat/completions").key(DEMO),
            Code::InvalidPath,
        ),
        (
            "an empty segment",
            at("/v1//chat/completions").key(DEMO),
            Code::InvalidPath,
        ),
        (
            "a parameter",
            at("/v1/chat/completions;x=1").key(DEMO),
            Code::InvalidPath,
        ),
        (
            "a backslash",
            at("/v1/chat\\completions").key(DEMO),
            Code::InvalidPath,
        ),
        (
            "another host",
            at("http://gt.example/v1/chat/completions").key(DEMO),
            Code::InvalidPath,
        ),
        (
            "a model in the query",
            at("/v1/chat/completions?model=gpt-4o").key(DEMO),
            Code::InvalidQuery,
        ),
        (
            "a name twice in the query",
            at("/v1/chat/completions?a=1&a=2").key(DEMO),
            Code::InvalidQuery,
        ),
        (
            "an unknown route",
            at("/v1/responses").key(DEMO),
            Code::UnknownRoute,
        ),
        (
            "a base doubled",
            at("/api/tenant/v1/v1/chat/completions").key(DEMO),
            Code::UnknownRoute,
        ),
        (
            "another method",
            Ask::get(CHAT).key(DEMO),
            Code::MethodNotAllowed,
        ),
        (
            "a route not supported",
            at("/v1/audio/speech").key(DEMO),
            Code::RouteNotSupported,
        ),
        (
            "an extension",
            at("/v1/conversations").key(DEMO),
            Code::GtExtensionRoute,
        ),
        (
            "another purpose",
            chat().key(DEMO_UPLOAD),
            Code::PurposeNotAllowed,
        ),
        (
            "a scope too few",
            at("/v1/embeddings").key(DEMO_CHAT),
            Code::InsufficientScope,
        ),
        (
            "another dataset",
            at("/v1/datasets/other/files").key(DEMO_UPLOAD),
            Code::DatasetNotAllowed,
        ),
        (
            "a conversation without the right",
            conversation(chat()).key(DEMO),
            Code::ConversationNotAllowed,
        ),
        (
            "a file without a conversation",
            at("/v1/conversations/files").key(CONVERSATION),
            Code::MissingConversation,
        ),
        (
            "a route for others",
            at("/v1/embeddings").key(LIMITED),
            Code::CallerNotAllowed,
        ),
        ("a header too few", chat().key(LIMITED), Code::MissingHeader),
        (
            "another type",
            chat()
                .without("content-type")
                .header("content-type", "text/plain")
                .key(DEMO),
            Code::UnsupportedMediaType,
        ),
        (
            "a key without its policy",
            chat().key(NOWHERE),
            Code::NoPolicy,
        ),
        ("a policy that traps", chat().key(EVIL), Code::PolicyFailed),
        (
            "a policy that loops",
            chat().key(LOOPING),
            Code::PolicyTimeout,
        ),
    ]
}

fn in_the_body() -> Vec<Row> {
    let chat = |body: &str| Ask::json(CHAT, body).key(DEMO);
    let long = format!(r#"{{"model":"gpt-4o","x":"{}"}}"#, "x".repeat(2 << 20));
    let chunked = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let undeclared = Ask::new("POST", CHAT)
        .key(SMALL)
        .header("content-type", "application/json")
        .header("transfer-encoding", "chunked")
        .unframed_body(chunked);
    let limited = |body: &str| Ask::json(CHAT, body).header("x-team", "a").key(LIMITED);
    vec![
        (
            "too many answers",
            limited(r#"{"model":"gpt-4o","n":2}"#),
            Code::AboveCeiling,
        ),
        (
            "a number that is none",
            limited(r#"{"model":"gpt-4o","n":1.0}"#),
            Code::UnclearParameter,
        ),
        (
            "a number in another case",
            limited(r#"{"model":"gpt-4o","N":1}"#),
            Code::UnclearParameter,
        ),
        (
            "a number twice",
            limited(r#"{"model":"gpt-4o","n":1,"n":1}"#),
            Code::UnclearParameter,
        ),
        (
            "too long and says so",
            Ask::json(CHAT, long.clone()).key(SMALL),
            Code::BodyTooLarge,
        ),
        (
            "too long and does not say so",
            undeclared,
            Code::BodyTooLarge,
        ),
        ("no JSON", chat("model=gpt-4o"), Code::InvalidBody),
        (
            "two models",
            chat(r#"{"model":"gpt-4o","model":"gpt-4o-mini"}"#),
            Code::AmbiguousModel,
        ),
        ("no model", chat(r#"{"messages":[]}"#), Code::MissingModel),
        (
            "an unknown model",
            chat(r#"{"model":"gpt-5"}"#),
            Code::ModelNotFound,
        ),
        (
            "a published name",
            chat(r#"{"model":"support-agent"}"#),
            Code::ModelNotFound,
        ),
        (
            "a model of another endpoint",
            chat(r#"{"model":"text-embedding-3-small"}"#),
            Code::ModelNotFound,
        ),
    ]
}

#[test]
fn what_is_refused_does_not_reach_gt() {
    let gate = setup().start();
    for (name, ask, code) in on_the_head().into_iter().chain(in_the_body()) {
        let answer = gate.ask(&ask);
        is_refusal(name, &answer, code);
        assert_eq!(gate.gt().requests_seen(), 0, "{name}");
    }
}

#[test]
fn every_code_of_a_json_route_is_reached_by_some_test_here() {
    let elsewhere = [
        Code::RateLimited,
        Code::TooManyStreams,
        Code::Overloaded,
        Code::SpoolFailed,
        Code::RequestTimeout,
        // Of doors that leave the sending to a proxy.
        Code::ProxyCannotRewrite,
        Code::UpstreamUnreachable,
        Code::UpstreamProtocol,
        Code::UpstreamRedirect,
        Code::UpstreamCredentialRejected,
        Code::UpstreamTimeout,
    ];
    let rows = on_the_head()
        .into_iter()
        .chain(in_the_body())
        .map(|(_, _, code)| code);
    let reached: BTreeSet<_> = rows.chain(elsewhere).map(Code::word).collect();
    let all: BTreeSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(reached, all);
}
