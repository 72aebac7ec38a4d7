//! The admin listener: for operators, never for clients.
//!
//! | route | token | answer |
//! | --- | --- | --- |
//! | `GET /healthz` | none | 200 while the process runs |
//! | `GET /readyz` | none | 200 if requests should come, else 503; JSON with `status` and `reasons` |
//! | `GET /metrics` | view | every metric, as OpenMetrics text |
//! | `GET /status` | view | policies, keys, uptime, what is wrong |
//! | `GET /decisions/{id}` | view | one of the last decisions |
//! | `GET /policies` | view | every policy: what serves, stands beside it, is kept, drains |
//! | `GET /policies/{name}` | view | one of them |
//! | `GET /swaps` | view | the history, newest first |
//! | `GET /swaps/{n}` | view | one entry of it |
//! | `POST /explain` | view | what a policy decides on a request that nobody sent |
//! | `POST /swaps` | operate | a transaction with components from the body or a registry |
//! | `POST /policies/{name}/rollback` | operate | an earlier generation serves again |
//! | `POST /policies/{name}/promote` | operate | what stands beside serves |
//! | `POST /policies/{name}/withdraw` | operate | what stands beside goes |
//! | `POST /revoke` | operate | a digest is forbidden for good |
//!
//! The operate token opens what the view token opens. `HEAD` works wherever `GET` does. `host` must
//! be loopback, an IP address or a configured name, and a request with an `origin` comes from a web
//! page: all others are refused, or a page in an operator's browser could ask here (DNS rebinding).
//! Routes without a token are answered whatever `host` says. Errors have OpenAI's shape. The
//! listener has a thread of its own: it answers however busy the workers are.
//!
//! What changes something answers with its entry in the history: 200 if it was done, 409 if another
//! transaction was faster, 422 if a step failed. With `accept: application/x-ndjson` it is 200 and a
//! line for each step as it happens, `{"step": …}`, and last `{"entry": …}`. A transaction that has
//! begun ends by itself: the client may leave, and a host that stops waits for it.

mod answer;
mod api;
mod body;
mod commands;
mod error;
mod explain;
mod guard;
mod json;
mod object;
mod overview;
mod queries;
mod route;
mod running_transactions;
mod serve;
mod shares;
mod swap;
mod transaction;
mod upload;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;

use signalbox_registry::{Pulled, Reference};
use signalbox_swap::{Failure, Swaps};
use tokio::sync::oneshot;

pub(crate) use crate::listener::tls::TlsError;

use crate::config::{AdminConfig, AdminTls};
use crate::listener::tls::Certificates;
use crate::observe::health::Readiness;
use crate::observe::record::DecisionId;
use crate::observe::status::Status;
use api::AdminApi;
use signalbox_gate::keyring::Key;

/// What the admin listener shows, and acts on.
pub(crate) trait Overview: Send + Sync + 'static {
    /// How ready the host is.
    fn readiness(&self) -> Readiness;
    /// How it is in general.
    fn status(&self) -> Status;
    /// The text of a scrape.
    fn metrics(&self) -> String;
    /// One of the last decisions.
    fn decision(&self, id: DecisionId) -> Option<serde_json::Value>;
    /// What replaces policies.
    fn swaps(&self) -> &Swaps;
    /// The key of an id, whatever its standing.
    fn key(&self, id: &str) -> Option<Arc<Key>>;
    /// Pulls a component from a registry.
    ///
    /// A failure is one of the step `receive`.
    fn pull<'a>(
        &'a self,
        reference: &'a Reference,
    ) -> Pin<Box<dyn Future<Output = Result<Pulled, Failure>> + Send + 'a>>;
    /// Hears how reading the listener's changed certificates went; those there were stay if they
    /// cannot be used.
    fn certificates(&self, outcome: &Result<(), TlsError>);
}

/// The address is taken; nobody is answered yet.
pub(crate) struct Admin {
    listener: TcpListener,
    address: SocketAddr,
    config: AdminConfig,
    certificates: Option<Certificates>,
}

/// The listener at work. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct AdminThread {
    #[cfg(test)]
    address: SocketAddr,
    /// Dropping it is the signal.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Admin {
    /// Takes the address, and reads the certificates if there is to be TLS.
    ///
    /// # Errors
    /// If it cannot be had, or they cannot be used: the error is then a [`TlsError`].
    pub(crate) fn bind(config: AdminConfig) -> io::Result<Self> {
        let load = |tls: &AdminTls| Certificates::load(tls.files(), &[b"http/1.1"]);
        let certificates = config.tls.as_ref().map(load).transpose();
        let certificates =
            certificates.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let listener = TcpListener::bind(config.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            config,
            certificates,
        })
    }

    /// Where operators connect.
    #[must_use]
    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers from now on.
    ///
    /// # Errors
    /// If there is no thread or no runtime to be had.
    pub(crate) fn start(self, overview: Arc<dyn Overview>) -> io::Result<AdminThread> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let Self {
            listener,
            config,
            certificates,
            ..
        } = self;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let desk = Arc::new(AdminApi::new(config, overview));
        let thread = std::thread::Builder::new()
            .name("signalbox-admin".to_owned())
            // The runtime goes with the thread, and waits for whatever transaction has begun.
            .spawn(move || {
                runtime.block_on(serve::serve(listener, certificates, desk, stopped));
            })?;
        Ok(AdminThread {
            #[cfg(test)]
            address: self.address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Admin")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl AdminThread {
    /// Where operators connect.
    #[must_use]
    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for AdminThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
