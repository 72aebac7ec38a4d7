//! The demo's secrets: on loopback those of the documentation, anywhere else fresh ones.

use std::fmt::Write as _;

use anyhow::Context as _;
use base16ct::HexDisplay;
use signalbox_gate::{Digest, keyring::DEMO_TOKENS};
use signalbox_host::config::DEMO_ADMIN_TOKEN;

/// Every secret of one demo.
pub(super) struct Secrets {
    /// Tokens of the four keys, in the order of [`KEYS`].
    pub(super) tokens: [String; 4],
    /// The admin token.
    pub(super) admin: String,
    /// What the host shows GT: inference, upload, conversation. Always fresh.
    pub(super) gt: [String; 3],
}

/// One key of the demo.
pub(super) struct DemoKey {
    pub(super) id: &'static str,
    pub(super) policy: &'static str,
    pub(super) may: &'static str,
    entry: &'static str,
}

impl Secrets {
    pub(super) fn published() -> anyhow::Result<Self> {
        let gt = [random()?, random()?, random()?];
        Ok(Self {
            tokens: DEMO_TOKENS.map(str::to_owned),
            admin: DEMO_ADMIN_TOKEN.to_owned(),
            gt,
        })
    }

    pub(super) fn fresh() -> anyhow::Result<Self> {
        Ok(Self {
            tokens: [random()?, random()?, random()?, random()?],
            admin: random()?,
            ..Self::published()?
        })
    }

    /// The keyring with these tokens.
    pub(super) fn keyring(&self) -> String {
        let mut text = String::from("keys:\n");
        for (key, token) in KEYS.iter().zip(&self.tokens) {
            let digest = Digest::of(token);
            let _ = write!(
                text,
                "  - id: {}\n    sha256: \"{digest}\"\n    policy: {}\n{}",
                key.id, key.policy, key.entry
            );
        }
        text
    }
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
    Ok(format!("gtak_{:x}", HexDisplay(&bytes)))
}

/// In the order of [`DEMO_TOKENS`].
pub(super) const KEYS: [DemoKey; 4] = [
    DemoKey {
        id: "demo",
        policy: "litellm",
        may: "chat, embeddings",
        entry: "    preset: chat-embeddings\n    models: all\n    datasets: []\n",
    },
    DemoKey {
        id: "demo-chat",
        policy: "litellm",
        may: "chat only",
        entry: "    preset: chat-client\n    models: all\n    datasets: []\n",
    },
    DemoKey {
        id: "demo-upload",
        policy: "full",
        may: "uploads to the dataset reference-briefs",
        entry: "    preset: dataset-upload\n    models: all\n    datasets: [reference-briefs]\n    \
                group: demo\n",
    },
    DemoKey {
        id: "demo-all",
        policy: "full",
        may: "everything, that dataset",
        entry: "    scopes: [inference:chat, inference:embed, inference:transcribe, \
                inference:speech, inference:image, datasets:write]\n    \
                purposes: [inference, upload, conversation]\n    models: all\n    \
                datasets: [reference-briefs]\n    group: demo\n",
    },
];
