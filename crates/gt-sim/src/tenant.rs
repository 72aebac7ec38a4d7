//! What a tenant has: published names, datasets, keys; and how fast it answers.

use std::time::Duration;

use crate::key::{Key, Scope};

/// Something a published name can be used for; each belongs to one route.
///
/// Exhaustive on purpose: GT documents these six.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// `POST /v1/chat/completions`
    Chat,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `POST /v1/audio/transcriptions`
    Transcriptions,
    /// `POST /v1/audio/speech`
    Speech,
    /// `POST /v1/images/generations`
    Images,
    /// `POST /v1/conversations`
    Conversations,
}

/// A name in the tenant's published list.
#[derive(Clone, Debug)]
pub struct Published {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) modalities: Vec<Modality>,
}

impl Published {
    /// An agent alias with every modality.
    #[must_use]
    pub fn agent(name: &str) -> Self {
        let modalities = vec![
            Modality::Chat,
            Modality::Embeddings,
            Modality::Transcriptions,
            Modality::Speech,
            Modality::Images,
            Modality::Conversations,
        ];
        Self {
            name: name.to_owned(),
            kind: Kind::Agent,
            modalities,
        }
    }

    /// A raw model: chat, embeddings and conversations, which is where GT says one may be used.
    #[must_use]
    pub fn raw_model(name: &str) -> Self {
        let modalities = vec![
            Modality::Chat,
            Modality::Embeddings,
            Modality::Conversations,
        ];
        Self {
            name: name.to_owned(),
            kind: Kind::RawModel,
            modalities,
        }
    }

    /// Only these modalities.
    #[must_use]
    pub fn only(mut self, modalities: impl IntoIterator<Item = Modality>) -> Self {
        self.modalities = modalities.into_iter().collect();
        self
    }
}

/// Which of a key's two allow-lists a name must be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Agent,
    RawModel,
}

/// How a chat answer is streamed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// The exact number of content deltas, at most 10 000; one for each word if `None`.
    pub chunks: Option<usize>,
    /// The pause before every event but the first.
    pub pause: Duration,
}

/// A tenant of GT.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub(crate) keys: Vec<Key>,
    pub(crate) published: Vec<Published>,
    pub(crate) datasets: Vec<String>,
    pub(crate) pace: Pace,
    pub(crate) polls_until_ready: u32,
    pub(crate) recorded_requests: usize,
}

impl Tenant {
    /// A tenant with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            keys: Vec::new(),
            published: Vec::new(),
            datasets: Vec::new(),
            pace: Pace::default(),
            polls_until_ready: 2,
            recorded_requests: 1024,
        }
    }

    /// `support-agent` (an agent alias), `gt-small` (a raw model) and the dataset `reference-briefs`; no keys.
    #[must_use]
    pub fn demo() -> Self {
        Self::empty()
            .published(Published::agent("support-agent"))
            .published(Published::raw_model("gt-small"))
            .dataset("reference-briefs")
    }

    /// The demo tenant with the keys `inference`, `upload` and `conversation` (linked to both), which may do all.
    #[must_use]
    pub fn demo_with_keys(inference: &str, upload: &str, conversation: &str) -> Self {
        Self::demo()
            .key(
                Key::inference("inference", inference)
                    .scopes(Scope::INFERENCE)
                    .agent_aliases(["support-agent"])
                    .raw_models(["gt-small"]),
            )
            .key(
                Key::upload("upload", upload)
                    .scopes([Scope::DatasetsWrite])
                    .datasets(["reference-briefs"]),
            )
            .key(Key::conversation("conversation", conversation).linked_to(["inference", "upload"]))
    }

    /// Adds a key; one with the same id is replaced.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.keys.retain(|known| known.id != key.id);
        self.keys.push(key);
        self
    }

    /// Publishes a name.
    #[must_use]
    pub fn published(mut self, name: Published) -> Self {
        self.published.push(name);
        self
    }

    /// Adds a dataset target.
    #[must_use]
    pub fn dataset(mut self, target: &str) -> Self {
        self.datasets.push(target.to_owned());
        self
    }

    /// How chat is streamed when the request's metadata does not say.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// How many polls of an uploaded file answer `processing`.
    #[must_use]
    pub fn polls_until_ready(mut self, polls: u32) -> Self {
        self.polls_until_ready = polls;
        self
    }

    /// How many requests are remembered (the newest); 0 for benches.
    #[must_use]
    pub fn recorded_requests(mut self, count: usize) -> Self {
        self.recorded_requests = count;
        self
    }
}
