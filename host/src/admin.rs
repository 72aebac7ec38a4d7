//! The admin listener: for operators, never for clients.
//!
//! | route | token | answer |
//! | --- | --- | --- |
//! | `GET /healthz` | none | 200 while the process runs |
//! | `GET /readyz` | none | 200 if requests should come, else 503; JSON with `status` and `reasons` |
//! | `GET /metrics` | view | every metric, as OpenMetrics text |
//! | `GET /status` | view | policies, keys, uptime, what is wrong |
//! | `GET /decisions/{id}` | view | one of the last decisions |
//!
//! The operate token opens what the view token opens. `HEAD` works wherever `GET` does. `host` must
//! be loopback, the listening address or a configured name, and a request with an `origin` comes
//! from a web page: both are refused, or a page in an operator's browser could ask here (DNS
//! rebinding). Errors have OpenAI's shape. The listener has a thread of its own: it answers however
//! busy the workers are.

mod answer;
mod route;
mod serve;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::config::AdminConfig;
use crate::health::Readiness;
use crate::record::DecisionId;
use crate::status::Status;

/// What the admin listener shows.
pub trait Overview: Send + Sync + 'static {
    /// How ready the host is.
    fn readiness(&self) -> Readiness;
    /// How it is in general.
    fn status(&self) -> Status;
    /// The text of a scrape.
    fn metrics(&self) -> String;
    /// One of the last decisions.
    fn decision(&self, id: DecisionId) -> Option<serde_json::Value>;
}

/// The address is taken; nobody is answered yet.
#[derive(Debug)]
pub struct Admin {
    listener: TcpListener,
    address: SocketAddr,
    config: AdminConfig,
}

/// The listener at work. Dropping it ends it.
#[derive(Debug)]
pub struct AdminThread {
    address: SocketAddr,
    /// Dropping it is the signal.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Admin {
    /// Takes the address.
    ///
    /// # Errors
    /// If it cannot be had.
    pub fn bind(config: AdminConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            config,
        })
    }

    /// Where operators connect.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers from now on.
    ///
    /// # Errors
    /// If there is no thread or no runtime to be had.
    pub fn start(self, overview: Arc<dyn Overview>) -> io::Result<AdminThread> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let Self {
            listener,
            address,
            config,
        } = self;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let desk = route::Desk { config, overview };
        let thread = std::thread::Builder::new()
            .name("signalbox-admin".to_owned())
            .spawn(move || runtime.block_on(serve::serve(listener, Arc::new(desk), stopped)))?;
        Ok(AdminThread {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl AdminThread {
    /// Where operators connect.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
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
