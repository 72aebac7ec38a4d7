//! One issuer: its keys, and what it takes for a token to be its own and for us.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use signalbox_swap::error_chain;
use tokio::sync::Notify;

use super::Refused;
use super::claims::{self, Claims};
use super::fetch::Fetch;
use super::key_set::{KeySet, KeySetError, Signer};
use super::token::Token;
use crate::config::{IssuerSettings, KeySetSource};
use crate::file_watcher::FileWatcher;
use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::observe::status::IssuerStatus;

/// One issuer.
#[derive(Debug)]
pub(super) struct Issuer {
    settings: IssuerSettings,
    source: Source,
    keys: ArcSwapOption<KeySet>,
    /// Somebody showed a key we do not know.
    pub(super) wanted: Notify,
    health: Arc<Health>,
    /// Tokens that were checked in full.
    pub(super) verified: Counter,
    /// Tokens that were known.
    pub(super) cached: Counter,
    /// Tokens whose signature was known to be wrong.
    pub(super) known_bad: Counter,
}

/// Where its keys come from.
#[derive(Debug)]
pub(super) enum Source {
    File(Mutex<FileWatcher>),
    Url(Fetch),
}

impl Issuer {
    /// # Errors
    /// If its keys lie in a file that cannot be used, or TLS cannot be set up.
    pub(super) fn new(
        settings: &IssuerSettings,
        health: &Arc<Health>,
        metrics: &Metrics,
    ) -> Result<Self, KeySetError> {
        let mut text = None;
        let source = match &settings.keys {
            KeySetSource::File(path) => {
                let opened = FileWatcher::open(path, LARGEST);
                let (watch, read) = opened.map_err(|source| unread(path, source))?;
                text = Some(read);
                Source::File(Mutex::new(watch))
            }
            KeySetSource::Url { url, ca_file } => {
                Source::Url(Fetch::new(url.clone(), ca_file.as_deref())?)
            }
        };
        let issuer = Self {
            source,
            keys: ArcSwapOption::empty(),
            wanted: Notify::new(),
            health: Arc::clone(health),
            verified: metrics.jwt(&settings.name, "verified"),
            cached: metrics.jwt(&settings.name, "cached"),
            known_bad: metrics.jwt(&settings.name, "known_bad"),
            settings: settings.clone(),
        };
        if let Some(text) = text {
            issuer.take(text.as_bytes())?;
        }
        Ok(issuer)
    }

    pub(super) fn name(&self) -> &str {
        &self.settings.name
    }

    pub(super) const fn settings(&self) -> &IssuerSettings {
        &self.settings
    }

    pub(super) const fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn has_keys(&self) -> bool {
        self.keys.load().is_some()
    }

    pub(super) fn status(&self, now: Timestamp) -> IssuerStatus {
        let keys = self.keys.load();
        let keys = keys.as_deref();
        IssuerStatus {
            name: self.name().to_owned(),
            keys: keys.map_or(0, KeySet::len),
            age_seconds: keys.map(|keys| now.duration_since(keys.read).as_secs()),
        }
    }

    /// Checks all of a token that costs nothing, so that only what could be ours is worth a
    /// signature's time: what it says, and the key that has to have signed it. A key that is not known
    /// is fetched behind the refusal.
    pub(super) fn check(
        &self,
        token: &Token,
        now: Timestamp,
    ) -> Result<(Claims, Arc<Signer>), Refused> {
        let ends = claims::check(&token.claims, &self.settings, now)?;
        let keys = self.keys.load();
        let signer = keys
            .as_ref()
            .and_then(|keys| keys.signer(token.kid.as_deref()));
        let Some(signer) = signer else {
            self.wanted.notify_one();
            return Err(Refused::Key);
        };
        if token.algorithm != signer.algorithm.word() {
            return Err(Refused::Algorithm);
        }
        let claims = claims::read(&token.claims, &self.settings, ends)?;
        Ok((claims, Arc::clone(signer)))
    }

    /// The first time, at start: failing is not the end.
    pub(super) async fn fetch_first(&self) {
        if let Source::Url(fetch) = &self.source {
            self.note(self.fetch(fetch).await);
        }
    }

    pub(super) async fn fetch(&self, fetch: &Fetch) -> Result<(), KeySetError> {
        self.take(&fetch.get(LARGEST).await?)
    }

    /// Reads the file if it has changed.
    pub(super) fn poll(&self, watch: &Mutex<FileWatcher>) -> Option<Result<(), KeySetError>> {
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        let text = watch.poll_text(LARGEST)?;
        let text = text.map_err(|source| unread(watch.path(), source));
        Some(text.and_then(|text| self.take(text.as_bytes())))
    }

    /// Says how it went. Whatever went wrong, the keys there were stay.
    pub(super) fn note(&self, outcome: Result<(), KeySetError>) -> bool {
        let (name, part) = (self.name(), format!("jwt {}", self.name()));
        match outcome {
            Ok(()) => {
                tracing::debug!(issuer = name, "read an issuer's keys");
                self.health.recover(&part);
                true
            }
            Err(error) => {
                tracing::error!(
                    issuer = name,
                    error = error_chain(&error),
                    "kept the keys of the issuer there were"
                );
                self.health.degrade_by(&part, &error);
                false
            }
        }
    }

    fn take(&self, bytes: &[u8]) -> Result<(), KeySetError> {
        let before = self.keys.load_full();
        let next = KeySet::read(
            bytes,
            &self.settings.algorithms,
            before.as_deref(),
            Timestamp::now(),
        )?;
        let next = Arc::new(next);
        self.keys.store(Some(Arc::clone(&next)));
        if let Some(before) = before {
            before.give_way_to(&next);
        }
        Ok(())
    }
}

fn unread(path: &Path, source: std::io::Error) -> KeySetError {
    KeySetError::File {
        path: path.to_owned(),
        source,
    }
}

/// A hundred keys of the largest kind, with their certificates.
const LARGEST: u64 = 512 << 10;
