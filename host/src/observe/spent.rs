//! The tokens of a request that has ended, and what they cost.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use signalbox_gate::TokenUsage;

/// What a request took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spent {
    /// The tokens, and who counted them.
    pub tokens: TokenUsage,
    /// What they cost, in billionths of the operator's currency; `None` without a price.
    pub cost_nanos: Option<u64>,
}

impl Spent {
    /// Of these tokens, at this price.
    #[must_use]
    pub const fn new(tokens: TokenUsage, cost_nanos: Option<u64>) -> Self {
        Self { tokens, cost_nanos }
    }
}

/// As a record has it.
impl Serialize for Spent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let usage = &self.tokens.usage;
        let mut spent = serializer.serialize_struct("usage", 6)?;
        spent.serialize_field("prompt_tokens", &usage.prompt)?;
        spent.serialize_field("completion_tokens", &usage.completion)?;
        spent.serialize_field("cached_tokens", &usage.cached)?;
        spent.serialize_field("reasoning_tokens", &usage.reasoning)?;
        spent.serialize_field("estimated", &self.tokens.is_estimated)?;
        spent.serialize_field("cost_nanos", &self.cost_nanos)?;
        spent.end()
    }
}
