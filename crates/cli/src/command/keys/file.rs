//! A keyring's file, read and changed. What is changed is read again before it is written: a host
//! that watches the file never sees one it cannot use.

use std::path::Path;

use anyhow::{Context as _, ensure};
use signalbox_gate::keyring::{Key, Keyring, KeyringError};

/// A keyring and its text.
pub(super) struct KeyFile<'a> {
    path: &'a Path,
    pub(super) text: String,
    pub(super) keyring: Keyring,
}

/// A keyring that a host would not take.
#[derive(Debug, thiserror::Error)]
#[error("{file} is no keyring")]
pub(crate) struct InvalidKeyring {
    file: String,
    #[source]
    source: KeyringError,
}

impl<'a> KeyFile<'a> {
    pub(super) fn read(path: &'a Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path);
        Self::of(
            path,
            text.with_context(|| format!("cannot read {}", path.display()))?,
        )
    }

    /// The keyring of a file, or one without keys where no file is yet.
    pub(super) fn read_or_begin(path: &'a Path) -> anyhow::Result<Self> {
        match std::fs::exists(path) {
            Ok(false) => Self::of(path, "keys: []\n".to_owned()),
            Ok(true) | Err(_) => Self::read(path),
        }
    }

    fn of(path: &'a Path, text: String) -> anyhow::Result<Self> {
        let name = path.display();
        let keyring = Keyring::parse(&text).map_err(|source| InvalidKeyring {
            file: name.to_string(),
            source,
        })?;
        Ok(Self {
            path,
            text,
            keyring,
        })
    }

    /// The key of an id, or what comes closest.
    pub(super) fn key(&self, id: &str) -> anyhow::Result<&Key> {
        let name = self.path.display();
        match self.keyring.key(id) {
            Some(key) => Ok(key),
            None => Err(match self.nearest(id) {
                Some(near) => anyhow::anyhow!("{name} has no key `{id}`; did you mean `{near}`?"),
                None => anyhow::anyhow!("{name} has no key `{id}`"),
            }),
        }
    }

    fn nearest(&self, id: &str) -> Option<&str> {
        let ids = self.keyring.iter().map(|key| &*key.caller.id);
        ids.map(|known| (strsim::osa_distance(id, known), known))
            .filter(|(distance, _)| *distance <= 2.max(id.len() / 4))
            .min()
            .map(|(_, known)| known)
    }

    /// Writes another text if it says the same of every key, but for one, and of that what it should.
    pub(super) fn write(
        &self,
        text: &str,
        id: &str,
        is_right: impl Fn(&Key) -> bool,
    ) -> anyhow::Result<()> {
        let next = Keyring::parse(text).context("the changed keyring would not load")?;
        let others = |keyring: &Keyring| -> Vec<String> {
            let others = keyring.iter().filter(|key| key.caller.id != id);
            others.map(|key| told(key)).collect()
        };
        ensure!(
            next.key(id).is_some_and(|key| is_right(key)) && others(&next) == others(&self.keyring),
            "the changed keyring would say something else"
        );
        signalbox_files::replace(self.path, text.as_bytes())?;
        Ok(())
    }
}

/// What an entry says.
fn told(key: &Key) -> String {
    let Key {
        caller,
        policy,
        limits,
        expires,
        revoked,
        group,
        credentials,
        ..
    } = key;
    format!("{caller:?} {policy} {limits:?} {expires:?} {revoked} {group:?} {credentials:?}")
}
