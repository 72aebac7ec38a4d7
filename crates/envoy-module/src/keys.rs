//! The keyring and the GT keys: read at first, and again when their files change.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use signalbox_gate::keyring::{Keyring, KeyringError};
use signalbox_gate::{Credentials, KeyLimits, LiveKeyring, Secret};

use crate::error::{ConfigError, CredentialError};
use crate::settings::{Settings, Source};

/// The keyring and the GT keys.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) keyring: Arc<LiveKeyring>,
    pub(crate) credentials: Arc<Credentials>,
    path: PathBuf,
    unset: KeyLimits,
    files: BTreeMap<String, PathBuf>,
}

/// Keyrings in use, by file and by the limits of keys that set none: what a key has used is counted
/// once, however many filters there are, and is not forgotten when Envoy gets a new configuration.
static KEYRINGS: Mutex<Option<Shared>> = Mutex::new(None);
type Shared = HashMap<(PathBuf, String), Weak<LiveKeyring>>;

impl Keys {
    pub(crate) fn read(settings: &Settings, unset: KeyLimits) -> Result<Self, ConfigError> {
        let (mut secrets, mut files) = (Vec::new(), BTreeMap::new());
        for (name, source) in settings.upstream.credentials.sources() {
            secrets.push((name.to_owned(), secret(name, source)?));
            if let Source::File(path) = source {
                files.insert(name.to_owned(), path.clone());
            }
        }
        let credentials = Arc::new(Credentials::from_iter(secrets));
        let keyring = shared(&settings.keys, unset, &credentials)?;
        Ok(Self {
            keyring,
            credentials,
            path: settings.keys.clone(),
            unset,
            files,
        })
    }

    /// The files they are in.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let files = self.files.values().map(PathBuf::as_path);
        std::iter::once(&*self.path).chain(files)
    }

    /// Reads all of them again; what cannot be used changes nothing.
    pub(crate) fn reload(&self) -> Result<(), ConfigError> {
        let mut next = Vec::new();
        for (name, path) in &self.files {
            next.push((name, secret(name, &Source::File(path.clone()))?));
        }
        let keyring = parse(&self.path, self.unset, &self.keyring.current())?;
        let identity = |name: &str| match next.iter().find(|(known, _)| *known == name) {
            Some((_, secret)) => Some(secret.identity()),
            None => self.credentials.identity(name),
        };
        keyring.check_credentials(&identity)?;
        if self.keyring.current().demo_key().is_none() {
            keyring.check_demo_tokens()?;
        }
        for (name, secret) in next {
            if self.credentials.identity(name) != Some(secret.identity()) {
                self.credentials.replace(name, secret);
            }
        }
        self.keyring.replace(keyring);
        Ok(())
    }
}

/// The keyring of a file, as the file is now.
fn shared(
    path: &Path,
    unset: KeyLimits,
    credentials: &Credentials,
) -> Result<Arc<LiveKeyring>, ConfigError> {
    let mut all = KEYRINGS.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    all.retain(|_, keyring| keyring.strong_count() > 0);
    let place = (path.to_owned(), format!("{unset:?}"));
    let live = all.get(&place).and_then(Weak::upgrade);
    let before = live.as_ref().map(|live| live.current_full());
    let keyring = parse(
        path,
        unset,
        before.as_deref().unwrap_or(&Keyring::default()),
    )?;
    keyring.check_credentials(&|name| credentials.identity(name))?;
    let live = match live {
        Some(live) => {
            live.replace(keyring);
            live
        }
        None => Arc::new(LiveKeyring::new(keyring)),
    };
    all.insert(place, Arc::downgrade(&live));
    Ok(live)
}

fn parse(path: &Path, unset: KeyLimits, before: &Keyring) -> Result<Keyring, ConfigError> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| KeyringError::file(path, error))?;
    Ok(Keyring::parse_after(&text, unset, before)?)
}

fn secret(name: &str, source: &Source) -> Result<Secret, ConfigError> {
    read_secret(source).map_err(|error| ConfigError::Credential {
        name: name.to_owned(),
        error,
    })
}

fn read_secret(source: &Source) -> Result<Secret, CredentialError> {
    let text = match source {
        Source::File(path) => {
            let text = fs::read_to_string(path);
            text.map_err(|error| CredentialError::File(path.clone(), error))?
        }
        Source::Env(name) => {
            let text = std::env::var(name);
            text.map_err(|_unset| CredentialError::Env(name.clone()))?
        }
    };
    Secret::read(&text).map_err(CredentialError::Problem)
}
