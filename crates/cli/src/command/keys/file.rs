//! A keyring's file, read and changed. What is changed is read again before it is written: a host
//! that watches the file never sees one it cannot use.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, anyhow, ensure};
use signalbox_files::LockedFile;
use signalbox_gate::keyring::{Key, Keyring, KeyringError, LARGEST_FILE};

use crate::output;

/// A keyring and its text.
pub(crate) struct KeyFile<'a> {
    path: &'a Path,
    pub(super) text: String,
    pub(super) keyring: Keyring,
}

/// A keyring that no other `signalbox` changes meanwhile.
pub(super) struct LockedKeyFile<'a> {
    pub(super) keys: KeyFile<'a>,
    file: LockedFile,
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
    pub(crate) fn read(path: &'a Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path);
        Self::of(
            path,
            text.with_context(|| format!("cannot read {}", path.display()))?,
        )
    }

    pub(super) fn of(path: &'a Path, text: String) -> anyhow::Result<Self> {
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
    pub(crate) fn key(&self, id: &str) -> anyhow::Result<&Key> {
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

    /// The first of these texts that says the same of every key, but for one, and of that what it
    /// should.
    pub(super) fn changed(
        &self,
        ways: impl IntoIterator<Item = Option<String>>,
        id: &str,
        is_right: impl Fn(&Key) -> bool,
    ) -> anyhow::Result<String> {
        let mut why = anyhow!("the file is written in another way than any known one");
        for text in ways.into_iter().flatten() {
            match self.check(&text, id, &is_right) {
                Ok(()) => return Ok(text),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    fn check(&self, text: &str, id: &str, is_right: impl Fn(&Key) -> bool) -> anyhow::Result<()> {
        let next = Keyring::parse(text).context("the changed keyring would not load")?;
        let others = |keyring: &Keyring| -> Vec<String> {
            let others = keyring.iter().filter(|key| key.caller.id != id);
            others.map(|key| told(key)).collect()
        };
        ensure!(
            next.key(id).is_some_and(|key| is_right(key)) && others(&next) == others(&self.keyring),
            "the changed keyring would say something else"
        );
        Ok(())
    }
}

impl<'a> LockedKeyFile<'a> {
    /// Waits for whoever changes the file right now.
    pub(super) fn open(path: &'a Path) -> anyhow::Result<Self> {
        Self::of(path, None)
    }

    /// The same, with a keyring without keys where no file is yet.
    pub(super) fn open_or_begin(path: &'a Path) -> anyhow::Result<Self> {
        Self::of(path, Some("keys: []\n"))
    }

    fn of(path: &'a Path, beginning: Option<&str>) -> anyhow::Result<Self> {
        let failed = || format!("cannot read {}", path.display());
        let waits = || output::talk("waiting for another signalbox that changes files there");
        let limit = usize::try_from(LARGEST_FILE).unwrap_or(usize::MAX);
        let file = LockedFile::open(path, limit, PATIENCE, waits).with_context(failed)?;
        let text = match file.bytes() {
            Some(bytes) => str::from_utf8(bytes).with_context(failed)?,
            None => beginning
                .ok_or(std::io::Error::from(std::io::ErrorKind::NotFound))
                .with_context(failed)?,
        };
        let keys = KeyFile::of(path, text.to_owned())?;
        Ok(Self { keys, file })
    }

    /// Puts another text in the place of the one that was read.
    pub(super) fn replace(self, text: &str) -> anyhow::Result<()> {
        let written = self.file.replace(text.as_bytes());
        written.with_context(|| format!("cannot write {}", self.keys.path.display()))
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

/// Another command is done in milliseconds; one that is not has been stopped, or waits for somebody.
const PATIENCE: Duration = Duration::from_secs(10);
