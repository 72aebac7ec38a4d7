//! What an answer says it cost: its `usage`.

mod ask;
mod estimate;
mod read;

pub use ask::{ASKABLE, ASKING, place_to_ask};
pub use estimate::estimate;

/// The tokens an answer says it took. What it does not say, or says in a way that is no count, is
/// `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the request: `prompt_tokens`, or `input_tokens`.
    pub prompt: Option<u64>,
    /// Tokens of the answer: `completion_tokens`, or `output_tokens`.
    pub completion: Option<u64>,
    /// Those of the request that a cache had: `cached_tokens` of the request's details.
    pub cached: Option<u64>,
    /// Those of the answer that were thought and not said: `reasoning_tokens` of the answer's details.
    pub reasoning: Option<u64>,
    /// `total_tokens`.
    pub total: Option<u64>,
}

impl Usage {
    /// Reads the value of a `usage` member. Of a key that is there twice the last one counts, and of
    /// OpenAI's two names for a count that of chats. A number above 2^40 is no count.
    ///
    /// `None` if it is no JSON object, or counts no tokens.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let usage = read::usage(text)?;
        let counts = [usage.prompt, usage.completion, usage.total];
        counts.iter().any(Option::is_some).then_some(usage)
    }

    /// All tokens: as told, or those of the request and of the answer together.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        match (self.total, self.prompt, self.completion) {
            (Some(total), ..) => Some(total),
            (None, Some(prompt), Some(completion)) => Some(prompt.saturating_add(completion)),
            (None, one, None) | (None, None, one) => one,
        }
    }
}

/// Whether OpenAI's answers on this canonical path say how many tokens they took, of text that was
/// asked and said. Images and sound are counted otherwise.
#[must_use]
pub fn counts_tokens(path: &str) -> bool {
    COUNTED.contains(&path)
}

const COUNTED: [&str; 4] = [
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/responses",
];
