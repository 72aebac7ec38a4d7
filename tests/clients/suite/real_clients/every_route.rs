//! The OpenAI SDKs on every route GT has, under the policy `full`: what a person who writes against
//! them would see, and what they would read where a key, a model or GT itself says no.

use serde_json::{Value, json};
use signalbox_harness::{
    clients,
    gate::{DEMO_ALL, Gate, Setup},
};

/// A gate with the demo's keys and one for chat alone under the policy `full`.
pub(super) fn gate() -> Gate {
    let chat_alone = "policy: full, preset: chat-client, models: all";
    Setup::demo()
        .key("chat-alone", CHAT_ALONE, chat_alone)
        .start()
}

/// What a script makes of a gate at each base: GT's documented one, the one with `/v1`, and that
/// with the slash that people leave at its end. It must be the same.
pub(super) fn at_every_base(gate: &Gate, script: &str) -> Value {
    let bases = [gate.base(), gate.base_v1(), format!("{}/", gate.base_v1())];
    let told = [
        ("BASE_URLS", bases.join(" ")),
        ("API_KEY", DEMO_ALL.to_owned()),
        ("CHAT_KEY", CHAT_ALONE.to_owned()),
    ];
    let told: Vec<_> = told.iter().map(|(name, it)| (*name, &**it)).collect();
    let Value::Array(mut facts) = clients::ask_by(script, &told) else {
        panic!("{script} prints a list")
    };
    assert_eq!(facts.len(), bases.len());
    facts.dedup();
    let [same] = &facts[..] else {
        panic!("{script} sees a difference between {bases:?}: {facts:#?}")
    };
    same.clone()
}

#[test]
fn openai_python_uses_every_route() {
    let gate = gate();
    assert_eq!(at_every_base(&gate, "openai_routes.py"), facts());
    asked_as_documented(&gate);
}

#[test]
fn openai_node_uses_every_route() {
    let gate = gate();
    assert_eq!(at_every_base(&gate, "openai_routes.mjs"), facts());
    asked_as_documented(&gate);
}

/// GT was asked on its documented paths alone, and never for a name that is not published.
fn asked_as_documented(gate: &Gate) {
    let paths: std::collections::BTreeSet<_> = gate
        .gt()
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    let documented = [
        "/api/tenant/v1/audio/speech",
        "/api/tenant/v1/audio/transcriptions",
        "/api/tenant/v1/chat/completions",
        "/api/tenant/v1/embeddings",
        "/api/tenant/v1/images/generations",
    ];
    assert_eq!(paths.into_iter().collect::<Vec<_>>(), documented);
}

fn facts() -> Value {
    let names = [
        "dall-e-3",
        "gpt-4o",
        "gpt-4o-mini",
        "text-embedding-3-small",
        "tts-1",
        "whisper-1",
    ];
    let question = "What is \"the weather\" in Köln? 🚂";
    let heard = "I heard spoken.wav, 90000 bytes, sha256 fe412ac81d87a8cf.";
    json!({
        "models": {"listed": names, "retrieved": names},
        "chat": {"model": "gpt-4o", "text": format!("You said: {question}")},
        "tool_call": {
            "model": "gpt-4o", "finish_reason": "tool_calls", "name": "get_weather",
            "arguments": {"city": question}, "total_tokens": 14,
        },
        "streamed_tool_call": {
            "models": ["gpt-4o"], "finish_reason": "tool_calls", "name": "get_weather",
            "arguments": {"city": question}, "total_tokens": 14, "in_pieces": true,
        },
        "embeddings": {"vectors": 2, "agree": true, "base64": true, "token_ids": 2},
        "transcriptions": {
            "json": heard, "text": heard, "verbose_json": "de", "with_a_list": heard,
        },
        "speech": {
            "mp3": ["audio/mpeg", 66_720, "823d3dbdde043ce2"],
            "wav": ["audio/wav", 192_044, "07d5270232673e00"],
        },
        "images": {"b64_json": "89504e47", "url": "data:image/png;base64"},
        "refused": refusals(),
    })
}

/// What the SDKs raise, and say: each refusal is asked for once, and never again.
fn refusals() -> Value {
    let refused = |raised: &str, code: &str, message: String| {
        json!({
            "raised": raised, "code": code, "message": message, "sent": 1,
        })
    };
    let no_scope = |route: &str, scope: &str| {
        let message = format!(
            "{route} needs the scope `{scope}`, which this key does not hold. Use a key that has it."
        );
        refused("PermissionDeniedError", "insufficient_scope", message)
    };
    let no_model = |name: &str| {
        let message = format!(
            "The model `{name}` does not exist or this key may not use it here. `GET /v1/models` lists the names it may use."
        );
        refused("NotFoundError", "model_not_found", message)
    };
    let no_route = |route: &str, advice: &str| {
        let message = format!("There is no route {route}. {advice}");
        refused("NotFoundError", "unknown_route", message)
    };
    json!({
        "embeddings": no_scope("POST /v1/embeddings", "inference:embed"),
        "transcriptions": no_scope("POST /v1/audio/transcriptions", "inference:transcribe"),
        "speech": no_scope("POST /v1/audio/speech", "inference:speech"),
        "images": no_scope("POST /v1/images/generations", "inference:image"),
        "image_model_for_chat": no_model("dall-e-3"),
        "transcription_by_a_chat_model": no_model("gpt-4o"),
        "translations": no_route(
            "POST /v1/audio/translations",
            "GT has no audio translations. Use `POST /v1/audio/transcriptions`.",
        ),
        "files": no_route(
            "POST /v1/files",
            "GT has no OpenAI Files API. Upload with `POST /v1/datasets/{id}/files` or \
             `POST /v1/conversations/files`, then poll `GET /v1/files/{id}`.",
        ),
        "completions": no_route(
            "POST /v1/completions",
            "GT has no text completions. Use `POST /v1/chat/completions`: in most clients the chat \
             model or chat endpoint in place of the completion one.",
        ),
        "responses": no_route("POST /v1/responses", NO_RESPONSES),
        "assistants": no_route(
            "GET /v1/assistants",
            "GT has no Assistants API. Use `POST /v1/chat/completions`, with \
             `POST /v1/conversations` and `X-GT-Conversation-Id` where state is kept.",
        ),
    })
}

/// What whoever calls the Responses API reads.
pub(super) const NO_RESPONSES: &str = "GT has no Responses API. Switch the client to Chat \
    Completions: `openai.chat(\"<model>\")` or `@ai-sdk/openai-compatible` in the Vercel AI SDK, \
    \"Use Responses API\" off in n8n's OpenAI Chat Model node, `use_responses_api=False` in LangChain, \
    `set_default_openai_api(\"chat_completions\")` in the OpenAI Agents SDK, \
    `client.chat.completions.create` in the OpenAI SDKs.";

const CHAT_ALONE: &str = "gtak_chat_alone";
