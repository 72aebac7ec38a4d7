//! SIGHUP: everything is read again, now.

use std::sync::Arc;

use super::off_thread;
use crate::reload;
use crate::shared::Shared;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The SIGHUPs that come from here on: none of them ends the process, nor is forgotten.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Hangups(Option<Signal>);

/// There is no such signal.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Hangups;

#[cfg(unix)]
impl Hangups {
    pub(crate) fn listen() -> Self {
        let hangups = signal(SignalKind::hangup()).inspect_err(|error| {
            let error = error as &dyn std::error::Error;
            tracing::error!(error, "SIGHUP will not be heard");
        });
        Self(hangups.ok())
    }

    /// Reads everything again at each of them, for ever.
    pub(crate) async fn obey(mut self, shared: Arc<Shared>) {
        let Some(hangups) = &mut self.0 else { return };
        while hangups.recv().await.is_some() {
            tracing::info!("SIGHUP: reading everything again");
            off_thread(&shared, reload::everything).await;
        }
    }
}

#[cfg(not(unix))]
impl Hangups {
    pub(crate) const fn listen() -> Self {
        Self
    }

    pub(crate) async fn obey(self, _: Arc<Shared>) {}
}
