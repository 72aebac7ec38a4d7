//! The server: a listener, workers, and the way from the first connection to the last.
//!
//! Shutting down: readiness goes off and answers ask clients to leave; then nothing new is
//! accepted, but what waits in the backlog is served; then open requests have their time; then
//! what is left is cut, and counted. Policies that are being compiled are given up at once.

mod accept;
mod addresses;
mod bind;
mod bind_error;
mod connection_permit;
pub(crate) mod handle;
pub(crate) mod phase;
pub(crate) mod shared;
mod start;
mod when_woken;
pub(crate) mod worker;
mod worker_thread;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use bind::{load_options, runtime_settings};
pub use bind_error::BindError;
pub(crate) use start::signer;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::admin::Admin;
use crate::listener::private::{PrivateAddress, ProxyListener, ProxyThread};
use crate::observe::health;
use crate::policy_sources::reload;
use crate::policy_sources::{self, Followed, Sighup};
use crate::server::handle::Handle;
use crate::server::phase::Phase;
use crate::server::shared::Shared;
use crate::upstream::UpstreamLimits;
use accept::Acceptor;
use worker_thread::{Arrived, Cut, WorkerHandle};

/// A host that is bound and not yet serving.
#[derive(Debug)]
pub struct Host {
    /// For clients, unless they come by a proxy alone.
    listener: Option<std::net::TcpListener>,
    address: Option<SocketAddr>,
    admin: Option<Admin>,
    authz: Option<ProxyListener>,
    ext_proc: Option<ProxyListener>,
    shared: Arc<Shared>,
    followed: Vec<Followed>,
    hangups: Sighup,
    workers: usize,
}

/// How a host ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// Requests that were cut.
    pub cut_requests: usize,
    /// Connections that were cut, those with such a request on them among them.
    pub cut_connections: usize,
}

/// Why a host could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A thread was not to be had.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

impl Host {
    /// Where clients connect, if there is such a listener; with the port the system chose if the
    /// configuration says 0.
    #[must_use]
    pub const fn local_addr(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where operators connect, if there is such a listener.
    #[must_use]
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Admin::local_addr)
    }

    /// Where proxies ask, if there is such a listener.
    #[must_use]
    pub fn authz_addr(&self) -> Option<PrivateAddress> {
        self.authz.as_ref().map(ProxyListener::address)
    }

    /// Where Envoy sends its requests to be processed, if there is such a listener.
    #[must_use]
    pub fn ext_proc_addr(&self) -> Option<PrivateAddress> {
        self.ext_proc.as_ref().map(ProxyListener::address)
    }

    /// What acts on the host while it runs.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` is ready, and then until the last request has ended or its time is
    /// over. Meanwhile everything that changes is taken over, and SIGHUP is heard.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<Exit, RunError> {
        let shared = self.shared;
        let overview = Arc::clone(&shared);
        // Answers until the last request has ended, so that `/readyz` says what goes on.
        let admin = self.admin.map(|admin| admin.start(overview)).transpose();
        let _admin = admin.map_err(RunError::Thread)?;
        let workers = (0..self.workers)
            .map(|number| {
                let limits = upstream_limits(&shared, self.workers);
                WorkerHandle::start(number, Arc::clone(&shared), limits)
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(RunError::Thread)?;
        let workers = Arc::new(workers);
        let accept = |listener| Acceptor::start(listener, Arc::clone(&workers), &shared);
        let acceptor = self.listener.map(accept).transpose();
        let acceptor = acceptor.map_err(RunError::Thread)?;
        let private = [
            (self.authz, Arrived::Proxy as fn(_) -> _),
            (self.ext_proc, Arrived::ExtProc),
        ];
        let private = private.into_iter().filter_map(|(listener, arrives)| {
            let workers = Arc::clone(&workers);
            Some(accept::start_private(listener?, arrives, workers, &shared))
        });
        let private = private.collect::<Result<Vec<_>, _>>();
        let private = private.map_err(RunError::Thread)?;
        shared.observers.health.enter(health::Phase::Serving);
        tracing::info!(
            address = self.address.map(tracing::field::display),
            workers = workers.len(),
            "serving"
        );
        tokio::select! {
            () = shutdown => {}
            () = reload::watch(&shared) => {}
            () = refresh_issuers(&shared) => {}
            () = shared.spool.watch() => {}
            () = watch_policies(&shared, self.followed, self.hangups) => {}
        }
        let exit = leave(&shared, (acceptor, private), workers).await;
        flush_traces(shared).await;
        Ok(exit)
    }
}

/// Takes over the keys of JWT issuers, for ever.
async fn refresh_issuers(shared: &Shared) {
    if let Some(jwt) = &shared.auth.jwt {
        jwt.issuers().refresh().await;
    }
    std::future::pending::<()>().await;
}

/// Takes over policies from where they come from, for ever.
async fn watch_policies(shared: &Arc<Shared>, followed: Vec<Followed>, hangups: Sighup) {
    let mut watchers = JoinSet::new();
    watchers.spawn(obey(hangups, Arc::clone(shared)));
    watchers.spawn(policy_sources::follow_registries(
        Arc::clone(&shared.sources),
        followed,
    ));
    if shared.config.swap.watch {
        watchers.spawn(policy_sources::watch_files(Arc::clone(&shared.sources)));
    }
    while watchers.join_next().await.is_some() {}
    std::future::pending::<()>().await;
}

/// Reads everything again at each SIGHUP, for ever.
async fn obey(mut hangups: Sighup, shared: Arc<Shared>) {
    while hangups.next().await.is_some() {
        tracing::info!("SIGHUP: reading everything again");
        policy_sources::off_thread(&shared, reload::everything).await;
    }
}

async fn leave(
    shared: &Shared,
    (acceptor, private): (Option<Acceptor>, Vec<ProxyThread>),
    workers: Arc<Vec<WorkerHandle>>,
) -> Exit {
    let times = &shared.config.times;
    // What is compiled now would never serve.
    shared.policies.swaps.give_up_compiling();
    shared.observers.health.enter(health::Phase::Draining);
    tell(&workers, Phase::Leaving);
    tracing::info!("draining: readiness is off");
    sleep(times.readiness_off.duration()).await;
    if let Some(acceptor) = acceptor {
        acceptor.stop().await;
    }
    for listener in private {
        listener.stop().await;
    }
    tell(&workers, Phase::Draining);
    tracing::info!("shutting down: not accepting any more");
    let drained = async {
        let mut look = interval(LOOK);
        while !workers.iter().all(WorkerHandle::is_finished) {
            look.tick().await;
        }
    };
    if timeout(times.drain.duration(), drained).await.is_err() {
        tell(&workers, Phase::Cutting);
    }
    let exit = tokio::task::spawn_blocking(move || join(workers))
        .await
        .unwrap_or_default();
    tracing::info!(
        cut_requests = exit.cut_requests,
        cut_connections = exit.cut_connections,
        "shut down"
    );
    exit
}

/// Exports the spans of the last requests.
async fn flush_traces(shared: Arc<Shared>) {
    let flushed = tokio::task::spawn_blocking(move || {
        if let Some(traces) = &shared.observers.traces {
            traces.flush(FLUSH);
        }
    });
    // Whether it succeeded is in the log.
    let _ = flushed.await;
}

fn tell(workers: &[WorkerHandle], phase: Phase) {
    for worker in workers {
        worker.enter(phase);
    }
}

/// Waits for every worker; the acceptor has let go of them.
fn join(workers: Arc<Vec<WorkerHandle>>) -> Exit {
    let cut = Arc::into_inner(workers)
        .into_iter()
        .flatten()
        .map(WorkerHandle::join);
    cut.fold(
        Exit::default(),
        |exit,
         Cut {
             requests,
             connections,
         }| Exit {
            cut_requests: exit.cut_requests + requests,
            cut_connections: exit.cut_connections + connections,
        },
    )
}

fn upstream_limits(shared: &Shared, workers: usize) -> UpstreamLimits {
    let (times, limits) = (&shared.config.times, &shared.config.limits);
    UpstreamLimits {
        connect: times.connect.duration(),
        first_byte: times.first_byte.duration(),
        body_total: times.body_total.duration(),
        // Each worker has its share: what is asked of it for every request is then its own.
        connections: (limits.upstream_connections as usize / workers).max(1),
        idle: KEPT_CONNECTIONS,
        idle_time: times.upstream_idle.duration(),
        age: times.upstream_max_age.duration(),
    }
}

/// Connections to GT a worker keeps without a request on them.
const KEPT_CONNECTIONS: usize = 256;
/// For a collector to take the last spans: nobody waits long for traces when a host is to end.
const FLUSH: Duration = Duration::from_secs(5);
/// How often the workers are looked at while they drain.
const LOOK: Duration = Duration::from_millis(20);
