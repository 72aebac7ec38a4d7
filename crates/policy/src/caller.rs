//! Who asks: a key's identity, purposes, scopes and lists; never its secret.

use alloc::{string::String, vec::Vec};

/// Who presents a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The key's identifier in the keyring.
    pub id: String,
    /// What the key is for.
    pub purposes: Purposes,
    /// The scopes the key holds, for example `inference:chat`.
    pub scopes: Vec<String>,
    /// The operator's labels.
    pub labels: Vec<(String, String)>,
    /// Model names the caller may write.
    pub models: Names,
    /// Published names the caller may reach.
    pub published: Names,
    /// Dataset targets the caller may write to.
    pub datasets: Names,
}

impl Caller {
    /// Whether the key may use a model by these names.
    #[must_use]
    pub fn may_use(&self, written: &str, published: &str) -> bool {
        self.models.allow(written) && self.published.allow(published)
    }
}

/// What a key was made for, as GT names it.
///
/// Exhaustive on purpose: a further purpose is a new contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Stateless calls to models.
    Inference,
    /// Writing into fixed datasets.
    Upload,
    /// Stateful calls that carry `x-gt-conversation-id`; includes what `Inference` allows, because
    /// GT's conversation keys inherit from an inference key.
    Conversation,
}

impl Purpose {
    /// Every purpose, in the contract's order.
    pub const ALL: [Self; 3] = [Self::Inference, Self::Upload, Self::Conversation];

    /// The word used in documents, keyrings and messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::Upload => "upload",
            Self::Conversation => "conversation",
        }
    }

    /// The purpose a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Inference => 1,
            Self::Upload => 2,
            Self::Conversation => 4,
        }
    }
}

/// A set of purposes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Purposes(u8);

impl Purposes {
    /// The set without members.
    pub const NONE: Self = Self(0);

    /// The set as three bits, `Inference` lowest.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set of three bits; higher bits are ignored.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0b111)
    }

    /// Whether the set has no member.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `purpose` itself is a member.
    #[must_use]
    pub const fn contains(self, purpose: Purpose) -> bool {
        self.0 & purpose.bit() != 0
    }

    /// Whether a key with these purposes may call a route that asks for any of `wanted`.
    ///
    /// A conversation key may do what an inference key may.
    #[must_use]
    pub const fn satisfy(self, wanted: Self) -> bool {
        let mut held = self.0;
        if self.contains(Purpose::Conversation) {
            held |= Purpose::Inference.bit();
        }
        held & wanted.0 != 0
    }

    /// The members, in the contract's order.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL
            .into_iter()
            .filter(move |purpose| self.contains(*purpose))
    }
}

impl FromIterator<Purpose> for Purposes {
    fn from_iter<I: IntoIterator<Item = Purpose>>(purposes: I) -> Self {
        Self(
            purposes
                .into_iter()
                .fold(0, |bits, purpose| bits | purpose.bit()),
        )
    }
}

/// One of a key's lists.
///
/// Exhaustive on purpose: a list either names what it allows or is the word `all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// The key sets no limit.
    All,
    /// Only these: exact names, or prefixes that end in `*`. An empty list allows nothing.
    Only(Vec<String>),
}

impl Names {
    /// The list that allows nothing.
    pub const NONE: Self = Self::Only(Vec::new());

    /// Whether `name` is allowed. Bytewise, case-sensitive.
    #[must_use]
    pub fn allow(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|entry| match entry.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => entry == name,
            }),
        }
    }
}
