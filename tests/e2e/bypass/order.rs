//! The order of checks: the list in `docs/design.md`, held to what the gate does.

use std::{collections::BTreeSet, fs};

use signalbox_harness::{
    gate::{DEMO, DEMO_UPLOAD},
    http::Ask,
    root,
};
use signalbox_http::refusal::Code;

use super::{
    CHAT, CONVERSATION, LIMITED, NOTHING, SMALL, SPENT, WRONG_PURPOSE, at, chat, is_refusal, setup,
};

/// Each breaks at least two rules and is refused for the first of them in the page's order. Every two
/// neighbours of the list are tried.
#[test]
fn the_first_broken_rule_is_the_one_that_is_named() {
    let gate = setup().start();
    assert_eq!(gate.ask(&chat().key(SPENT)).status, 200);
    let long = || "x".repeat(2 << 20);
    let conversation = |ask: Ask| ask.header("x-gt-conversation-id", "conv_1");
    let typed = |ask: Ask, value: &str| ask.without("content-type").header("content-type", value);
    let rows: Vec<(&str, &str, Ask, Code)> = vec![
        (
            "head",
            "syntax",
            chat()
                .header("x-long", &"x".repeat(100 << 10))
                .header("upgrade", "websocket"),
            Code::HeadTooLarge,
        ),
        (
            "head",
            "key",
            chat().header("x-long", &"x".repeat(100 << 10)),
            Code::HeadTooLarge,
        ),
        (
            "syntax",
            "key",
            Ask::get("/v1/models").body("{}"),
            Code::InvalidRequest,
        ),
        (
            "syntax",
            "key",
            Ask::get("/v1/responses").header("upgrade", "websocket"),
            Code::WebsocketNotSupported,
        ),
        (
            "key",
            "path",
            at("/v1/chat%2Fcompletions"),
            Code::InvalidApiKey,
        ),
        ("key", "route", at("/v1/responses"), Code::InvalidApiKey),
        ("key", "body", Ask::json(CHAT, "{"), Code::InvalidApiKey),
        (
            "path",
            "query",
            at("/v1//responses?model=x").key(DEMO),
            Code::InvalidPath,
        ),
        (
            "query",
            "route",
            at("/v1/responses?model=x").key(DEMO),
            Code::InvalidQuery,
        ),
        (
            "route",
            "purpose",
            at("/v1/responses").key(WRONG_PURPOSE),
            Code::UnknownRoute,
        ),
        (
            "method",
            "verdict",
            Ask::get("/v1/audio/speech").key(DEMO),
            Code::MethodNotAllowed,
        ),
        (
            "method",
            "scope",
            Ask::get(CHAT).key(NOTHING),
            Code::MethodNotAllowed,
        ),
        (
            "verdict",
            "purpose",
            at("/v1/audio/speech").key(WRONG_PURPOSE),
            Code::RouteNotSupported,
        ),
        (
            "verdict",
            "purpose",
            at("/v1/conversations").key(WRONG_PURPOSE),
            Code::GtExtensionRoute,
        ),
        (
            "verdict",
            "body",
            Ask::json("/v1/audio/speech", "{").key(DEMO),
            Code::RouteNotSupported,
        ),
        (
            "purpose",
            "scope",
            chat().key(WRONG_PURPOSE),
            Code::PurposeNotAllowed,
        ),
        (
            "scope",
            "dataset",
            at("/v1/datasets/other/files").key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "scope",
            "conversation",
            conversation(chat()).key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "scope",
            "type",
            typed(chat(), "text/plain").key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "scope",
            "model",
            Ask::json(CHAT, r#"{"model":"gpt-5"}"#).key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "scope",
            "body",
            Ask::json(CHAT, "{").key(NOTHING),
            Code::InsufficientScope,
        ),
        (
            "conversation",
            "caller",
            conversation(at("/v1/embeddings")).key(LIMITED),
            Code::ConversationNotAllowed,
        ),
        (
            "caller",
            "type",
            typed(at("/v1/embeddings"), "text/plain").key(LIMITED),
            Code::CallerNotAllowed,
        ),
        (
            "caller",
            "header",
            at("/v1/embeddings").key(LIMITED),
            Code::CallerNotAllowed,
        ),
        (
            "header",
            "type",
            typed(chat(), "text/plain").key(LIMITED),
            Code::MissingHeader,
        ),
        (
            "model",
            "ceiling",
            Ask::json(CHAT, r#"{"model":"gpt-5","n":2}"#)
                .header("x-team", "a")
                .key(LIMITED),
            Code::ModelNotFound,
        ),
        (
            "conversation",
            "type",
            conversation(typed(chat(), "text/plain")).key(DEMO),
            Code::ConversationNotAllowed,
        ),
        (
            "conversation",
            "model",
            conversation(Ask::json(CHAT, "{}")).key(DEMO),
            Code::ConversationNotAllowed,
        ),
        (
            "dataset",
            "conversation",
            conversation(at("/v1/datasets/other/files")).key(DEMO_UPLOAD),
            Code::DatasetNotAllowed,
        ),
        (
            "header",
            "type",
            typed(at("/v1/conversations/files"), "text/plain").key(CONVERSATION),
            Code::MissingConversation,
        ),
        (
            "header",
            "length",
            Ask::json("/v1/conversations/files", long()).key(CONVERSATION),
            Code::MissingConversation,
        ),
        (
            "type",
            "length",
            typed(Ask::json(CHAT, long()), "text/plain").key(SMALL),
            Code::UnsupportedMediaType,
        ),
        (
            "type",
            "rate",
            typed(chat(), "text/plain").key(SPENT),
            Code::UnsupportedMediaType,
        ),
        (
            "length",
            "rate",
            Ask::json(CHAT, long()).key(SPENT),
            Code::BodyTooLarge,
        ),
        (
            "length",
            "body",
            Ask::json(CHAT, long()).key(SMALL),
            Code::BodyTooLarge,
        ),
        (
            "rate",
            "body",
            Ask::json(CHAT, "{").key(SPENT),
            Code::RateLimited,
        ),
        (
            "rate",
            "model",
            Ask::json(CHAT, r#"{"model":"gpt-5"}"#).key(SPENT),
            Code::RateLimited,
        ),
        (
            "rate",
            "model",
            Ask::json(CHAT, "{}").key(SPENT),
            Code::RateLimited,
        ),
        (
            "body",
            "model",
            Ask::json(CHAT, r#"{"messages":[}"#).key(DEMO),
            Code::InvalidBody,
        ),
        (
            "body",
            "model",
            Ask::json(CHAT, r#"{"model":"x","model":"y"}"#).key(DEMO),
            Code::AmbiguousModel,
        ),
    ];
    let documented = documented();
    let place = |check: &str| {
        let found = documented.iter().position(|(name, _)| name == check);
        found.unwrap_or_else(|| panic!("`{check}` is not in {PAGE}"))
    };
    let mut neighbours = BTreeSet::new();
    for (first, second, ask, code) in rows {
        let name = format!("{first} before {second}");
        is_refusal(&name, &gate.ask(&ask), code);
        let (first, second) = (place(first), place(second));
        assert!(first < second, "{PAGE} has {name} the other way round");
        let codes = &documented[first].1;
        assert!(codes.contains(code.word()), "{PAGE}, {name}: {codes}");
        if first + 1 == second {
            neighbours.insert(first);
        }
    }
    for (index, pair) in documented.windows(2).enumerate() {
        let pair = [&*pair[0].0, &*pair[1].0];
        assert_eq!(
            neighbours.contains(&index),
            !EXCLUSIVE.contains(&pair),
            "{pair:?}: one request that breaks both, or a reason why there is none"
        );
    }
    assert_eq!(
        gate.gt().requests_seen(),
        1,
        "only the one that spent the key's request"
    );
}

/// Neighbours in the list that no request can break both of: a method is wrong only on a known route.
const EXCLUSIVE: &[[&str; 2]] = &[["route", "method"]];
const PAGE: &str = "docs/design.md";

/// The checks in the order of the page's list, each with what it refuses with.
fn documented() -> Vec<(String, String)> {
    let page = fs::read_to_string(root().join(PAGE)).expect("the page is there");
    let (_, section) = page
        .split_once("## Order of checks\n")
        .expect("its section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let cells = rows.skip(2).map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, _number, check, _what, _who, codes, _] = cells[..] else {
            panic!("five cells: {row}")
        };
        (check.to_owned(), codes.to_owned())
    });
    cells.collect()
}
