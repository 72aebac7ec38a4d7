//! No way around the gate: every refusal there is can be reached, in the order the design gives, and
//! what is refused does not reach GT; one key's rights are never another's.

mod faults;
mod keys;
mod order;
mod rows;

use signalbox_harness::{
    gate::Setup,
    http::{Answer, Ask},
    policies::component,
};
use signalbox_http::refusal::Code;

use crate::guests::Guest;

const CHAT: &str = "/api/tenant/v1/chat/completions";
const SMALL: &str = "gtak_small_bodies";
const SPENT: &str = "gtak_spent";
const NOWHERE: &str = "gtak_nowhere";
const EXPIRED: &str = "gtak_expired";
const REVOKED: &str = "gtak_revoked";
const CONVERSATION: &str = "gtak_conversation";
const WRONG_PURPOSE: &str = "gtak_wrong_purpose";
const NOTHING: &str = "gtak_nothing";
const LIMITED: &str = "gtak_limited";
const EVIL: &str = "gtak_evil";
const LOOPING: &str = "gtak_looping";

/// The demo, and keys that are each wrong in one way or several.
fn setup() -> Setup {
    Setup::demo()
        .policy("trapping", &Guest::code("(unreachable)").component())
        .policy("looping", &Guest::code("(loop $l (br $l)) (unreachable)").component())
        .key("small", SMALL, "policy: litellm, preset: chat-embeddings, models: all, limits: {body_mb: 1}")
        .key("spent", SPENT, "policy: litellm, preset: chat-embeddings, models: all, limits: {per_minute: 1, streams: 1, body_mb: 1}")
        .key("nowhere", NOWHERE, "policy: nowhere, preset: chat-embeddings, models: all")
        .key("expired", EXPIRED, "policy: litellm, preset: chat-embeddings, models: all, expires: 2020-01-01T00:00:00Z")
        .key("revoked", REVOKED, "policy: litellm, preset: chat-embeddings, models: all, revoked: true")
        .key("conversing", CONVERSATION, "policy: full, group: demo, preset: conversation-uploads, models: all")
        .key("uploading", WRONG_PURPOSE, "policy: litellm, group: demo, purposes: [upload], scopes: [], models: []")
        .key("nothing", NOTHING, "policy: full, group: demo, purposes: [inference, upload], scopes: [], models: [], datasets: []")
        .policy("limited", &component(LIMITING))
        .key("limited", LIMITED, "policy: limited, preset: chat-embeddings, models: all")
        // The hostile guests misbehave for a caller whose id has four letters.
        .key("evil", EVIL, "policy: trapping, preset: chat-client, models: all")
        .key("lulu", LOOPING, "policy: looping, preset: chat-client, models: all")
}

/// A policy for some callers, with a header and a ceiling.
const LIMITING: &str = "\
policy: limited
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json, required_headers: [x-team]}
  POST /v1/embeddings: {verdict: native, scope: \"inference:embed\", model: json}
models:
  gpt-4o: {published: support-agent, ceilings: {n: 1}}
callers:
  others: {keys: [others]}
  everyone: {routes: [GET /v1/models, POST /v1/chat/completions], ceilings: {n: 1}}
";

fn chat() -> Ask {
    Ask::json(
        CHAT,
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#,
    )
}

fn stream() -> Ask {
    Ask::json(
        CHAT,
        r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"hi"}]}"#,
    )
}

fn at(target: &str) -> Ask {
    Ask::json(target, r#"{"model":"gpt-4o","input":"hi","messages":[]}"#)
}

/// An ask, and the refusal it meets.
type Row = (&'static str, Ask, Code);

/// Checks the whole form of a refusal: status, body, and what an SDK is told about trying again.
fn is_refusal(name: &str, answer: &Answer, code: Code) {
    assert_eq!(
        answer.refusal(),
        (code.status(), code.word().to_owned()),
        "{name}: {}",
        answer.text()
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "{name}"
    );
    let error = answer.json()["error"].clone();
    let mut members: Vec<_> = error.as_object().expect("an object").keys().collect();
    members.sort();
    assert_eq!(members, ["code", "message", "param", "type"], "{name}");
    let again = answer.header("x-should-retry");
    // Before the request was admitted nothing was done: then the client's library may try again.
    let may_retry = matches!(
        code,
        Code::Overloaded | Code::NoPolicy | Code::SpoolFailed | Code::UpstreamUnreachable
    );
    assert!(
        again == Some("false") || may_retry && again == Some("true"),
        "{name}: {again:?}"
    );
    let waits = matches!(code, Code::RateLimited) || again == Some("true");
    assert_eq!(answer.header("retry-after").is_some(), waits, "{name}");
}
