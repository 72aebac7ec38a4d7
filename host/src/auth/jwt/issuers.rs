//! Every issuer: read, started, looked at and kept up to date together.

use std::sync::Arc;

use jiff::Timestamp;
use signalbox_gate::keyring::Keyring;
use tokio::task::JoinSet;

use super::issuer::Issuer;
use super::key_set::KeySetError;
use super::refresh;
use crate::config::IssuerSettings;
use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::observe::status::IssuerStatus;

/// Every issuer.
#[derive(Debug)]
pub(crate) struct Issuers(Vec<Arc<Issuer>>);

impl Issuers {
    /// Reads the key sets that lie in files, and asks for the others once.
    ///
    /// # Errors
    /// If a file cannot be used, or TLS cannot be set up. A server that does not answer is no reason
    /// not to start: readiness says so.
    pub(crate) async fn start(
        settings: &[IssuerSettings],
        health: &Arc<Health>,
        metrics: &Metrics,
    ) -> Result<Self, KeySetError> {
        let issuers = Self::read(settings, health, metrics)?;
        // All at once: those that hang cost a start the time of one.
        let mut fetching = JoinSet::new();
        for issuer in &issuers.0 {
            let issuer = Arc::clone(issuer);
            fetching.spawn(async move { issuer.fetch_first().await });
        }
        fetching.join_all().await;
        Ok(issuers)
    }

    /// Reads the key sets that lie in files, and asks nobody.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn read(
        settings: &[IssuerSettings],
        health: &Arc<Health>,
        metrics: &Metrics,
    ) -> Result<Self, KeySetError> {
        let issuers = settings
            .iter()
            .map(|settings| Issuer::new(settings, health, metrics).map(Arc::new));
        Ok(Self(issuers.collect::<Result<_, _>>()?))
    }

    /// Takes over changed key sets, for ever.
    pub(crate) async fn refresh(&self) {
        refresh::all(&self.0).await;
    }

    /// How each issuer stands.
    pub(crate) fn status(&self, now: Timestamp) -> Vec<IssuerStatus> {
        self.0.iter().map(|issuer| issuer.status(now)).collect()
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
        self.0
            .iter()
            .flat_map(profiles)
            .filter(|(_, profile)| keyring.profile(profile).is_none())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one with this `iss`.
    pub(super) fn named(&self, issuer: &str) -> Option<&Arc<Issuer>> {
        let mut issuers = self.0.iter();
        issuers.find(|known| known.settings().issuer == issuer)
    }
}
