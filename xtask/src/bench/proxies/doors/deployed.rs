//! The ready-made configurations of `deploy/`, with what is marked in them replaced.

use std::fs;

use anyhow::{Context as _, ensure};

use crate::process::root;

/// A text of `deploy/`.
pub(super) struct Deployed {
    path: &'static str,
    pub(super) text: String,
}

impl Deployed {
    pub(super) fn read(path: &'static str) -> anyhow::Result<Self> {
        let file = root().join("deploy").join(path);
        let text = fs::read_to_string(&file);
        let text = text.with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self { path, text })
    }

    /// With something in place of what stands there.
    pub(super) fn put(mut self, place: &str, value: &str) -> anyhow::Result<Self> {
        ensure!(self.text.contains(place), "{} has no {place:?}", self.path);
        self.text = self.text.replace(place, value);
        Ok(self)
    }

    /// With something in place of all from here up to there.
    pub(super) fn put_between(mut self, from: &str, to: &str, value: &str) -> anyhow::Result<Self> {
        let cut = self.text.split_once(from).and_then(|(before, rest)| {
            let (_, after) = rest.split_once(to)?;
            Some(format!("{before}{value}{to}{after}"))
        });
        self.text = cut.with_context(|| format!("{} has no {from:?} before {to:?}", self.path))?;
        Ok(self)
    }
}
