//! The words generated documents, callers and requests share.

pub(super) const SCOPES: &[&str] = &[
    "datasets:write",
    "inference:chat",
    "inference:embed",
    "inference:image",
    "inference:speech",
    "inference:transcribe",
    "team/search",
];

pub(super) const MODELS: &[&str] = &[
    "dall-e-3",
    "g",
    "gpt-4",
    "gpt-4o",
    "gpt-4o-mini",
    "openai/gpt-4o",
    "text-embedding-3-small",
    "tts-1",
    "whisper 1",
    "ünïcödé-模型",
];

pub(super) const PATTERNS: &[&str] =
    &["*", "g*", "gpt-*", "gpt-4o*", "gpt-4o-m*", "openai/*", "ü*"];

pub(super) const PUBLISHED: &[&str] = &["gpt-4o", "gt-small", "agent: two", "support-agent"];

pub(super) const KEYS: &[&str] = &["generated", "key-1"];

pub(super) const LABELS: &[&str] = &["plan", "team"];

pub(super) const DATASETS: &[&str] = &["a", "briefs", "reference-briefs"];

/// Routes besides those of [`crate::Endpoint`]; no two take the same path with other names.
pub(super) const ROUTES: &[(&str, &str)] = &[
    ("GET", "/v1/models"),
    ("POST", "/v1/conversations/files"),
    ("POST", "/v1/datasets/{id}/files"),
    ("GET", "/v1/files/{id}"),
    ("DELETE", "/v1/files/{id}"),
    ("POST", "/v1/responses"),
    ("PUT", "/v1/x/{one}/{two}"),
    ("POST", "/v1/x/{one}/b"),
    ("POST", "/v1/x/a/{two}"),
    ("GET", "/v1/x/a/b"),
];

pub(super) const PATHS: &[&str] = &[
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/chat/completions",
    "/v1/chat/completions",
    "/v1/conversations",
    "/v1/conversations/files",
    "/v1/datasets/briefs/files",
    "/v1/datasets/other/files",
    "/v1/embeddings",
    "/v1/files/file-1",
    "/v1/images/generations",
    "/v1/models",
    "/v1/responses",
    "/v1/x/a/b",
    "/v1/x/a/c",
    "/v1/x/c/b",
];
