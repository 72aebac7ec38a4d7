//! GT keys: one purpose each, scopes, two separate allow-lists, dataset targets and links.
//!
//! As GT does, a key keeps only the hash of its secret.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

/// What a key is for.
///
/// Exhaustive on purpose: GT documents these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Stateless calls to models.
    Inference,
    /// Writing into fixed datasets.
    Upload,
    /// Chat and files behind one credential, with the rights of the keys it links to.
    Conversation,
}

/// What a key may do.
///
/// Exhaustive on purpose: GT documents these six.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// `inference:chat`
    Chat,
    /// `inference:embed`
    Embed,
    /// `inference:transcribe`
    Transcribe,
    /// `inference:speech`
    Speech,
    /// `inference:image`
    Image,
    /// `datasets:write`
    DatasetsWrite,
}

impl Scope {
    /// The five scopes of inference keys.
    pub const INFERENCE: [Self; 5] = [
        Self::Chat,
        Self::Embed,
        Self::Transcribe,
        Self::Speech,
        Self::Image,
    ];

    /// GT's word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chat => "inference:chat",
            Self::Embed => "inference:embed",
            Self::Transcribe => "inference:transcribe",
            Self::Speech => "inference:speech",
            Self::Image => "inference:image",
            Self::DatasetsWrite => "datasets:write",
        }
    }
}

/// One key of the tenant.
#[derive(Clone, Debug)]
pub struct Key {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    pub(crate) purpose: Purpose,
    pub(crate) rights: Rights,
    pub(crate) links: Vec<String>,
}

impl Key {
    /// An inference key that may do nothing yet. A secret that does not start with `gtak_` is never accepted.
    #[must_use]
    pub fn inference(id: &str, secret: &str) -> Self {
        Self::new(Purpose::Inference, id, secret)
    }

    /// An upload key that may do nothing yet.
    #[must_use]
    pub fn upload(id: &str, secret: &str) -> Self {
        Self::new(Purpose::Upload, id, secret)
    }

    /// A conversation key; it has the rights of the keys it is linked to.
    #[must_use]
    pub fn conversation(id: &str, secret: &str) -> Self {
        Self::new(Purpose::Conversation, id, secret)
    }

    /// Adds scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.rights.scopes.extend(scopes);
        self
    }

    /// Adds agent aliases to the first allow-list.
    #[must_use]
    pub fn agent_aliases<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.rights
            .agent_aliases
            .extend(names.into_iter().map(str::to_owned));
        self
    }

    /// Adds raw-model names to the second allow-list.
    #[must_use]
    pub fn raw_models<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.rights
            .raw_models
            .extend(names.into_iter().map(str::to_owned));
        self
    }

    /// Adds dataset targets.
    #[must_use]
    pub fn datasets<'a>(mut self, targets: impl IntoIterator<Item = &'a str>) -> Self {
        self.rights
            .datasets
            .extend(targets.into_iter().map(str::to_owned));
        self
    }

    /// Lets the key upload into conversations without a linked upload key.
    #[must_use]
    pub fn conversation_uploads(mut self) -> Self {
        self.rights.conversation_uploads = true;
        self
    }

    /// Links a conversation key to the ids of inference and upload keys; other keys have no links.
    #[must_use]
    pub fn linked_to<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        if self.purpose == Purpose::Conversation {
            self.links.extend(ids.into_iter().map(str::to_owned));
        }
        self
    }

    fn new(purpose: Purpose, id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: Secret::new(secret),
            purpose,
            rights: Rights::default(),
            links: Vec::new(),
        }
    }
}

/// What a key grants, by itself or to a key linked to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rights {
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) agent_aliases: BTreeSet<String>,
    pub(crate) raw_models: BTreeSet<String>,
    pub(crate) datasets: BTreeSet<String>,
    pub(crate) conversation_uploads: bool,
}

impl Rights {
    /// Adds what a linked key grants; linking an upload key is what allows uploads into conversations.
    pub(crate) fn inherit(&mut self, linked: &Key) {
        let Self {
            scopes,
            agent_aliases,
            raw_models,
            datasets,
            conversation_uploads,
        } = linked.rights.clone();
        self.scopes.extend(scopes);
        self.agent_aliases.extend(agent_aliases);
        self.raw_models.extend(raw_models);
        self.datasets.extend(datasets);
        self.conversation_uploads |= conversation_uploads || linked.purpose == Purpose::Upload;
    }
}

/// The hash of a secret; `None` for one that cannot be a GT key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Secret(Option<[u8; 32]>);

impl Secret {
    pub(crate) fn new(secret: &str) -> Self {
        Self(
            secret
                .starts_with("gtak_")
                .then(|| Sha256::digest(secret).into()),
        )
    }

    pub(crate) fn matches(&self, presented: &Self) -> bool {
        self.0.is_some() && self == presented
    }
}
