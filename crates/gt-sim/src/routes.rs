//! The routes, one file for each kind.

pub(crate) mod audio;
pub(crate) mod chat;
pub(crate) mod conversations;
pub(crate) mod embeddings;
pub(crate) mod images;
pub(crate) mod models;
mod schema;
mod tools;
pub(crate) mod uploads;

use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};

use crate::access::Access;
use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::tenant::Modality;

/// What a route knows of its request besides the body.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) access: Access,
}

impl Call<'_> {
    /// The `model` of a JSON body.
    fn model<'f>(&self, fields: &'f Fields, used_for: Modality) -> Result<&'f str, Refusal> {
        let name = fields.text("model")?;
        self.access
            .model(&self.shared.tenant.published, name, used_for)?;
        Ok(name)
    }

    /// The one conversation header; two, or one that is no text, name no conversation.
    fn conversation(&self) -> Result<Option<&str>, Refusal> {
        let mut values = self.headers.get_all(CONVERSATION).iter();
        let (first, second) = (values.next(), values.next());
        let Some(first) = first else { return Ok(None) };
        match (first.to_str(), second) {
            (Ok(id), None) => Ok(Some(id)),
            _ => Err(Refusal::conversation_not_found()),
        }
    }
}

/// The beginning of a text: an echo of megabytes helps nobody.
fn clip(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(ECHO)
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// The same bytes for the same text, for answers that only have to be told apart.
fn fingerprint(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

const ECHO: usize = 1000;

const CONVERSATION: HeaderName = HeaderName::from_static("x-gt-conversation-id");
