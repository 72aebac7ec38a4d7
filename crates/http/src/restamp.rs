//! Putting the client's own name for a model into GT's answers while they stream by.
//!
//! Only the value of a top-level `model` string changes, in a JSON answer and in the JSON of every
//! server-sent event; every other byte passes in the push it came with, however the answer is cut
//! into chunks. What is not JSON passes as it is: an answer was already decided on.
//!
//! The same pass reads what the answer says it cost: its `usage`.

mod border;
mod json;
mod kind;
mod output;
mod sse;
mod stamp;
mod usage_chunk;

pub use border::EventBoundary;
pub use json::JsonRestamp;
pub use kind::AnswerKind;
pub use sse::SseRestamp;
pub use stamp::Stamp;
pub use usage_chunk::UsageChunk;

use crate::{
    media::trim,
    refusal::{Code, Refusal},
    usage::Usage,
};

/// What to do with the bytes of an answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Restamp {
    /// Pass them on.
    Pass,
    /// The answer is one JSON text.
    Json(JsonRestamp),
    /// The answer is a stream of server-sent events.
    Sse(SseRestamp),
}

impl Restamp {
    /// What an answer needs, from what it is, its `content-encoding` (all lines joined by commas), its
    /// status, and the name the client is to see, if there is one.
    ///
    /// JSON and events are restamped, whatever their status. Audio, images and text name no model and
    /// pass, encoded or not.
    ///
    /// # Errors
    /// `upstream_protocol` where a restamp is due and cannot be made: the answer is compressed or a
    /// part of one.
    pub fn for_answer(
        kind: AnswerKind,
        content_encoding: Option<&str>,
        status: u16,
        stamp: Option<&Stamp>,
    ) -> Result<Self, Refusal> {
        let (Some(stamp), AnswerKind::Json | AnswerKind::Events) = (stamp, kind) else {
            return Ok(Self::Pass);
        };
        if matches!(status, 204 | 304) {
            return Ok(Self::Pass);
        }
        if status == 206 || !content_encoding.is_none_or(is_identity) {
            return Err(cannot_restamp());
        }
        let stamp = stamp.clone();
        Ok(match kind {
            AnswerKind::Json => Self::Json(JsonRestamp::new(stamp)),
            AnswerKind::Events => Self::Sse(SseRestamp::new(stamp)),
            AnswerKind::Other => Self::Pass,
        })
    }

    /// For an answer that passes as it came, and whose usage is to be known. There is none to read in
    /// one that is compressed or a part of one.
    #[must_use]
    pub fn reading(kind: AnswerKind, content_encoding: Option<&str>, status: u16) -> Self {
        if matches!(status, 204 | 206 | 304) || !content_encoding.is_none_or(is_identity) {
            return Self::Pass;
        }
        match kind {
            AnswerKind::Json => Self::Json(JsonRestamp::reading()),
            AnswerKind::Events => Self::Sse(SseRestamp::reading()),
            AnswerKind::Other => Self::Pass,
        }
    }

    /// Whether the number or the values of the bytes may change on the way.
    #[must_use]
    pub const fn changes_bytes(&self) -> bool {
        match self {
            Self::Pass => false,
            Self::Json(json) => json.changes_bytes(),
            Self::Sse(sse) => sse.changes_bytes(),
        }
    }

    /// Whether the bytes are looked at on the way.
    #[must_use]
    pub const fn reads_bytes(&self) -> bool {
        !matches!(self, Self::Pass)
    }

    /// Takes the next chunk: `true` if it goes out as it came; if not, what goes out is appended to
    /// `out`.
    pub fn rewrite(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> bool {
        match self {
            Self::Pass => true,
            Self::Json(json) => json.rewrite(chunk, out),
            Self::Sse(sse) => sse.rewrite(chunk, out),
        }
    }

    /// Takes the next chunk and appends to `out` what goes out, changed or not.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        if self.rewrite(chunk, out) {
            out.extend_from_slice(chunk);
        }
    }

    /// Ends the answer: appends what was held back of a value that never ended.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Pass => {}
            Self::Json(json) => json.finish(out),
            Self::Sse(sse) => sse.finish(out),
        }
    }

    /// What the answer has said so far that it cost: its `usage`, or the last one of its events.
    /// `None` also if that object has more than 4 KiB.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        match self {
            Self::Pass => None,
            Self::Json(json) => json.usage(),
            Self::Sse(sse) => sse.usage(),
        }
    }

    /// How many bytes of what is said have passed so far: [`JsonRestamp::content_bytes`].
    #[must_use]
    pub const fn content_bytes(&self) -> u64 {
        match self {
            Self::Pass => 0,
            Self::Json(json) => json.content_bytes(),
            Self::Sse(sse) => sse.content_bytes(),
        }
    }

    /// How many keys or model values were over 64 KiB and therefore passed as they were.
    #[must_use]
    pub const fn oversized(&self) -> u64 {
        match self {
            Self::Pass => 0,
            Self::Json(json) => json.oversized(),
            Self::Sse(sse) => sse.oversized(),
        }
    }
}

/// The refusal in place of an answer in which the name of the model cannot be set.
#[must_use]
pub fn cannot_restamp() -> Refusal {
    Refusal::new(
        Code::UpstreamProtocol,
        "GT answered with a compressed or partial body, in which the model's name cannot be set. Tell the operator.",
    )
}

fn is_identity(encodings: &str) -> bool {
    encodings
        .split(',')
        .map(trim)
        .all(|encoding| encoding.is_empty() || encoding.eq_ignore_ascii_case("identity"))
}

#[cfg(test)]
mod tests;
