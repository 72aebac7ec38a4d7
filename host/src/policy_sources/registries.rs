//! The registries policies are pulled from, as the configuration has them.

use std::collections::BTreeMap;
use std::time::Duration;

use signalbox_registry::{
    Login, ManifestDigest, PullError, Pulled, Reference, Registry, Settings, SetupError,
};
use signalbox_swap::{Failure, Step, error_chain};

use crate::config::{RegistryLogin, RegistrySettings};
use crate::file_watcher;
use crate::policy_sources::sources::PolicySource;

/// A way to registries, with the login that is on file at each moment.
#[derive(Debug)]
pub(crate) struct Registries {
    registry: Registry,
    login: Option<RegistryLogin>,
    /// The registries the login is for: those the configuration itself names. A reference that
    /// somebody sends may name any other.
    places: Vec<String>,
    pub(crate) interval: Duration,
}

impl Registries {
    pub(crate) fn new(
        settings: &RegistrySettings,
        policies: &BTreeMap<String, PolicySource>,
    ) -> Result<Self, SetupError> {
        let place = |source: &PolicySource| match source {
            PolicySource::Registry(reference) => Some(reference.registry()),
            PolicySource::File(_) => None,
        };
        let registry = Registry::new(Settings {
            plaintext: settings.plaintext.clone(),
            ca_file: settings.ca_file.clone(),
            ..Settings::default()
        })?;
        Ok(Self {
            registry,
            login: settings.login.clone(),
            places: policies.values().filter_map(place).collect(),
            interval: settings.interval.duration(),
        })
    }

    /// What a reference stands for now.
    pub(crate) async fn look(&self, reference: &Reference) -> Result<ManifestDigest, Failure> {
        let looked = self.registry()?.look(reference).await;
        looked.map_err(|error| failed(&error))
    }

    /// What lies there now.
    pub(crate) async fn pull(&self, reference: &Reference) -> Result<Pulled, Failure> {
        let pulled = self.registry()?.pull(reference).await;
        pulled.map_err(|error| failed(&error))
    }

    /// Whether the login that is on file can be used now.
    pub(crate) fn check_login(&self) -> Result<(), Failure> {
        self.registry().map(drop)
    }

    /// Asked by whom the password file names now: passwords change while a host runs.
    fn registry(&self) -> Result<Registry, Failure> {
        let login = self.login.as_ref().map(|login| self.login(login));
        let registry = self.registry.with_login(login.transpose()?);
        registry
            .map_err(|error| Failure::new(Step::Receive, None, error_chain(&error), error.help()))
    }

    fn login(&self, login: &RegistryLogin) -> Result<Login, Failure> {
        let path = &login.password_file;
        let text = file_watcher::read_text(path, LARGEST_PASSWORD).map_err(|error| {
            let message = format!("cannot read `{}`: {error}", path.display());
            let help = "put the registry's password there, and let the host read it";
            Failure::new(Step::Receive, None, message, help)
        })?;
        Ok(Login {
            user: login.username.clone(),
            password: text.trim_end_matches(['\r', '\n']).into(),
            registries: self.places.clone(),
        })
    }
}

fn failed(error: &PullError) -> Failure {
    Failure::new(Step::Receive, None, error_chain(error), error.help())
}

/// A token of some registries has a few KiB.
const LARGEST_PASSWORD: u64 = 64 << 10;
