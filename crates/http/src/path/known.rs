//! Routes that clients reach for and GT does not have.

use super::matches;

/// What to do instead of calling a route that OpenAI has and GT has not, if it is one of those.
///
/// `path` is canonical. The text is whole sentences, to stand in an `unknown_route` message.
#[must_use]
pub fn advice(method: &str, path: &str) -> Option<&'static str> {
    if (method, path) == GTS_OWN {
        return None;
    }
    ROUTES
        .iter()
        .find(|(methods, template, _)| {
            (methods.is_empty() || methods.contains(&method)) && covers(template, path)
        })
        .map(|(_, _, advice)| *advice)
}

/// Whether a path is a template's, or below it where the template ends in `/*`.
fn covers(template: &str, path: &str) -> bool {
    let Some(root) = template.strip_suffix("/*") else {
        return matches(template, path).is_some();
    };
    let depth = root.split('/').count();
    let end = path.match_indices('/').nth(depth - 1).map(|(at, _)| at);
    let top = end.and_then(|end| path.get(..end)).unwrap_or(path);
    matches(root, top).is_some()
}

/// A route of GT's whose path is also one of OpenAI's, with `files` for an id.
const GTS_OWN: (&str, &str) = ("POST", "/v1/conversations/files");

const RESPONSES: &str = "GT has no Responses API. Switch the client to Chat Completions: `openai.chat(\"<model>\")` or `@ai-sdk/openai-compatible` \
     in the Vercel AI SDK, \"Use Responses API\" off in n8n's OpenAI Chat Model node, `use_responses_api=False` in LangChain, \
     `set_default_openai_api(\"chat_completions\")` in the OpenAI Agents SDK, `client.chat.completions.create` in the OpenAI SDKs.";
const COMPLETIONS: &str = "GT has no text completions. Use `POST /v1/chat/completions`: in most clients the chat model or chat endpoint \
     in place of the completion one.";
const FILES: &str = "GT has no OpenAI Files API. Upload with `POST /v1/datasets/{id}/files` or `POST /v1/conversations/files`, \
     then poll `GET /v1/files/{id}`.";
const VECTOR_STORES: &str = "GT has no vector stores: its agents search GT's own datasets. Upload with `POST /v1/datasets/{id}/files`, \
     or keep the vectors yourself with `POST /v1/embeddings`.";
const CONVERSATIONS: &str = "GT neither lists, shows, changes nor deletes conversations. `POST /v1/conversations` makes one, \
     and chat uses it by the `X-GT-Conversation-Id` header.";
const ASSISTANTS: &str = "GT has no Assistants API. Use `POST /v1/chat/completions`, with `POST /v1/conversations` and \
     `X-GT-Conversation-Id` where state is kept.";
const TRANSLATIONS: &str = "GT has no audio translations. Use `POST /v1/audio/transcriptions`.";
const REALTIME: &str = "GT has no Realtime API. Use `POST /v1/audio/transcriptions`, `POST /v1/chat/completions` and \
     `POST /v1/audio/speech`.";
const IMAGES: &str =
    "GT makes images but does not edit or vary them. Use `POST /v1/images/generations`.";
const STORED: &str =
    "GT does not show stored completions. Keep the answer of `POST /v1/chat/completions`.";
const BATCHES: &str = "GT has no batches. Send the requests one by one to `POST /v1/chat/completions` or \
     `POST /v1/embeddings`.";
const MODERATIONS: &str = "GT has no moderation route: its guardrails are part of the key and the agent. Turn moderation off in the client.";
const MODELS: &str =
    "Models are published in GT's own workspace. `GET /v1/models` lists those this key may use.";
const ADMIN: &str =
    "GT has no route for keys, usage or members: they are managed in GT's own workspace.";
const ABSENT: &str = "GT has no such API. Its OpenAI routes are models, chat completions, embeddings, audio transcriptions, \
     audio speech and image generations.";
const ANTHROPIC: &str = "GT does not speak Anthropic's API. Use an OpenAI-compatible client and `POST /v1/chat/completions`.";
const AZURE: &str = "GT does not speak Azure's or Google's form of the API. Choose the client's plain OpenAI or OpenAI-compatible \
     provider, with a base URL that ends in `/api/tenant/v1`.";
const OLLAMA: &str = "GT does not speak Ollama's API. Choose the client's OpenAI-compatible provider, with a base URL that ends \
     in `/api/tenant/v1`.";
const HEALTH: &str = "The gate's own health is on its admin address: `/healthz` and `/readyz`.";

/// Methods (none: any), template and advice; the first that covers a path holds.
const ROUTES: &[(&[&str], &str, &str)] = &[
    (&[], "/v1/responses/*", RESPONSES),
    (&[], "/v1/completions", COMPLETIONS),
    (&[], "/v1/engines/*", COMPLETIONS),
    (&[], "/v1/edits", COMPLETIONS),
    (&["GET", "POST", "DELETE"], "/v1/files", FILES),
    (&["POST", "DELETE"], "/v1/files/{id}", FILES),
    (&[], "/v1/files/{id}/content", FILES),
    (&[], "/v1/uploads", FILES),
    (&[], "/v1/uploads/{id}/parts", FILES),
    (&[], "/v1/uploads/{id}/complete", FILES),
    (&[], "/v1/uploads/{id}/cancel", FILES),
    (&["GET", "DELETE"], "/v1/conversations", CONVERSATIONS),
    (&["GET", "DELETE"], "/v1/conversations/files", FILES),
    (&[], "/v1/conversations/{id}/items/*", CONVERSATIONS),
    (
        &["GET", "POST", "DELETE"],
        "/v1/conversations/{id}",
        CONVERSATIONS,
    ),
    (&["GET", "DELETE"], "/v1/datasets/{id}/files", FILES),
    (&[], "/v1/assistants/*", ASSISTANTS),
    (&[], "/v1/threads/*", ASSISTANTS),
    (&[], "/v1/chatkit/*", ASSISTANTS),
    (&[], "/v1/vector_stores/*", VECTOR_STORES),
    (&[], "/v1/audio/translations", TRANSLATIONS),
    (&[], "/v1/realtime/*", REALTIME),
    (&[], "/v1/images/edits", IMAGES),
    (&[], "/v1/images/variations", IMAGES),
    (&["GET"], "/v1/chat/completions", STORED),
    (&[], "/v1/chat/completions/{id}", STORED),
    (&[], "/v1/chat/completions/{id}/messages", STORED),
    (&[], "/v1/batches/*", BATCHES),
    (&[], "/v1/moderations", MODERATIONS),
    (&["POST", "DELETE"], "/v1/models", MODELS),
    (&[], "/v1/fine_tuning/*", MODELS),
    (&[], "/v1/fine-tunes/*", MODELS),
    (&[], "/v1/organization/*", ADMIN),
    (&[], "/v1/projects/*", ADMIN),
    (&[], "/v1/dashboard/*", ADMIN),
    (&[], "/v1/usage", ADMIN),
    (&[], "/v1/rerank", ABSENT),
    (&[], "/v1/videos/*", ABSENT),
    (&[], "/v1/evals/*", ABSENT),
    (&[], "/v1/containers/*", ABSENT),
    (&[], "/v1/skills/*", ABSENT),
    (&[], "/v1/content_provenance_checks", ABSENT),
    (&[], "/v1/messages/*", ANTHROPIC),
    (&[], "/v1/openai/*", AZURE),
    (&[], "/v1/v1beta/*", AZURE),
    (&[], "/v1/api/chat", OLLAMA),
    (&[], "/v1/api/generate", OLLAMA),
    (&[], "/v1/api/tags", OLLAMA),
    (&[], "/v1/api/embed", OLLAMA),
    (&[], "/v1/api/embeddings", OLLAMA),
    (&[], "/v1/api/show", OLLAMA),
    (&[], "/v1/api/version", OLLAMA),
    (&[], "/v1/health", HEALTH),
];
