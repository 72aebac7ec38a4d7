//! The frameworks above the SDKs, as GT's runbooks name them: chat, stream, a whole turn with a tool,
//! embeddings, and what a developer reads who uses what GT does not have.

use serde_json::{Value, json};

use super::every_route::{NO_RESPONSES, at_every_base, gate};

#[test]
fn langchain_for_python_passes() {
    let mut expected = langchain();
    // It raises a class of its own for every 404, which is also the OpenAI SDK's.
    for (case, raised, status) in [
        (
            "unknown_model",
            "OpenAIModelNotFoundError",
            "model_not_found",
        ),
        ("no_scope", "PermissionDeniedError", "insufficient_scope"),
        ("responses", "OpenAIModelNotFoundError", "unknown_route"),
    ] {
        expected[case] = json!({"raised": raised, "code": status, "sent": 1});
    }
    assert_eq!(at_every_base(&gate(), "langchain_python.py"), expected);
}

#[test]
fn langchain_for_javascript_passes() {
    let mut expected = langchain();
    for (case, status, code) in [
        ("unknown_model", 404, "model_not_found"),
        ("no_scope", 403, "insufficient_scope"),
        ("responses", 404, "unknown_route"),
    ] {
        expected[case] = json!({"status": status, "code": code, "sent": 1});
    }
    assert_eq!(at_every_base(&gate(), "langchain_node.mjs"), expected);
}

fn langchain() -> Value {
    let mut facts = chat_and_tools();
    facts["embeddings"] = json!({"vectors": 2, "query_is_document": true});
    facts
}

/// What LangChain and the Vercel AI SDK both tell.
fn chat_and_tools() -> Value {
    let text = "You said: What is \"the weather\" in Köln? 🚂";
    let call = json!(["get_weather", {"city": "get_weather of Köln"}]);
    json!({
        "chat": {
            "text": text, "model": "gpt-4o", "finish_reason": "stop", "counts_tokens": true,
        },
        "stream": {"text": text, "model": "gpt-4o", "in_pieces": true, "counts_tokens": true},
        "tools": {
            "call": call, "streamed_call": call, "afterwards": "You said: get_weather of Köln",
        },
    })
}

#[test]
fn llamaindex_passes() {
    let text = "You said: What is \"the weather\" in Köln? 🚂";
    let expected = json!({
        "chat": {"text": text, "model": "gpt-4o"},
        "complete": text,
        "stream": {"text": text, "in_pieces": true, "models": ["gpt-4o"]},
        "tools": "sunny in get_weather of Köln",
        "embeddings": {"vectors": 2, "query_is_document": true},
        "unknown_model": {"raised": "NotFoundError", "code": "model_not_found", "sent": 1},
        "no_scope": {"raised": "PermissionDeniedError", "code": "insufficient_scope", "sent": 1},
        "class_for_openai_itself": {
            "raised": "ValueError", "about": "Unknown model 'support'", "sent": 0,
        },
    });
    assert_eq!(at_every_base(&gate(), "llamaindex_python.py"), expected);
}

#[test]
fn vercel_ai_sdk_passes() {
    let mut passes = chat_and_tools();
    passes["tools"]["streamed_afterwards"] = passes["tools"]["afterwards"].clone();
    passes["embeddings"] = json!({"vectors": 2, "same_length": true});
    // The developer reads our words, not a parse error or a bare status.
    let refused = |status: u16, message: String| {
        json!({
            "status": status, "message": message, "retryable": false, "sent": 1,
        })
    };
    let expected = json!({
        "openai": passes,
        "compatible": passes,
        "unknown_model": refused(404, "The model `no-such-model` does not exist or this key may not \
            use it here. `GET /v1/models` lists the names it may use.".to_owned()),
        "no_scope": refused(403, "POST /v1/embeddings needs the scope `inference:embed`, which this \
            key does not hold. Use a key that has it.".to_owned()),
        "responses": refused(404, format!("There is no route POST /v1/responses. {NO_RESPONSES}")),
    });
    assert_eq!(at_every_base(&gate(), "ai_sdk.mjs"), expected);
}
