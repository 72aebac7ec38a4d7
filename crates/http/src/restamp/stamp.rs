//! The name that is put into answers.

use std::sync::Arc;

use crate::quote::quoted;

/// The name a client is to see for a model, as JSON writes it: written once for many answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(Arc<[u8]>);

impl Stamp {
    /// With its quotes.
    #[must_use]
    pub fn as_json(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        *self.0 == *quoted(name)
    }
}

impl From<&str> for Stamp {
    fn from(name: &str) -> Self {
        Self(quoted(name).into())
    }
}
