//! Which route a request is for: the documented ones and nothing else.

use http::Method;

use crate::refusal::Refusal;

/// The routes of GT; the names in the comments are those of its documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Models,
    Chat,
    Embeddings,
    Transcriptions,
    Speech,
    Images,
    Conversations,
    ConversationFiles,
    DatasetFiles(String),
    /// `/v1/files/{id}` and its alias `/v1/uploads/{id}`.
    FileStatus(String),
}

impl Route {
    pub(crate) fn find(method: &Method, path: &str) -> Result<Self, Refusal> {
        let unknown = || Refusal::unknown_url(method, path);
        let route = Self::at(path).ok_or_else(unknown)?;
        let taken = route.method();
        if taken == *method {
            Ok(route)
        } else {
            Err(Refusal::method_not_allowed(taken))
        }
    }

    fn at(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix("/api/tenant/v1/")?.split('/').collect();
        Some(match *segments.as_slice() {
            ["models"] => Self::Models,
            ["chat", "completions"] => Self::Chat,
            ["embeddings"] => Self::Embeddings,
            ["audio", "transcriptions"] => Self::Transcriptions,
            ["audio", "speech"] => Self::Speech,
            ["images", "generations"] => Self::Images,
            ["conversations"] => Self::Conversations,
            ["conversations", "files"] => Self::ConversationFiles,
            ["datasets", id, "files"] if is_id(id) => Self::DatasetFiles(id.to_owned()),
            ["files" | "uploads", id] if is_id(id) => Self::FileStatus(id.to_owned()),
            _ => return None,
        })
    }

    const fn method(&self) -> Method {
        match self {
            Self::Models | Self::FileStatus(_) => Method::GET,
            _ => Method::POST,
        }
    }
}

/// Ids need no percent-encoding, so none is decoded.
fn is_id(segment: &str) -> bool {
    (1..=128).contains(&segment.len())
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}
