//! What an answer is.

use crate::media::trim;

/// What the body of an answer is, as its `content-type` says.
///
/// Exhaustive on purpose: each is restamped in its own way, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// One JSON text: `application/json` or `application/*+json`.
    Json,
    /// Server-sent events: `text/event-stream`.
    Events,
    /// Anything else, which names no model.
    Other,
}

impl AnswerKind {
    /// What this `content-type` says.
    #[must_use]
    pub fn of(content_type: &str) -> Self {
        // As GT writes it.
        if content_type == "application/json" {
            return Self::Json;
        }
        let essence = trim(content_type.split(';').next().unwrap_or_default());
        if essence.eq_ignore_ascii_case("text/event-stream") {
            Self::Events
        } else if is_json(essence) {
            Self::Json
        } else {
            Self::Other
        }
    }
}

/// Whether a type is `application/json` or `application/*+json`.
fn is_json(essence: &str) -> bool {
    let Some((kind, name)) = essence.split_once('/') else {
        return false;
    };
    let suffix = name.len().checked_sub("+json".len());
    let has_suffix = suffix
        .and_then(|at| name.get(at..))
        .is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"));
    kind.eq_ignore_ascii_case("application") && (has_suffix || name.eq_ignore_ascii_case("json"))
}
