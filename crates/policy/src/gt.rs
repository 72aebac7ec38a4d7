//! What GT documents of its own routes, where a policy document leaves it out.

use crate::{ModelSource, Purpose, Purposes};

/// The header that ties a request to a GT conversation.
pub const CONVERSATION_HEADER: &str = "x-gt-conversation-id";

/// Something a model name can be used for; each belongs to one GT route.
///
/// Exhaustive on purpose: these are the words of a document's `for:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `POST /v1/chat/completions`
    Chat,
    /// `POST /v1/conversations`
    Conversations,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `POST /v1/images/generations`
    Images,
    /// `POST /v1/audio/speech`
    Speech,
    /// `POST /v1/audio/transcriptions`
    Transcriptions,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 6] = [
        Self::Chat,
        Self::Conversations,
        Self::Embeddings,
        Self::Images,
        Self::Speech,
        Self::Transcriptions,
    ];

    /// The word of a document's `for:`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Conversations => "conversations",
            Self::Embeddings => "embeddings",
            Self::Images => "images",
            Self::Speech => "speech",
            Self::Transcriptions => "transcriptions",
        }
    }

    /// The template of its route; the method is `POST`.
    #[must_use]
    pub const fn template(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Conversations => "/v1/conversations",
            Self::Embeddings => "/v1/embeddings",
            Self::Images => "/v1/images/generations",
            Self::Speech => "/v1/audio/speech",
            Self::Transcriptions => "/v1/audio/transcriptions",
        }
    }

    /// The endpoint a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|endpoint| endpoint.word() == word)
    }

    /// The endpoint of a route.
    #[must_use]
    pub fn of(method: &str, template: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|endpoint| method == "POST" && endpoint.template() == template)
    }

    /// The one scope GT asks for; `POST /v1/conversations` names none.
    #[must_use]
    pub const fn scope(self) -> Option<&'static str> {
        match self {
            Self::Chat => Some("inference:chat"),
            Self::Conversations => None,
            Self::Embeddings => Some("inference:embed"),
            Self::Images => Some("inference:image"),
            Self::Speech => Some("inference:speech"),
            Self::Transcriptions => Some("inference:transcribe"),
        }
    }

    /// Where its body carries the model name.
    #[must_use]
    pub const fn model_source(self) -> ModelSource {
        match self {
            Self::Transcriptions => ModelSource::Multipart,
            _ => ModelSource::Json,
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Chat => 1,
            Self::Conversations => 2,
            Self::Embeddings => 4,
            Self::Images => 8,
            Self::Speech => 16,
            Self::Transcriptions => 32,
        }
    }
}

/// A set of endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoints(u8);

impl Endpoints {
    /// Every endpoint, and every route with a model that is none of them.
    pub const ALL: Self = Self(u8::MAX);

    /// The set as bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set of these bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Whether a name for these endpoints may be used on a route of `endpoint`.
    #[must_use]
    pub const fn include(self, endpoint: Option<Endpoint>) -> bool {
        match endpoint {
            Some(endpoint) => self.0 & endpoint.bit() != 0,
            None => self.0 == Self::ALL.0,
        }
    }
}

impl FromIterator<Endpoint> for Endpoints {
    fn from_iter<I: IntoIterator<Item = Endpoint>>(endpoints: I) -> Self {
        Self(
            endpoints
                .into_iter()
                .fold(0, |bits, endpoint| bits | endpoint.bit()),
        )
    }
}

/// Whether a route takes the conversation header.
///
/// Exhaustive on purpose: GT documents these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationHeader {
    /// The route is stateless: the header is not sent on.
    NotTaken,
    /// With it the call is part of a conversation.
    Optional,
    /// GT cannot serve the route without it.
    Required,
}

impl ConversationHeader {
    /// What GT documents for a route.
    #[must_use]
    pub fn of(method: &str, template: &str) -> Self {
        match (method, template) {
            ("POST", "/v1/chat/completions") => Self::Optional,
            ("POST", "/v1/conversations/files") => Self::Required,
            _ => Self::NotTaken,
        }
    }
}

/// The purposes GT documents for a route: any one of them will do.
#[must_use]
pub fn default_purposes(template: &str) -> Purposes {
    let purposes: &[Purpose] = if template.starts_with("/v1/conversations") {
        &[Purpose::Conversation]
    } else if template.starts_with("/v1/datasets/") {
        &[Purpose::Upload]
    } else if template.starts_with("/v1/files/") {
        &[Purpose::Upload, Purpose::Conversation]
    } else {
        &[Purpose::Inference]
    };
    purposes.iter().copied().collect()
}

/// The dataset target among a route's parameters: `{id}` right under `/v1/datasets/`.
#[must_use]
pub fn dataset<'a>(template: &str, first_parameter: Option<&'a str>) -> Option<&'a str> {
    template
        .starts_with("/v1/datasets/{")
        .then_some(first_parameter)
        .flatten()
}
