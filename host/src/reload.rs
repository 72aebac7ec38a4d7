//! Files that change while the host runs: the keyring and the GT keys.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::shared::Shared;

/// Takes over what has changed, for ever. What cannot be used changes nothing but readiness.
pub(crate) async fn watch(shared: &Shared) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        for (name, outcome) in shared.credentials.poll() {
            let part = format!("credential {name}");
            match outcome {
                Ok(()) => {
                    tracing::info!(name, "took over a changed GT key");
                    shared.health.recover(&part);
                }
                Err(error) => {
                    tracing::error!(name, error = &error as &dyn std::error::Error, "kept a GT key");
                    shared.health.degrade(&part, error.to_string());
                }
            }
        }
        match shared.keys.poll() {
            None => {}
            Some(Ok(keyring)) => {
                tracing::info!(keys = keyring.len(), "took over a changed keyring");
                shared.health.recover("keys");
            }
            Some(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "kept the keyring");
                shared.health.degrade("keys", error.to_string());
            }
        }
    }
}

/// A changed file is noticed once it has stood still from one look to the next.
const LOOK: Duration = Duration::from_secs(1);
