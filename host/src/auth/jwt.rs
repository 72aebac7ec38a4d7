//! JWTs as the second way to name a caller.
//!
//! A token is checked against the keys of its issuer, and its caller is measured by a *profile*: an
//! entry of the keyring that no token opens. Claims take away from what the profile may do and never
//! add to it; what a token should say and does not leaves nothing. So the worst a careless issuer
//! can do is what the operator wrote into the profile.
//!
//! | what | where |
//! | --- | --- |
//! | a token taken apart, without trusting any of it | `token.rs` |
//! | an issuer's keys, read strictly, the last good set kept | `key_set.rs`, `fetch.rs`, `refresh.rs` |
//! | a token checked: first what costs nothing, the signature last | `issuer.rs` |
//! | the profile narrowed by claims | `claims.rs`, `narrow.rs` |
//! | tokens that were checked, so that a request costs a hash and a look-up | `cache.rs` |
//! | what each caller uses, in bounded memory | `subjects.rs` |
//!
//! Nothing here waits: a key that is not known is a refusal, and the set is fetched behind it. All
//! refusals look the same from outside; which it was, the metrics say.

mod cache;
mod claims;
mod fetch;
mod issuer;
mod key_set;
mod narrow;
mod object;
mod refresh;
mod refused;
mod subjects;
mod token;

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::config::IssuerSettings;
use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::observe::status::IssuerStatus;
use cache::{Checked, Checks};
use issuer::Issuer;
use key_set::Signer;
use signalbox_gate::Digest;
use signalbox_gate::keyring::{Grant, Key, Keyring};
use subjects::Subjects;
use token::Token;

pub use fetch::FetchError;
pub use key_set::{KeySetError, KeySetProblem};
pub(crate) use refused::Refused;

/// Every issuer, and what is known of the tokens they signed.
#[derive(Debug)]
pub(crate) struct Issuers {
    issuers: Vec<Arc<Issuer>>,
    checks: Checks,
    subjects: Subjects,
    metrics: Arc<Metrics>,
}

/// Whether a token is a JWT by its shape: three parts. GT's own tokens never are.
pub(crate) fn is_one(token: &str) -> bool {
    !token.starts_with("gtak_") && token.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl Issuers {
    /// Reads the key sets that lie in files, and asks for the others once. `None` if there are no
    /// issuers.
    ///
    /// # Errors
    /// If a file cannot be used, or TLS cannot be set up. A server that does not answer is no reason
    /// not to start: readiness says so.
    pub(crate) async fn start(
        settings: &[IssuerSettings],
        health: &Arc<Health>,
        metrics: &Arc<Metrics>,
    ) -> Result<Option<Self>, KeySetError> {
        if settings.is_empty() {
            return Ok(None);
        }
        let issuers = Self::read(settings, health, metrics)?;
        // All at once: those that hang cost a start the time of one.
        let mut fetching = JoinSet::new();
        for issuer in &issuers.issuers {
            let issuer = Arc::clone(issuer);
            fetching.spawn(async move { issuer.fetch_first().await });
        }
        fetching.join_all().await;
        Ok(Some(issuers))
    }

    /// Reads the key sets that lie in files, and asks nobody.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn read(
        settings: &[IssuerSettings],
        health: &Arc<Health>,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, KeySetError> {
        let issuers = settings
            .iter()
            .map(|settings| Issuer::new(settings, health, metrics).map(Arc::new));
        Ok(Self {
            issuers: issuers.collect::<Result<_, _>>()?,
            checks: Checks::default(),
            subjects: Subjects::default(),
            metrics: Arc::clone(metrics),
        })
    }

    /// Takes over changed key sets, for ever.
    pub(crate) async fn refresh(&self) {
        refresh::all(&self.issuers).await;
    }

    /// The key of a token: its caller, with the rights of a profile or less. Its standing is not
    /// looked at yet.
    pub(crate) fn key_of(
        &self,
        token: &str,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Option<Arc<Key>> {
        let digest = Digest::of(token);
        if let Some(key) = self.known(&digest, keyring) {
            return Some(key);
        }
        match self.check(token, digest, keyring, now) {
            Ok(key) => Some(key),
            Err((name, refused)) => {
                self.metrics.jwt(name, refused.word()).inc();
                tracing::debug!(issuer = name, reason = refused.word(), "a JWT is refused");
                None
            }
        }
    }

    /// How each issuer stands.
    pub(crate) fn status(&self, now: Timestamp) -> Vec<IssuerStatus> {
        self.issuers
            .iter()
            .map(|issuer| issuer.status(now))
            .collect()
    }

    /// The profiles of issuers that a keyring does not have.
    pub(crate) fn missing_profiles<'a>(
        &'a self,
        keyring: &'a Keyring,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let profiles = |issuer: &'a Arc<Issuer>| {
            let profiles = issuer.settings().profile.profiles();
            profiles.map(|profile| (issuer.name(), profile))
        };
        self.issuers
            .iter()
            .flat_map(profiles)
            .filter(|(_, profile)| keyring.profile(profile).is_none())
    }

    /// A token that was checked before. Its profile may have changed since.
    fn known(&self, digest: &Digest, keyring: &Keyring) -> Option<Arc<Key>> {
        let checked = self.checks.find(digest)?;
        let profile = keyring.profile(&checked.claims.profile)?;
        checked.cached.inc();
        if Arc::ptr_eq(&checked.profile, profile) {
            return Some(checked.key);
        }
        let key = self.key(&checked.claims, profile, &checked.signer);
        self.checks.keep(
            *digest,
            Checked {
                key: Arc::clone(&key),
                profile: Arc::clone(profile),
                ..checked
            },
        );
        Some(key)
    }

    fn check(
        &self,
        token: &str,
        digest: Digest,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Arc<Key>, (&str, Refused)> {
        let read = Token::read(token).map_err(|refused| (UNKNOWN, refused))?;
        let issuer = read.issuer().and_then(|name| {
            let is_it = |issuer: &&Arc<Issuer>| issuer.settings().issuer == name;
            self.issuers.iter().find(is_it).ok_or(Refused::Issuer)
        });
        let issuer = issuer.map_err(|refused| (UNKNOWN, refused))?;
        let refused = |refused| (issuer.name(), refused);
        let (claims, signer) = issuer.check(&read, now).map_err(refused)?;
        let profile = keyring
            .profile(&claims.profile)
            .ok_or_else(|| refused(Refused::Profile))?;
        issuer.verified.inc();
        let claims = Arc::new(claims);
        let key = self.key(&claims, profile, &signer);
        self.checks.keep(
            digest,
            Checked {
                key: Arc::clone(&key),
                profile: Arc::clone(profile),
                claims,
                signer,
                cached: issuer.cached.clone(),
            },
        );
        Ok(key)
    }

    fn key(&self, claims: &claims::Claims, profile: &Arc<Key>, signer: &Arc<Signer>) -> Arc<Key> {
        let caller = narrow::caller(&profile.caller, claims);
        let usage = self.subjects.usage(&caller.id, profile, Instant::now());
        let profile_id = Arc::clone(&claims.profile);
        let grant = Grant::new(profile_id, claims.ends, signer.in_use());
        Arc::new(Key::of_profile(profile, caller, usage, grant))
    }
}

/// In place of an issuer's name, where a token names none of ours.
const UNKNOWN: &str = "unknown";

#[cfg(test)]
use key_set::tests as tests_of_keys;
#[cfg(test)]
mod tests;
