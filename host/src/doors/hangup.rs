//! SIGHUP: everything is read again, now.

use std::sync::Arc;

use super::off_thread;
use crate::reload;
use crate::shared::Shared;

/// Reads everything again at each SIGHUP, for ever.
#[cfg(unix)]
pub(crate) async fn obey(shared: Arc<Shared>) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "SIGHUP will not be heard");
            return;
        }
    };
    while hangups.recv().await.is_some() {
        tracing::info!("SIGHUP: reading everything again");
        off_thread(&shared, reload::everything).await;
    }
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) async fn obey(_: Arc<Shared>) {}
