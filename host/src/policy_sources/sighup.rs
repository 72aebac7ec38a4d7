//! SIGHUP: everything is to be read again, now.

#[cfg(unix)]
use signalbox_swap::error_chain;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The SIGHUPs that come from here on: none of them ends the process, nor is forgotten.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Sighup(Option<Signal>);

/// There is no such signal.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Sighup;

#[cfg(unix)]
impl Sighup {
    pub(crate) fn listen() -> Self {
        let hangups = signal(SignalKind::hangup()).inspect_err(|error| {
            tracing::error!(error = error_chain(error), "SIGHUP will not be heard");
        });
        Self(hangups.ok())
    }

    /// The next of them; `None` if there will be none.
    pub(crate) async fn next(&mut self) -> Option<()> {
        self.0.as_mut()?.recv().await
    }
}

#[cfg(not(unix))]
impl Sighup {
    pub(crate) const fn listen() -> Self {
        Self
    }

    pub(crate) async fn next(&mut self) -> Option<()> {
        None
    }
}
