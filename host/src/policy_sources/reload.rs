//! Files that change while the host runs: the keyring and the GT keys at once, the rest on demand.

use std::sync::Arc;

use signalbox_swap::error_chain;
use tokio::time::{MissedTickBehavior, interval};

use crate::auth::credentials::CredentialError;
use crate::file_watcher::LOOK;
use crate::listener::tls::{ClientTls, TlsError};
use crate::observe::metrics::{Outcome, Reloaded};
use crate::policy_sources::read_cases;
use crate::server::shared::Shared;
use crate::upstream::{Trust, TrustError};
use signalbox_gate::keyring::{Keyring, KeyringError};

/// Takes over what has changed, for ever. What cannot be used changes nothing but readiness.
///
/// On a thread that has the time: a keyring may have a hundred thousand keys. Nothing waits for it;
/// requests find the keyring there was until the new one is complete.
pub(crate) async fn watch(shared: &Arc<Shared>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let shared = Arc::clone(shared);
        if let Err(panicked) = tokio::task::spawn_blocking(move || look(&shared)).await {
            std::panic::resume_unwind(panicked.into_panic());
        }
    }
}

fn look(shared: &Shared) {
    shared.auth.keys.live().free_retired();
    let mut has_taken = false;
    for (name, outcome) in shared.upstream.credentials.poll(&shared.auth.keys) {
        has_taken |= outcome.is_ok();
        note_credential(shared, &name, outcome);
    }
    if let Some(outcome) = shared.upstream.hosts.trust().and_then(Trust::poll) {
        note_authorities(shared, &outcome);
    }
    if let Some(outcome) = shared.tls.as_ref().and_then(ClientTls::poll) {
        note_certificate(shared, &outcome);
    }
    for outcome in shared.private_tls.iter().filter_map(|tls| tls.poll()) {
        note_certificate_of_proxies(shared, &outcome);
    }
    let keys = &shared.auth.keys;
    // A keyring that was refused for a GT key has not changed since.
    let again = || (has_taken && keys.waits_for_credentials()).then(|| keys.reload());
    if let Some(outcome) = keys.poll().or_else(again) {
        note_keyring(shared, &outcome);
    }
}

/// Reads everything again, whether it has changed or not. Takes its time.
pub(crate) fn everything(shared: &Shared) {
    // What is wrong is said in readiness.
    let _ = keys(shared);
    if let Some(outcome) = shared.upstream.hosts.trust().and_then(Trust::reload) {
        note_authorities(shared, &outcome);
    }
    if let Some(tls) = &shared.tls {
        note_certificate(shared, &tls.reload());
    }
    for tls in &shared.private_tls {
        note_certificate_of_proxies(shared, &tls.reload());
    }
    match read_cases(&shared.config) {
        Ok(cases) => {
            shared.policies.swaps.set_cases(cases);
            shared.observers.health.recover(CASES);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Cases, Outcome::Ok);
        }
        Err(error) => {
            tracing::error!(error = error_chain(&error), "kept the cases there were");
            shared.observers.health.degrade_by(CASES, &error);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Cases, Outcome::Error);
        }
    }
    shared.spool.probe();
    shared.sources.files.reload(&shared.sources);
    shared.sources.look.now();
}

/// Reads the GT keys and the keyring again.
pub(crate) fn keys(shared: &Shared) -> Result<(), KeyringError> {
    for (name, outcome) in shared.upstream.credentials.reload(&shared.auth.keys) {
        note_credential(shared, &name, outcome);
    }
    let outcome = shared.auth.keys.reload();
    note_keyring(shared, &outcome);
    // What the keyring there was did not allow.
    for (name, outcome) in shared.upstream.credentials.poll(&shared.auth.keys) {
        note_credential(shared, &name, outcome);
    }
    outcome.map(drop)
}

/// Says how reading a GT key again went.
fn note_credential(shared: &Shared, name: &str, outcome: Result<(), CredentialError>) {
    let part = format!("credential {name}");
    match outcome {
        Ok(()) => {
            tracing::info!(name, "took over a GT key");
            shared.observers.health.recover(&part);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Credential, Outcome::Ok);
        }
        Err(error) => {
            tracing::error!(
                name,
                error = error_chain(&error),
                "kept the GT key there was"
            );
            shared.observers.health.degrade_by(&part, &error);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Credential, Outcome::Error);
        }
    }
}

/// Says how reading the authorities that GT's certificates are verified by went.
fn note_authorities(shared: &Shared, outcome: &Result<(), TrustError>) {
    match outcome {
        Ok(()) => {
            tracing::info!("took over the upstream's certificate authorities");
            shared.observers.health.recover(AUTHORITIES);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Authorities, Outcome::Ok);
        }
        Err(error) => {
            tracing::error!(
                error = error_chain(error),
                "kept the upstream's certificate authorities there were"
            );
            shared.observers.health.degrade_by(AUTHORITIES, error);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Authorities, Outcome::Error);
        }
    }
}

/// Says how reading the keyring again went.
fn note_keyring(shared: &Shared, outcome: &Result<Arc<Keyring>, KeyringError>) {
    match outcome {
        Ok(keyring) => {
            tracing::info!(keys = keyring.len(), "took over a keyring");
            shared.observers.health.recover("keys");
            note_profiles(shared, keyring);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Keyring, Outcome::Ok);
        }
        Err(error) => {
            tracing::error!(error = error_chain(error), "kept the keyring there was");
            shared.observers.health.degrade_by("keys", error);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Keyring, Outcome::Error);
        }
    }
}

/// Says whether callers of JWT issuers have what they are measured by.
fn note_profiles(shared: &Shared, keyring: &Keyring) {
    let missing = shared.auth.jwt.as_ref();
    let missing = missing.and_then(|jwt| jwt.issuers().missing_profiles(keyring).next());
    match missing {
        None => shared.observers.health.recover(PROFILES),
        Some((issuer, profile)) => {
            let reason = format!("`jwt.{issuer}` names a profile that is gone: `{profile}`");
            tracing::error!(
                issuer,
                profile,
                "a profile is gone: its callers are refused"
            );
            shared.observers.health.degrade(PROFILES, reason);
        }
    }
}

/// Says how reading the certificate for clients again went.
fn note_certificate(shared: &Shared, outcome: &Result<(), TlsError>) {
    match outcome {
        Ok(()) => {
            tracing::info!("took over the certificate for clients");
            shared.observers.health.recover(CERTIFICATE);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Certificate, Outcome::Ok);
        }
        Err(error) => {
            tracing::error!(
                error = error_chain(error),
                "kept the certificate for clients"
            );
            shared.observers.health.degrade_by(CERTIFICATE, error);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Certificate, Outcome::Error);
        }
    }
}

/// Says how reading the certificates of the listener for proxies again went.
fn note_certificate_of_proxies(shared: &Shared, outcome: &Result<(), TlsError>) {
    match outcome {
        Ok(()) => {
            tracing::info!("took over the certificates shown to proxies");
            shared.observers.health.recover(PROXY_CERTIFICATE);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Certificate, Outcome::Ok);
        }
        Err(error) => {
            tracing::error!(
                error = error_chain(error),
                "kept the certificates shown to proxies there were"
            );
            shared.observers.health.degrade_by(PROXY_CERTIFICATE, error);
            shared
                .observers
                .metrics
                .reloaded(Reloaded::Certificate, Outcome::Error);
        }
    }
}

/// What is not well, in readiness.
const CASES: &str = "cases";
const AUTHORITIES: &str = "upstream ca_file";
const PROFILES: &str = "jwt profiles";
const CERTIFICATE: &str = "certificate";
const PROXY_CERTIFICATE: &str = "certificate for proxies";
