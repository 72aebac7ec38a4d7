//! What changes in a world, and what it is then.

use signalbox_gate::gt_routes;

use crate::fixture::{Engine, POLICY, keys};

/// Something that changes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Policy(Document, Engine),
    Keys(Entries),
    /// The GT key of this purpose, and its number.
    Credential(&'static str, u8),
    Table(Table),
    Time(u64),
}

/// What a policy's document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    Plain,
    OtherName,
    WithoutModel,
    Pattern,
}

/// What the file of keys says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entries {
    Plain,
    ChatRevoked,
    Narrower,
    OtherCredential,
}

/// What GT's table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Shipped,
    WithoutEmbeddings,
    ChatWithMore,
}

impl Document {
    pub(crate) fn text(self) -> String {
        match self {
            Self::Plain => POLICY.to_owned(),
            Self::OtherName => POLICY.replace("support-agent", "other-agent"),
            Self::WithoutModel => POLICY.replace("  gpt-4o: {published: support-agent}\n", ""),
            Self::Pattern => POLICY.replace("  gpt-4o:", "  'gpt-*': {published: '{}'}\n  gpt-4o:"),
        }
    }
}

impl Entries {
    pub(crate) fn text(self) -> String {
        let profile = "  - {id: web, profile: true, preset: chat-client, models: all}\n";
        let plain = format!("{}{profile}", keys());
        let narrower = |from: &str, to: &str| plain.replace(from, to);
        match self {
            Self::Plain => plain,
            Self::ChatRevoked => narrower(
                "preset: chat-client, models: all}\n  - {id: upload",
                "preset: chat-client, models: all, revoked: true}\n  - {id: upload",
            ),
            Self::Narrower => narrower("models: all", "models: [embedder]"),
            Self::OtherCredential => narrower(
                "preset: chat-client, models: all",
                "preset: chat-client, models: all, credentials: {inference: upload}",
            ),
        }
    }
}

impl Table {
    pub(crate) fn text(self) -> String {
        let shipped = gt_routes::SHIPPED;
        match self {
            Self::Shipped => shipped.to_owned(),
            Self::WithoutEmbeddings => shipped.replace("/v1/embeddings", "/v1/embedded"),
            Self::ChatWithMore => shipped.replace("inference:chat", "inference:more"),
        }
    }
}
