//! What GT says, made once: making it again for each request would only take the machine's time.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::workload::{EVENTS, MEGABYTE};

/// The answers.
#[derive(Debug)]
pub(super) struct Answers {
    embeddings: Bytes,
    models: Bytes,
}

impl Answers {
    pub(super) fn new() -> Self {
        Self {
            embeddings: embeddings(),
            models: models(),
        }
    }

    /// The answer of a route that has one.
    pub(super) fn to(&self, path: &str) -> Option<Bytes> {
        match path {
            "/chat/completions" => Some(Bytes::from_static(CHAT)),
            "/embeddings" => Some(self.embeddings.clone()),
            "/models" => Some(self.models.clone()),
            "/audio/transcriptions" => Some(Bytes::from_static(TRANSCRIPT)),
            _ => None,
        }
    }

    /// The events of a streamed chat, in order.
    pub(super) fn events(&self) -> std::vec::IntoIter<Bytes> {
        let mut events = vec![Bytes::from_static(EVENT); EVENTS - 1];
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        events.into_iter()
    }
}

/// Whether a chat asked for a stream; bodies that do are small here.
pub(super) fn wants_events(body: &[u8]) -> bool {
    let wish = br#""stream":true"#;
    body.len() < 4096 && body.windows(wish.len()).any(|part| part == wish)
}

/// Vectors of 1,536 numbers until the megabyte is full.
fn embeddings() -> Bytes {
    let mut text = String::from("{\"object\":\"list\",\"data\":[");
    let mut state = 1_u32;
    let mut index = 0;
    while text.len() < MEGABYTE {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{comma}{{\"object\":\"embedding\",\"index\":{index},\"embedding\":["
        );
        for number in 0..1536 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let comma = if number == 0 { "" } else { "," };
            let _ = write!(
                text,
                "{comma}{}",
                f64::from(state) / f64::from(u32::MAX) - 0.5
            );
        }
        text.push_str("]}");
        index += 1;
    }
    text.push_str("],\"model\":\"gt-embed\",\"usage\":{\"prompt_tokens\":5,\"total_tokens\":5}}");
    Bytes::from(text)
}

/// What the policy publishes, among what it does not.
fn models() -> Bytes {
    let published = ["gt-small", "gt-mini", "gt-embed", "gt-whisper"];
    let others = (0..16).map(|number| format!("agent-{number}"));
    let entries: Vec<String> = published
        .map(str::to_owned)
        .into_iter()
        .chain(others)
        .map(|id| format!("{{\"id\":\"{id}\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"gt\"}}"))
        .collect();
    Bytes::from(format!(
        "{{\"object\":\"list\",\"data\":[{}]}}",
        entries.join(",")
    ))
}

const CHAT: &[u8] = br#"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gt-small","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I help you today?"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}"#;
const TRANSCRIPT: &[u8] = br#"{"text":"Keep to the left."}"#;
const EVENT: &[u8] = b"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gt-small\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n";
