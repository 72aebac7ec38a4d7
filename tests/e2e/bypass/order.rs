//! The order of checks, as the design gives it: head, key, path, query, route, method, verdict,
//! purpose, scope, dataset, conversation, required header, type, length, rate, body, model.

use signalbox_harness::{gate::DEMO, http::Ask};
use signalbox_http::refusal::Code;

use super::{
    CHAT, CONVERSATION, NOTHING, Row, SMALL, SPENT, WRONG_PURPOSE, at, chat, is_refusal, setup,
};

/// Each breaks at least two rules and is refused for the first of them in the design's order.
#[test]
fn the_first_broken_rule_is_the_one_that_is_named() {
    let gate = setup().start();
    assert_eq!(gate.ask(&chat().key(SPENT)).status, 200);
    let long = || "x".repeat(2 << 20);
    let conversation = |ask: Ask| ask.header("x-gt-conversation-id", "conv_1");
    let typed = |ask: Ask, value: &str| ask.without("content-type").header("content-type", value);
    let rows: Vec<Row> = vec![
        (
            "head before key",
            chat().header("x-long", &"x".repeat(100 << 10)),
            Code::HeadTooLarge,
        ),
        (
            "syntax before key",
            Ask::get("/v1/models").body("{}"),
            Code::InvalidRequest,
        ),
        (
            "key before path",
            at("/v1/chat%2Fcompletions"),
            Code::InvalidApiKey,
        ),
        ("key before route", at("/v1/responses"), Code::InvalidApiKey),
        ("key before body", Ask::json(CHAT, "{"), Code::InvalidApiKey),
        (
            "path before query",
            at("/v1//responses?model=x").key(DEMO),
            Code::InvalidPath,
        ),
        (
            "query before route",
            at("/v1/responses?model=x").key(DEMO),
            Code::InvalidQuery,
        ),
        (
            "route before purpose",
            at("/v1/responses").key(WRONG_PURPOSE),
            Code::UnknownRoute,
        ),
        (
            "method before verdict",
            Ask::get("/v1/audio/speech").key(DEMO),
            Code::MethodNotAllowed,
        ),
        (
            "method before scope",
            Ask::get(CHAT).key(NOTHING),
            Code::MethodNotAllowed,
        ),
        (
            "verdict before purpose",
            at("/v1/audio/speech").key(WRONG_PURPOSE),
            Code::RouteNotSupported,
        ),
        (
            "action before purpose",
            at("/v1/conversations").key(WRONG_PURPOSE),
            Code::GtExtensionRoute,
        ),
        (
            "verdict before body",
            Ask::json("/v1/audio/speech", "{").key(DEMO),
            Code::RouteNotSupported,
        ),
        (
            "purpose before scope",
            chat().key(WRONG_PURPOSE),
            Code::PurposeNotAllowed,
        ),
        (
            "scope before dataset",
            at("/v1/datasets/other/files").key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "scope before conversation",
            conversation(chat()).key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "scope before type",
            typed(chat(), "text/plain").key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "scope before model",
            Ask::json(CHAT, r#"{"model":"gpt-5"}"#).key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "scope before body",
            Ask::json(CHAT, "{").key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "conversation before type",
            conversation(typed(chat(), "text/plain")).key(DEMO),
            Code::ConversationNotAllowed,
        ),
        (
            "conversation before model",
            conversation(Ask::json(CHAT, "{}")).key(DEMO),
            Code::ConversationNotAllowed,
        ),
        (
            "header before length",
            Ask::json("/v1/conversations/files", long()).key(CONVERSATION),
            Code::MissingConversation,
        ),
        (
            "type before length",
            typed(Ask::json(CHAT, long()), "text/plain").key(SMALL),
            Code::UnsupportedMediaType,
        ),
        (
            "type before rate",
            typed(chat(), "text/plain").key(SPENT),
            Code::UnsupportedMediaType,
        ),
        (
            "length before rate",
            Ask::json(CHAT, long()).key(SPENT),
            Code::BodyTooLarge,
        ),
        (
            "length before body",
            Ask::json(CHAT, long()).key(SMALL),
            Code::BodyTooLarge,
        ),
        (
            "rate before body",
            Ask::json(CHAT, "{").key(SPENT),
            Code::RateLimited,
        ),
        (
            "rate before model",
            Ask::json(CHAT, r#"{"model":"gpt-5"}"#).key(SPENT),
            Code::RateLimited,
        ),
        (
            "rate before no model",
            Ask::json(CHAT, "{}").key(SPENT),
            Code::RateLimited,
        ),
        (
            "body before model",
            Ask::json(CHAT, r#"{"messages":[}"#).key(DEMO),
            Code::InvalidBody,
        ),
        (
            "two models before an unknown one",
            Ask::json(CHAT, r#"{"model":"x","model":"y"}"#).key(DEMO),
            Code::AmbiguousModel,
        ),
    ];
    for (name, ask, code) in rows {
        is_refusal(name, &gate.ask(&ask), code);
    }
    assert_eq!(
        gate.gt().requests_seen(),
        1,
        "only the one that spent the key's request"
    );
}
