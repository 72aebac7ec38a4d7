//! Routes that clients reach for and GT does not have.

use super::matches;

/// What to do instead of calling a route that OpenAI has and GT has not, if it is one of those.
///
/// `path` is canonical. The text is whole sentences, to stand in an `unknown_route` message.
#[must_use]
pub fn advice(method: &str, path: &str) -> Option<&'static str> {
    ROUTES
        .iter()
        .find(|(methods, template, _)| {
            (methods.is_empty() || methods.contains(&method)) && covers(template, path)
        })
        .map(|(_, _, advice)| *advice)
}

/// Whether a path is a template's, or below it where the template ends in `/*`.
fn covers(template: &str, path: &str) -> bool {
    match template.strip_suffix("/*") {
        Some(root) => path
            .strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        None => matches(template, path).is_some(),
    }
}

const RESPONSES: &str = "GT has no Responses API. Switch the client to Chat Completions: `openai.chat(\"<model>\")` in the Vercel AI SDK, \
     \"Use Responses API\" off in n8n, `client.chat.completions.create` in the OpenAI SDKs.";
const COMPLETIONS: &str = "GT has no text completions. Use `POST /v1/chat/completions`.";
const FILES: &str = "GT has no OpenAI Files API. Upload with `POST /v1/datasets/{id}/files` or `POST /v1/conversations/files`, \
     then poll `GET /v1/files/{id}`.";
const CONVERSATIONS: &str = "GT neither lists, shows nor deletes conversations. `POST /v1/conversations` makes one, \
     and chat uses it by the `X-GT-Conversation-Id` header.";
const ASSISTANTS: &str = "GT has no Assistants API. Use `POST /v1/chat/completions`, with `POST /v1/conversations` and \
     `X-GT-Conversation-Id` where state is kept.";
const TRANSLATIONS: &str = "GT has no audio translations. Use `POST /v1/audio/transcriptions`.";
const IMAGES: &str =
    "GT makes images but does not edit or vary them. Use `POST /v1/images/generations`.";
const STORED: &str =
    "GT does not show stored completions. Keep the answer of `POST /v1/chat/completions`.";
const ABSENT: &str = "GT has no such API. Its OpenAI routes are models, chat completions, embeddings, audio transcriptions, \
     audio speech and image generations.";

/// Methods (none: any), template and advice; the first that covers a path holds.
const ROUTES: &[(&[&str], &str, &str)] = &[
    (&[], "/v1/responses/*", RESPONSES),
    (&[], "/v1/completions", COMPLETIONS),
    (&[], "/v1/engines/*", COMPLETIONS),
    (&["GET", "POST", "DELETE"], "/v1/files", FILES),
    (&["POST", "DELETE"], "/v1/files/{id}", FILES),
    (&[], "/v1/files/{id}/content", FILES),
    (&[], "/v1/uploads", FILES),
    (&[], "/v1/uploads/{id}/parts", FILES),
    (&[], "/v1/uploads/{id}/complete", FILES),
    (&[], "/v1/uploads/{id}/cancel", FILES),
    (&["GET", "DELETE"], "/v1/conversations", CONVERSATIONS),
    (&["GET", "DELETE"], "/v1/conversations/{id}", CONVERSATIONS),
    (&[], "/v1/conversations/{id}/items", CONVERSATIONS),
    (&[], "/v1/assistants/*", ASSISTANTS),
    (&[], "/v1/threads/*", ASSISTANTS),
    (&[], "/v1/vector_stores/*", FILES),
    (&[], "/v1/audio/translations", TRANSLATIONS),
    (&[], "/v1/images/edits", IMAGES),
    (&[], "/v1/images/variations", IMAGES),
    (&["GET"], "/v1/chat/completions", STORED),
    (&[], "/v1/chat/completions/{id}", STORED),
    (
        &[],
        "/v1/messages/*",
        "GT does not speak Anthropic's API. Use an OpenAI-compatible client and `POST /v1/chat/completions`.",
    ),
    (&[], "/v1/rerank", ABSENT),
    (&[], "/v1/moderations", ABSENT),
    (&[], "/v1/batches/*", ABSENT),
    (&[], "/v1/fine_tuning/*", ABSENT),
    (&[], "/v1/realtime/*", ABSENT),
    (&[], "/v1/videos/*", ABSENT),
    (&[], "/v1/evals/*", ABSENT),
    (&[], "/v1/containers/*", ABSENT),
    (&[], "/v1/organization/*", ABSENT),
    (&[], "/v1/usage", ABSENT),
    (
        &[],
        "/v1/health",
        "The gate's own health is on its admin address: `/healthz` and `/readyz`.",
    ),
];
