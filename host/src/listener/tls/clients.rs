//! TLS towards clients: one configuration for all workers, replaced while they serve.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use super::{Certificates, TlsError};
use crate::config::{ListenerTls, TlsFiles};

/// The certificate shown to clients.
#[derive(Debug)]
pub(crate) struct ClientTls {
    current: ArcSwap<ServerConfig>,
    certificates: Mutex<Certificates>,
}

impl ClientTls {
    /// Reads the files.
    pub(crate) fn load(files: &ListenerTls, http2: bool) -> Result<Self, TlsError> {
        let protocols = if http2 { BOTH } else { HTTP1 };
        Self::of(files.files(), protocols)
    }

    /// Reads the files of any listener. `protocols` are those a client may choose among, best first.
    pub(crate) fn of(
        files: TlsFiles<'_>,
        protocols: &'static [&'static [u8]],
    ) -> Result<Self, TlsError> {
        let certificates = Certificates::load(files, protocols)?;
        Ok(Self {
            current: ArcSwap::from(Arc::clone(certificates.config())),
            certificates: Mutex::new(certificates),
        })
    }

    /// For one connection: those that are open go on with what they began with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Takes over files that have changed. `None` if there is nothing new.
    pub(crate) fn poll(&self) -> Option<Result<(), TlsError>> {
        self.with(Certificates::poll)
    }

    /// Takes over the files, whether they have changed or not.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        self.with(Certificates::reload)
    }

    /// Files are read with the lock held: workers do not take it.
    fn with<T>(&self, read: impl FnOnce(&mut Certificates) -> T) -> T {
        let mut certificates = self
            .certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let outcome = read(&mut certificates);
        self.current.store(Arc::clone(certificates.config()));
        outcome
    }
}

/// HTTP/2 first: a client that speaks both gets it.
const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
const HTTP1: &[&[u8]] = &[b"http/1.1"];
