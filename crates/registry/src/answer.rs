//! An answer, whole and bounded, and what its head says.

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName};

use crate::digest::ManifestDigest;
use crate::error::{Part, PullError};

/// An answer. The body is empty unless the status is 200: what a registry says about a refusal is not
/// needed, and would have to be mistrusted.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Fails unless the answer is what was asked for.
    pub(crate) fn succeeded(self, part: Part) -> Result<Self, PullError> {
        match self.status.as_u16() {
            200 => Ok(self),
            401 | 403 => Err(PullError::Denied),
            404 => Err(PullError::NotFound(part)),
            429 => Err(PullError::Busy),
            status @ 500..=599 => Err(PullError::Unavailable(status)),
            status => Err(PullError::Status(status)),
        }
    }

    /// Where it sends us, if it does.
    pub(crate) fn location(&self) -> Result<Option<&str>, PullError> {
        if !matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        self.text(&header::LOCATION)
            .map(Some)
            .ok_or(PullError::Location)
    }

    /// The digest the registry announces.
    pub(crate) fn announced(&self) -> Option<&str> {
        self.text(&DIGEST).filter(|said| !said.is_empty())
    }

    /// Fails if the registry announced another digest than the body has.
    pub(crate) fn agrees_with(&self, found: ManifestDigest) -> Result<(), PullError> {
        let Some(said) = self.announced() else {
            return Ok(());
        };
        match ManifestDigest::read(said) {
            None => Err(PullError::Unreadable(shown(said))),
            Some(announced) if announced != found => Err(PullError::Digest { announced, found }),
            Some(_) => Ok(()),
        }
    }

    /// The media type without its parameters.
    pub(crate) fn content_type(&self) -> Option<&str> {
        let text = self.text(&header::CONTENT_TYPE)?;
        Some(text.split(';').next().unwrap_or_default().trim())
    }

    fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Text of a registry as a message may repeat it: one line, and not a long one.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(MOST_SHOWN)
        .collect()
}

const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// A digest and its algorithm fit.
const MOST_SHOWN: usize = 100;
