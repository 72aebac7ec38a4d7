//! Accepting connections: one thread, which gives each to the worker that has the fewest.
//!
//! `SO_REUSEPORT` alone shares eight connections among four threads badly in nearly half of the
//! cases. An error of one connection is that connection's; an error of the whole process, such as
//! no more file descriptors, is waited out. Neither ends the loop.

use std::io::{self, ErrorKind};
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use signalbox_swap::error_chain;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::sleep;

use super::addresses::{Addresses, Counted};
use super::connection_permit::ConnectionPermit;
use super::worker_thread::{Arrived, WorkerHandle};
use crate::listener::private::{PrivateConnection, ProxyListener, ProxyThread};
use crate::observe::metrics::Metrics;
use crate::server::shared::Shared;

/// The accepting thread.
#[derive(Debug)]
pub(super) struct Acceptor {
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl Acceptor {
    /// Starts accepting, at most so many connections at a time as there may be: more wait in the
    /// backlog, where they cost the system little and are served when their turn comes. Those of an
    /// address that has its share are closed at once, or others would wait behind them.
    pub(super) fn start(
        listener: net::TcpListener,
        workers: Arc<Vec<WorkerHandle>>,
        shared: &Shared,
    ) -> io::Result<Self> {
        let (limits, hops) = (&shared.config.limits, &shared.config.forwarded);
        let door = Door {
            workers,
            places: Arc::new(Semaphore::new(limits.connections as usize)),
            addresses: Addresses::new(limits.connections_per_client, hops),
            metrics: Arc::clone(&shared.observers.metrics),
            takes_within: shared.config.times.answer_idle.duration(),
        };
        let (stop, stopping) = oneshot::channel();
        let (tell, stopped) = oneshot::channel();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("signalbox-accept".to_owned())
            .spawn(move || {
                runtime.block_on(door.accept(listener, stopping));
                drop(door);
                // Nobody waits if the host was dropped.
                let _ = tell.send(());
            })?;
        Ok(Self { stop, stopped })
    }

    /// Hands over what waits in the backlog and closes the listener.
    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.stopped.await;
    }
}

/// Starts accepting proxies.
pub(super) fn start_private(
    listener: ProxyListener,
    arrives: fn(PrivateConnection) -> Arrived,
    workers: Arc<Vec<WorkerHandle>>,
    shared: &Shared,
) -> io::Result<ProxyThread> {
    listener.start(
        shared.config.limits.connections,
        move |connection, place| {
            if let Some(worker) = workers.iter().min_by_key(|worker| worker.open()) {
                let permit = ConnectionPermit::new(Some(place), Counted::nobody());
                worker.serve(arrives(connection), permit);
            }
        },
    )
}

/// What a new connection passes on its way in.
struct Door {
    workers: Arc<Vec<WorkerHandle>>,
    places: Arc<Semaphore>,
    addresses: Arc<Addresses>,
    metrics: Arc<Metrics>,
    /// For how long a client may take nothing of what the system holds for it.
    takes_within: Duration,
}

impl Door {
    async fn accept(&self, listener: net::TcpListener, mut stopping: oneshot::Receiver<()>) {
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(error = error_chain(&error), "cannot accept");
                return;
            }
        };
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::select! {
                biased;
                // Also when the host was dropped.
                _ = &mut stopping => break,
                (accepted, place) = self.next(&listener) => match accepted {
                    Ok((socket, peer)) => {
                        pause = FIRST_PAUSE;
                        self.hand_over(socket, peer, place);
                    }
                    Err(error) if is_of_one_connection(&error) => {
                        tracing::debug!(error = error_chain(&error), "lost a connection");
                    }
                    Err(error) => {
                        tracing::error!(
                            error = error_chain(&error),
                            pause = ?pause,
                            "cannot accept; trying again"
                        );
                        sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }
        self.serve_backlog(listener);
    }

    /// The next connection, once there is a place for it.
    async fn next(
        &self,
        listener: &TcpListener,
    ) -> (
        io::Result<(net::TcpStream, SocketAddr)>,
        Option<OwnedSemaphorePermit>,
    ) {
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let accepted = listener
            .accept()
            .await
            .and_then(|(socket, peer)| Ok((socket.into_std()?, peer)));
        (accepted, place)
    }

    /// Whoever is in the backlog was told by the system that we are there.
    fn serve_backlog(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        while let Ok((socket, peer)) = listener.accept() {
            if socket.set_nonblocking(true).is_ok() {
                let place = Arc::clone(&self.places).try_acquire_owned().ok();
                self.hand_over(socket, peer, place);
            }
        }
    }

    fn hand_over(
        &self,
        socket: net::TcpStream,
        peer: SocketAddr,
        place: Option<OwnedSemaphorePermit>,
    ) {
        let Some(counted) = self.addresses.count(peer.ip()) else {
            self.metrics.connection_refused("per_client");
            tracing::debug!(%peer, "per-client connection limit reached");
            return;
        };
        // Without it small answers wait for the client's acknowledgement; with an error it just is
        // so.
        let _ = socket.set_nodelay(true);
        // A slow answer that nobody reads fits into the system's buffers for minutes: the system ends a
        // connection whose client takes nothing of them. Where it cannot, they end once they are full.
        let within = self.takes_within.max(SYSTEM_SEES_WITHIN);
        let millis = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        let _ = rustix::net::sockopt::set_tcp_user_timeout(&socket, millis);
        let workers = self.workers.iter();
        if let Some(worker) = workers.min_by_key(|worker| worker.open()) {
            let permit = ConnectionPermit::new(place, counted);
            worker.serve(Arrived::Client(socket, peer), permit);
        }
    }
}

/// Whether the next `accept` may well succeed.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
            | ErrorKind::NotConnected
            | ErrorKind::PermissionDenied
    )
}

/// From a moment to what a person would wait for a file descriptor.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The system counts whole segments of up to 64 KiB as progress: a shorter time would end readers that
/// are slow and steady. With this one, two KiB a second are enough.
const SYSTEM_SEES_WITHIN: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_of_one_connection_are_not_waited_out() {
        for (errno, is_its_own) in [
            (libc_errno::ECONNABORTED, true),
            (libc_errno::ECONNRESET, true),
            (libc_errno::EINTR, true),
            (libc_errno::EMFILE, false),
            (libc_errno::ENFILE, false),
            (libc_errno::ENOMEM, false),
        ] {
            let error = io::Error::from_raw_os_error(errno);
            assert_eq!(is_of_one_connection(&error), is_its_own, "{error}");
        }
    }

    /// Linux's numbers of the errors that matter here.
    mod libc_errno {
        pub(super) const EINTR: i32 = 4;
        pub(super) const ENOMEM: i32 = 12;
        pub(super) const ENFILE: i32 = 23;
        pub(super) const EMFILE: i32 = 24;
        pub(super) const ECONNABORTED: i32 = 103;
        pub(super) const ECONNRESET: i32 = 104;
    }
}
