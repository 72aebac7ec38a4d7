//! What stands for the suite's tokens and GT keys in a set-up.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use anyhow::Context as _;

/// By the word in the suite.
#[derive(Default)]
pub(super) struct Secrets(BTreeMap<String, String>);

impl Secrets {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let words = serde_saphyr::from_str(&text);
        let words = words.with_context(|| format!("{shown} is no mapping of words to secrets"))?;
        Ok(Self(words))
    }

    pub(super) fn of(&self, word: &str) -> Option<String> {
        self.0.get(word).cloned()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
