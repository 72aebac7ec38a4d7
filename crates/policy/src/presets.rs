//! GT's wizard presets: what a key made with each may do.

use crate::Purpose;

/// One preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The word in keyrings and documents.
    pub word: &'static str,
    /// What such a key is for.
    pub purpose: Purpose,
    /// The scopes such a key holds.
    pub scopes: &'static [&'static str],
}

impl Preset {
    /// Every preset, in the order of GT's wizard.
    pub const ALL: [Self; 7] = [
        Self {
            word: "chat-client",
            purpose: Purpose::Inference,
            scopes: &["inference:chat"],
        },
        Self {
            word: "chat-embeddings",
            purpose: Purpose::Inference,
            scopes: &["inference:chat", "inference:embed"],
        },
        Self {
            word: "agentic-ide",
            purpose: Purpose::Inference,
            scopes: &["inference:chat"],
        },
        Self {
            word: "voice-audio",
            purpose: Purpose::Inference,
            scopes: &["inference:chat", "inference:transcribe", "inference:speech"],
        },
        Self {
            word: "image-generation",
            purpose: Purpose::Inference,
            scopes: &["inference:image"],
        },
        Self {
            word: "dataset-upload",
            purpose: Purpose::Upload,
            scopes: &["datasets:write"],
        },
        Self {
            word: "conversation-uploads",
            purpose: Purpose::Conversation,
            scopes: &["inference:chat"],
        },
    ];

    /// The preset a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.word == word)
    }
}

/// Every scope GT documents; another word is allowed, because GT may add some, and warned of.
pub const KNOWN_SCOPES: [&str; 6] = [
    "datasets:write",
    "inference:chat",
    "inference:embed",
    "inference:image",
    "inference:speech",
    "inference:transcribe",
];

#[cfg(test)]
mod tests {
    use alloc::{format, vec::Vec};

    use super::*;

    #[test]
    fn presets_have_the_purposes_and_scopes_gt_documents() {
        let rows: Vec<_> = Preset::ALL
            .iter()
            .map(|preset| {
                format!(
                    "{} {} {}",
                    preset.word,
                    preset.purpose.word(),
                    preset.scopes.join(",")
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                "chat-client inference inference:chat",
                "chat-embeddings inference inference:chat,inference:embed",
                "agentic-ide inference inference:chat",
                "voice-audio inference inference:chat,inference:transcribe,inference:speech",
                "image-generation inference inference:image",
                "dataset-upload upload datasets:write",
                "conversation-uploads conversation inference:chat",
            ]
        );
        assert_eq!(Preset::from_word("chat-client"), Some(Preset::ALL[0]));
        assert_eq!(Preset::from_word("Chat-Client"), None);
        assert_eq!(Preset::from_word(""), None);
    }

    #[test]
    fn presets_use_known_scopes_only() {
        for preset in Preset::ALL {
            assert!(
                preset
                    .scopes
                    .iter()
                    .all(|scope| KNOWN_SCOPES.contains(scope)),
                "{preset:?}"
            );
        }
    }
}
