//! What is asked, and what a right answer looks like.

use bytes::Bytes;

use crate::Fallible;

/// Requests that are all alike.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) knows_key: bool,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Bytes,
    pub(crate) status: u16,
    /// What stands in the first kilobyte of the answer.
    pub(crate) holds: &'static str,
    /// How many events the answer has.
    pub(crate) events: usize,
    pub(crate) connections: Connections,
}

/// Which connections are new for each request, and whether their handshake takes up a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    Kept,
    NewFromClient { resumes: bool },
    NewToUpstream { resumes: bool },
}

impl Workload {
    pub(crate) fn named(name: &str) -> Fallible<Self> {
        let workload = match name {
            "chat-small" => Self::chat("chat-small"),
            "chat-1mb" => Self {
                body: chat(&text(MEGABYTE), ""),
                ..Self::chat("chat-1mb")
            },
            "sse-500" => Self {
                body: chat(QUESTION, r#","stream":true"#),
                holds: r#""model":"gpt-4o""#,
                events: EVENTS,
                ..Self::chat("sse-500")
            },
            "embeddings-1mb" => Self {
                path: "/v1/embeddings",
                body: Bytes::from_static(
                    br#"{"model":"text-embedding-3-small","input":"How do gates work?"}"#,
                ),
                holds: r#""model":"text-embedding-3-small""#,
                ..Self::chat("embeddings-1mb")
            },
            "refused-key" => Self {
                knows_key: false,
                status: 401,
                holds: r#""code":"invalid_api_key""#,
                ..Self::chat("refused-key")
            },
            "refused-policy" => Self {
                body: Bytes::from_static(
                    br#"{"model":"gpt-5","messages":[{"role":"user","content":"Hello"}]}"#,
                ),
                status: 404,
                holds: r#""code":"model_not_found""#,
                ..Self::chat("refused-policy")
            },
            "models" => Self {
                method: "GET",
                path: "/v1/models",
                content_type: None,
                body: Bytes::new(),
                holds: r#""id":"whisper-1""#,
                ..Self::chat("models")
            },
            "form-1mb" => Self {
                path: "/v1/audio/transcriptions",
                content_type: Some(
                    "multipart/form-data; boundary=0f1e2d3c4b5a69788796a5b4c3d2e1f0",
                ),
                body: form(),
                holds: r#"{"text":"#,
                ..Self::chat("form-1mb")
            },
            "client-handshake-full" => Self {
                connections: Connections::NewFromClient { resumes: false },
                ..Self::chat("client-handshake-full")
            },
            "client-handshake-resumed" => Self {
                connections: Connections::NewFromClient { resumes: true },
                ..Self::chat("client-handshake-resumed")
            },
            "upstream-handshake-full" => Self {
                connections: Connections::NewToUpstream { resumes: false },
                ..Self::chat("upstream-handshake-full")
            },
            "upstream-handshake-resumed" => Self {
                connections: Connections::NewToUpstream { resumes: true },
                ..Self::chat("upstream-handshake-resumed")
            },
            _ => return Err(format!("no workload is called {name}").into()),
        };
        Ok(workload)
    }

    fn chat(name: &'static str) -> Self {
        Self {
            name,
            method: "POST",
            path: "/v1/chat/completions",
            knows_key: true,
            content_type: Some("application/json"),
            body: chat(QUESTION, ""),
            status: 200,
            holds: r#""model":"gpt-4o""#,
            events: 0,
            connections: Connections::Kept,
        }
    }
}

fn chat(question: &str, more: &str) -> Bytes {
    let body = format!(
        "{{\"model\":\"gpt-4o\",\"messages\":[\
         {{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"}},\
         {{\"role\":\"user\",\"content\":\"{question}\"}}],\"temperature\":0.2{more}}}"
    );
    Bytes::from(body)
}

fn form() -> Bytes {
    let boundary = "--0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    let mut form = format!(
        "{boundary}\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n\
         {boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"talk.wav\"\r\n\
         content-type: audio/wav\r\n\r\n"
    )
    .into_bytes();
    // Every byte there is, in an order that never repeats for long, as sound is.
    form.extend((0..MEGABYTE).map(|at| (at.wrapping_mul(0x9e37_79b1) >> 13).to_le_bytes()[0]));
    form.extend_from_slice(format!("\r\n{boundary}--\r\n").as_bytes());
    Bytes::from(form)
}

/// Prose of at least so many bytes, with what JSON has to escape now and then.
pub(crate) fn text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + SENTENCE.len());
    while text.len() < bytes {
        text.push_str(SENTENCE);
    }
    text
}

/// Events of one streamed answer, the last one included.
pub(crate) const EVENTS: usize = 500;
pub(crate) const MEGABYTE: usize = 1 << 20;
const QUESTION: &str = "Say hello in one short sentence, please.";
const SENTENCE: &str =
    r#"A signal box keeps two trains from being on one track at once, \"whatever\" they want.\n"#;
