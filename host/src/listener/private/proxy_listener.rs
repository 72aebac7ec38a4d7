//! Accepting connections of proxies: one thread, which gives each to the worker that has the fewest.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use signalbox_swap::error_chain;
use tokio::runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::sleep;

use super::{
    PrivateAcceptor, PrivateAddress, PrivateConnection, PrivateListenError, PrivateListener,
};
use crate::config::PrivateListen;
use crate::listener::tls::ClientTls;

/// The listener for proxies, bound; nobody is answered yet.
#[derive(Debug)]
pub(crate) struct ProxyListener {
    /// The section of the configuration that it is of.
    section: &'static str,
    listener: PrivateListener,
}

/// The accepting thread.
#[derive(Debug)]
pub(crate) struct ProxyThread {
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl ProxyListener {
    /// Takes its place.
    pub(crate) fn bind(
        section: &'static str,
        listen: &PrivateListen,
        protocols: &'static [&'static [u8]],
    ) -> Result<Self, PrivateListenError> {
        let listener = PrivateListener::bind(listen, protocols)?;
        Ok(Self { section, listener })
    }

    /// Where proxies connect.
    pub(crate) fn address(&self) -> PrivateAddress {
        self.listener.address()
    }

    /// Its certificates, for whoever looks whether they have changed.
    pub(crate) fn tls(&self) -> Option<Arc<ClientTls>> {
        self.listener.tls().map(Arc::clone)
    }

    /// Accepts from now on, at most so many connections at a time; more wait in the backlog.
    pub(crate) fn start(
        self,
        most: u32,
        hand_over: impl Fn(PrivateConnection, OwnedSemaphorePermit) + Send + 'static,
    ) -> io::Result<ProxyThread> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let acceptor = {
            let _inside = runtime.enter();
            self.listener.start()?
        };
        let section = self.section;
        let (stop, stopping) = oneshot::channel();
        let (tell, stopped) = oneshot::channel();
        let places = Arc::new(Semaphore::new(most as usize));
        thread::Builder::new()
            .name(format!("signalbox-{section}"))
            .spawn(move || {
                runtime.block_on(accept(section, &acceptor, &places, hand_over, stopping));
                drop(acceptor);
                // Nobody waits if the host was dropped.
                let _ = tell.send(());
            })?;
        Ok(ProxyThread { stop, stopped })
    }
}

impl ProxyThread {
    /// Closes the listener.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.stopped.await;
    }
}

async fn accept(
    section: &str,
    acceptor: &PrivateAcceptor,
    places: &Arc<Semaphore>,
    hand_over: impl Fn(PrivateConnection, OwnedSemaphorePermit),
    mut stopping: oneshot::Receiver<()>,
) {
    loop {
        let next = async {
            let place = Arc::clone(places).acquire_owned().await;
            (acceptor.accept().await, place)
        };
        tokio::select! {
            biased;
            // Also when the host was dropped.
            _ = &mut stopping => return,
            (accepted, place) = next => match (accepted, place) {
                (Ok(connection), Ok(place)) => hand_over(connection, place),
                (Err(error), _) => {
                    tracing::error!(section, error = error_chain(&error), "cannot accept; trying again");
                    sleep(PAUSE).await;
                }
                // The semaphore is never closed.
                (Ok(_), Err(_)) => return,
            },
        }
    }
}

/// What a person would wait for a file descriptor.
const PAUSE: Duration = Duration::from_millis(100);
