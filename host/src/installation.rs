//! An installation, looked at before a host starts on it: what this version does not load, and what
//! it treats differently.
//!
//! Everything a host reads at start is read by the code that reads it then, but each thing by itself:
//! all that fails is found, and not only the first. No port is opened, nobody is asked, and nothing
//! is left behind: `spool_dir` is tried with a file that has no name. The state folder is only looked
//! at, also while a host uses it.

mod finding;
mod policies;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub use finding::{Effect, Finding};
pub use policies::check_component;

use crate::auth::credentials::{CredentialFiles, CredentialProblem, Credentials, Secret};
use crate::auth::jwt::Issuers;
use crate::auth::keys::Keys;
use crate::config::{Config, CredentialSource, KeySetSource, KeySource};
use crate::listener::tls::{Certificates, ClientTls};
use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::observe::prices::Prices;
use crate::observe::traces::Collector;
use crate::policy_sources::registries::Registries;
use crate::request::spool;
use crate::upstream::Hosts;
use signalbox_gate::Budget;
use signalbox_swap::error_chain;

/// What of an installation this version does not load, treats differently, or could not be asked
/// about from here. Takes as long as a start.
#[must_use]
pub fn check(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    let credentials = credentials(config, &mut found);
    let keys = keyring(config, credentials, &mut found);
    listeners(config, &mut found);
    let (health, metrics) = (Arc::new(Health::default()), metrics());
    if let Err(error) = Hosts::new(&config.upstream, &health, &metrics) {
        let ca_file = config.upstream.ca_file.as_deref();
        found.push(Finding::stops("upstream", "upstream", error_chain(&error)).of(ca_file));
    }
    issuers(config, keys.as_ref(), (&health, &metrics), &mut found);
    if let Some(Err(error)) = config.traces.as_ref().map(Collector::new) {
        found.push(Finding::stops("traces", "traces", error_chain(&error)));
    }
    if let Some(path) = config.prices.as_deref()
        && let Err(error) = Prices::load(path)
    {
        found.push(Finding::stops("prices", "prices", error_chain(&error)).of(Some(path)));
    }
    registries(config, &mut found);
    if let Err(error) = spool::probe(&config.spool_dir) {
        // A host starts all the same, and goes on with everything else.
        let reason = error_chain(&error);
        let finding = Finding::new(Effect::Differs, "spool_dir", "spool_dir", reason);
        let help = "make a folder the host's user may write in, or name another: forms are refused";
        found.push(finding.of(Some(&config.spool_dir)).help(help));
    }
    policies::check(config, &mut found);
    found
}

/// Every GT key. In place of one that cannot be had here stands another that nobody has, so that
/// the keyring can be checked all the same.
fn credentials(config: &Config, found: &mut Vec<Finding>) -> Arc<Credentials> {
    let mut usable = BTreeMap::new();
    for (name, source) in &config.upstream.credentials {
        let one = BTreeMap::from([(name.clone(), source.clone())]);
        let Err(error) = CredentialFiles::load(&one) else {
            usable.extend(one);
            continue;
        };
        let what = format!("credential `{name}`");
        found.push(match (&error.problem, source) {
            // Of this shell, and not of the service that will run.
            (CredentialProblem::Variable(variable), _) => Finding::new(
                Effect::Unchecked,
                "credential",
                what,
                format!("the environment variable `{variable}` is not set here"),
            )
            .help("see that the host has it"),
            (problem, CredentialSource::File(path)) => {
                Finding::stops("credential", what, error_chain(problem)).of(Some(path))
            }
            (problem, _) => Finding::stops("credential", what, error_chain(problem)),
        });
        if let Ok(secret) = Secret::read(&format!("unknown:{name}")) {
            usable.insert(name.clone(), CredentialSource::Given(secret));
        }
    }
    // Each was loaded before, or is one that was just made.
    let loaded = CredentialFiles::load(&usable);
    let current = loaded.map(|files| Arc::clone(files.current()));
    current.unwrap_or_default()
}

fn keyring(
    config: &Config,
    credentials: Arc<Credentials>,
    found: &mut Vec<Finding>,
) -> Option<Keys> {
    let keys = Keys::load(&config.keys, config.key_limits, credentials);
    keys.inspect_err(|error| {
        let path = match &config.keys {
            KeySource::File(path) => Some(path.as_path()),
            KeySource::Text(_) => None,
        };
        found.push(Finding::stops("keyring", "keyring", error_chain(error)).of(path));
    })
    .ok()
}

/// The certificates of both listeners.
fn listeners(config: &Config, found: &mut Vec<Finding>) {
    let mut note = |what: &str, path: &Path, error: &dyn std::error::Error| {
        found.push(Finding::stops("certificate", what, error_chain(error)).of(Some(path)));
    };
    if let Some(tls) = &config.tls
        && let Err(error) = ClientTls::load(tls, config.http2)
    {
        note("tls", &tls.cert_file, &error);
    }
    let admin = config.admin.as_ref();
    if let Some(tls) = admin.and_then(|admin| admin.tls.as_ref())
        && let Err(error) = Certificates::load(tls.files(), &[])
    {
        note("admin.tls", &tls.cert_file, &error);
    }
}

/// The keys of issuers that lie in files, and the profiles all of them name.
fn issuers(
    config: &Config,
    keys: Option<&Keys>,
    (health, metrics): (&Arc<Health>, &Arc<Metrics>),
    found: &mut Vec<Finding>,
) {
    for settings in &config.jwt {
        let what = format!("jwt.{}", settings.name);
        let path = match &settings.keys {
            KeySetSource::File(path) => Some(path.as_path()),
            KeySetSource::Url { url, .. } => {
                let reason = format!("`{}` was not asked for its keys", url.origin.authority());
                found.push(Finding::new(Effect::Unchecked, "jwt", &what, reason));
                None
            }
        };
        match Issuers::read(std::slice::from_ref(settings), health, metrics) {
            Err(error) => found.push(Finding::stops("jwt", what, error_chain(&error)).of(path)),
            Ok(read) => {
                let keyring = keys.map(Keys::current);
                let missing = keyring.iter().flat_map(|all| read.missing_profiles(all));
                found.extend(missing.map(|(_, profile)| {
                    let reason = format!("the keyring has no profile `{profile}`");
                    Finding::stops("profile", &what, reason)
                }));
            }
        }
    }
}

fn registries(config: &Config, found: &mut Vec<Finding>) {
    let settings = &config.registry;
    match Registries::new(settings, &config.policies) {
        Err(error) => found.push(
            Finding::stops("registry", "registry", error_chain(&error))
                .of(settings.ca_file.as_deref())
                .help(error.help()),
        ),
        Ok(registries) => {
            if let Err(failure) = registries.check_login() {
                let login = settings.login.as_ref();
                let path = login.map(|login| login.password_file.as_path());
                found.push(
                    Finding::stops("registry", "registry", failure.message)
                        .of(path)
                        .help(failure.help),
                );
            }
        }
    }
}

/// Nobody reads them.
fn metrics() -> Arc<Metrics> {
    Metrics::new(&Budget::new(0), &Budget::new(0), 0)
}

#[cfg(test)]
mod tests;
