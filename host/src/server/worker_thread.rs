//! A worker's thread: one single-threaded runtime, and the connections that are given to it.

use std::cell::Cell;
use std::io;
use std::net::{self, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use signalbox_swap::error_chain;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::{Notify, mpsc};
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::connection_permit::ConnectionPermit;
use crate::authz;
use crate::ext_proc;
use crate::listener::connection;
use crate::listener::private::PrivateConnection;
use crate::observe::metrics::OpenGuard;
use crate::server::phase::Phase;
use crate::server::shared::{Shared, UpstreamAccess};
use crate::server::when_woken::when_woken;
use crate::server::worker::Worker;
use crate::upstream::{UpstreamLimits, check_hosts};
use signalbox_gate::Peer;

/// What a worker is told.
#[derive(Debug)]
pub(super) enum Order {
    Enter(Phase),
    Serve(Arrived, Place),
}

/// A connection that was accepted.
#[derive(Debug)]
pub(super) enum Arrived {
    Client(net::TcpStream, SocketAddr),
    Proxy(PrivateConnection),
    ExtProc(PrivateConnection),
}

/// A connection's place among all and on its worker, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    open: Arc<AtomicUsize>,
    _seat: ConnectionPermit,
}

/// What was cut when the time to end by itself was over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) requests: usize,
    pub(super) connections: usize,
}

/// A running worker, seen from outside.
#[derive(Debug)]
pub(super) struct WorkerHandle {
    orders: mpsc::UnboundedSender<Order>,
    open: Arc<AtomicUsize>,
    thread: thread::JoinHandle<io::Result<Cut>>,
}

impl WorkerHandle {
    /// Starts a worker's thread.
    pub(super) fn start(
        number: usize,
        shared: Arc<Shared>,
        limits: UpstreamLimits,
    ) -> io::Result<Self> {
        let (orders, taken) = mpsc::unbounded_channel();
        let thread = thread::Builder::new()
            .name(format!("signalbox-worker-{number}"))
            .spawn(move || run(number, shared, limits, taken))?;
        Ok(Self {
            orders,
            open: Arc::default(),
            thread,
        })
    }

    /// How many connections it has.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Gives it a connection.
    pub(super) fn serve(&self, arrived: Arrived, seat: ConnectionPermit) {
        self.open.fetch_add(1, Ordering::Relaxed);
        let place = Place {
            open: Arc::clone(&self.open),
            _seat: seat,
        };
        // A worker that is gone drops the connection: that closes it.
        let _ = self.orders.send(Order::Serve(arrived, place));
    }

    pub(super) fn enter(&self, phase: Phase) {
        let _ = self.orders.send(Order::Enter(phase));
    }

    pub(super) fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for its end.
    pub(super) fn join(self) -> Cut {
        drop(self.orders);
        match self.thread.join() {
            Ok(Ok(cut)) => cut,
            Ok(Err(error)) => {
                tracing::error!(error = error_chain(&error), "a worker did not start");
                Cut::default()
            }
            Err(_panic) => {
                tracing::error!("a worker panicked");
                Cut::default()
            }
        }
    }
}

/// A worker and its connections, on their thread.
#[derive(Debug)]
struct Running {
    worker: Rc<Worker>,
    connections: Cell<usize>,
    is_empty: Notify,
}

/// A connection that a drain waits for, until it is dropped; a panic drops it too.
#[derive(Debug)]
struct OpenConnection(
    Rc<Running>,
    #[expect(dead_code, reason = "counts while it lives")] OpenGuard,
);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.set(self.0.connections.get() - 1);
        if self.0.connections.get() == 0 {
            self.0.is_empty.notify_one();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn run(
    number: usize,
    shared: Arc<Shared>,
    limits: UpstreamLimits,
    orders: mpsc::UnboundedReceiver<Order>,
) -> io::Result<Cut> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = LocalSet::new();
    let cut = local.block_on(&runtime, async {
        // One asks for all.
        if number == 0
            && let Some(check) = &shared.config.upstream.health
        {
            let UpstreamAccess { hosts, credentials } = &shared.upstream;
            check_hosts(hosts, credentials.current(), check);
        }
        let running = Rc::new(Running {
            worker: Worker::new(shared, limits),
            connections: Cell::new(0),
            is_empty: Notify::new(),
        });
        when_woken(running.obey(orders)).await
    });
    Ok(cut)
}

impl Running {
    async fn obey(self: Rc<Self>, mut orders: mpsc::UnboundedReceiver<Order>) -> Cut {
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_draining = self.worker.phases.current() >= Phase::Draining;
            if is_draining && self.connections.get() == 0 {
                return Cut::default();
            }
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Serve(arrived, place)) => match arrived {
                        Arrived::Client(socket, address) => {
                            let is_tls = self.worker.shared.tls.is_some();
                            let peer = Peer { address, is_tls };
                            Rc::clone(&self).open(socket, peer, place);
                        }
                        Arrived::Proxy(connection) => {
                            let worker = Rc::clone(&self.worker);
                            let served = async move { authz::serve(&worker, connection).await };
                            Rc::clone(&self).spawn(served, place);
                        }
                        Arrived::ExtProc(connection) => {
                            let worker = Rc::clone(&self.worker);
                            let served = async move { ext_proc::serve(&worker, connection).await };
                            Rc::clone(&self).spawn(served, place);
                        }
                    },
                    Some(Order::Enter(Phase::Cutting)) | None => return self.cut().await,
                    Some(Order::Enter(phase)) => self.worker.phases.enter(phase),
                },
                () = self.is_empty.notified() => {}
                _ = sweep.tick() => self.worker.upstream.sweep(),
            }
        }
    }

    /// Starts a connection's task. It ends by itself, and the `LocalSet` owns it.
    fn open(self: Rc<Self>, socket: net::TcpStream, peer: Peer, place: Place) {
        let socket = match TcpStream::from_std(socket) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "lost a new connection");
                return;
            }
        };
        let worker = Rc::clone(&self.worker);
        let served = async move { connection::serve(&worker, socket, peer).await };
        self.spawn(served, place);
    }

    /// Serves a connection in a task of its own.
    fn spawn(self: Rc<Self>, served: impl Future<Output = ()> + 'static, place: Place) {
        self.connections.set(self.connections.get() + 1);
        let counted = self.worker.shared.observers.metrics.clients.open();
        let open = OpenConnection(self, counted);
        tokio::task::spawn_local(async move {
            served.await;
            drop((open, place));
        });
    }

    /// Ends what is still open: streams of events say so, the rest just stops.
    async fn cut(&self) -> Cut {
        let cut = Cut {
            requests: self.worker.requests(),
            connections: self.connections.get(),
        };
        self.worker.phases.enter(Phase::Cutting);
        let farewell = async {
            while self.connections.get() > 0 {
                self.is_empty.notified().await;
            }
        };
        // Whoever does not even take the farewell is dropped with the worker.
        let _ = timeout(FAREWELL, farewell).await;
        cut
    }
}

/// How often connections to GT are looked through that nobody uses.
const SWEEP: Duration = Duration::from_secs(1);
/// For the last bytes of streams that are cut.
const FAREWELL: Duration = Duration::from_secs(1);
