//! From a configuration to a bound host: everything that can be wrong is found here.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use jiff::Timestamp;
use signalbox_gate::{
    Authenticator, Budget, Capacity, ConcurrencyLimit, Gate, SystemClock, TokenVerifier,
};
use signalbox_policy::Caller;
use signalbox_policy::gt_routes::GtRoutes;
use signalbox_runtime::{Cache, DecisionPool, LoadOptions, Runtime, Settings, StartError};
use signalbox_swap::{Alarm, Entry, Swaps};
use tokio::net::TcpSocket;

use super::Host;
use super::bind_error::BindError;
use super::start::{self, Watched};
use crate::admin::Admin;
use crate::auth::Auth;
use crate::auth::credentials::CredentialFiles;
use crate::auth::jwt::{Issuers, JwtVerifier};
use crate::auth::keys::Keys;
use crate::config::{AdminConfig, AuthzConfig, Config, ExtProcConfig};
use crate::listener::private::ProxyListener;
use crate::listener::tls::ClientTls;
use crate::observe::health::{Health, PolicyHealth};
use crate::observe::metrics::Metrics;
use crate::observe::observers::Observers;
use crate::observe::prices::Prices;
use crate::observe::record::DecisionLog;
use crate::observe::traces::Traces;
use crate::policy_sources::registries::Registries;
use crate::policy_sources::{PolicySources, RefreshSignal, Sighup, read_cases};
use crate::request::spool::SpoolFolder;
use crate::server::shared::{Policies, Shared, UpstreamAccess};
use crate::upstream::{Hosts, routes_file};
use signalbox_gate::keyring::{Key, KeyStatus};

impl Host {
    /// Binds a host. `given` are policies as `(name, component)`; what the configuration names
    /// besides is read from its source.
    ///
    /// # Errors
    /// If anything it is told cannot be used: a host starts whole or not at all. With
    /// [`Config::state`] a policy is no reason not to start: what served last does, and readiness
    /// says so.
    pub async fn bind(config: Config, given: Vec<(String, Vec<u8>)>) -> Result<Self, BindError> {
        // Before anything that takes its time: until then the signal would end the process.
        let hangups = Sighup::listen();
        let credentials = CredentialFiles::load(&config.upstream.credentials)?;
        let current = Arc::clone(credentials.current());
        let keys = Keys::load(&config.keys, config.key_limits, current)?;
        let keys = Arc::new(keys);
        let (state, cache) = start::state(&config)?;
        let workers = workers(&config);
        let (runtime, pool) = start_runtime(&config, workers, cache)?;
        let registry = Arc::new(Registries::new(&config.registry, &config.policies)?);
        let health = Arc::new(Health::default());
        let policies = Arc::new(PolicyHealth::new(Arc::clone(&health)));
        let capacity = Capacity {
            memory: Budget::new(config.limits.held_memory.bytes()),
            disk: Budget::new(config.limits.held_disk.bytes()),
            requests: ConcurrencyLimit::new(config.limits.requests),
        };
        let started = Timestamp::now();
        let metrics = Metrics::new(&capacity.memory, &capacity.disk, started.as_second());
        let hosts = Arc::new(Hosts::new(&config.upstream, &health, &metrics)?);
        let issuers = Issuers::start(&config.jwt, &health, &metrics).await?;
        check_profiles(&issuers, &keys)?;
        let jwt = JwtVerifier::start(issuers, config.limits.connections, &metrics);
        let jwt = jwt.map_err(BindError::Thread)?.map(Arc::new);
        let gt_routes = routes_file::read(config.upstream.routes_file.as_deref())?;
        let prices = config.prices.as_deref().map(Prices::load).transpose()?;
        let mut settings = settings(&config, &keys, &metrics, &policies)?;
        settings.gt_routes = Some(Arc::clone(&gt_routes));
        settings.state = state;
        let swaps = Swaps::new(runtime, settings)?;
        let read = start::read(&config, &registry, given).await?;
        let start = {
            let (swaps, policies) = (swaps.clone(), Arc::clone(&policies));
            let is_remembered = config.state.is_some();
            move || read.start(&swaps, &policies, is_remembered)
        };
        let Watched { files, followed } = off_thread(start).await?;
        let spool = Arc::new(SpoolFolder::new(&config.spool_dir, Arc::clone(&health)));
        let probed = Arc::clone(&spool);
        off_thread(move || probed.probe()).await;
        let tls = config.tls.as_ref();
        let tls = tls
            .map(|files| ClientTls::load(files, config.http2))
            .transpose()?;
        let (listener, address) = config.listen.map(listen).transpose()?.unzip();
        let authz = config.authz.as_ref().map(bind_authz).transpose()?;
        let ext_proc = config.ext_proc.as_ref().map(bind_ext_proc).transpose()?;
        let private = [&authz, &ext_proc].into_iter().flatten();
        let private_tls = private.filter_map(ProxyListener::tls).collect();
        if listener.is_none() && authz.is_none() && ext_proc.is_none() {
            return Err(BindError::NoListener);
        }
        let admin = bind_admin(config.admin.as_ref())?;
        let traces = config.traces.as_ref();
        let traces = traces.map(|settings| Traces::start(settings, &metrics));
        let sources = PolicySources {
            swaps: swaps.clone(),
            health: policies,
            compile: Arc::clone(&config.sources),
            registry,
            files,
            look: RefreshSignal::default(),
        };
        let tokens = jwt.clone().map(|jwt| jwt as Arc<dyn TokenVerifier>);
        let shared = Shared {
            observers: Arc::new(Observers {
                traces: traces.transpose()?,
                health,
                metrics,
                records: DecisionLog::new(&config.records),
                prices,
            }),
            gate: Gate::new(
                gate_settings(&config, hosts.base_path(), gt_routes),
                capacity,
                Arc::new(Authenticator::new(Arc::clone(keys.live()), tokens)),
                Arc::clone(credentials.current()),
                swaps.clone(),
                Arc::new(SystemClock),
            ),
            started,
            config,
            auth: Auth { keys, jwt },
            tls,
            private_tls,
            lists: signalbox_ext_proc::ModelLists::default(),
            upstream: UpstreamAccess { hosts, credentials },
            policies: Policies { swaps, pool },
            sources: Arc::new(sources),
            spool,
        };
        let shared = Arc::new(shared);
        Ok(Self {
            listener,
            address,
            admin,
            authz,
            ext_proc,
            shared,
            followed,
            hangups,
            workers,
        })
    }
}

/// What the gate needs to know of the configuration.
fn gate_settings(
    config: &Config,
    base_path: &str,
    gt_routes: Arc<GtRoutes>,
) -> signalbox_gate::Settings {
    let (limits, headers) = (&config.limits, config.answer_headers);
    let mut settings = signalbox_gate::Settings::default();
    settings.base_path = base_path.to_owned();
    settings.gt_routes = gt_routes;
    settings.own_hosts = config.own_hosts();
    settings.largest_head = limits.head.bytes();
    settings.json_body = limits.json_body.bytes();
    settings.upload_body = limits.upload_body.bytes();
    settings.multipart_memory = limits.multipart_memory.bytes();
    settings.multipart_disk = limits.multipart_disk.bytes();
    settings.ask_usage.clone_from(&config.usage.ask);
    settings.forwarded = config.forwarded.clone();
    settings.decision_header = headers.decision;
    settings.policy_header = headers.policy;
    settings
}

/// A misspelt profile is found at start, not by the first caller.
fn check_profiles(issuers: &Issuers, keys: &Keys) -> Result<(), BindError> {
    let keyring = keys.current();
    let missing = issuers.missing_profiles(&keyring).next();
    missing.map_or(Ok(()), |(issuer, profile)| {
        Err(BindError::Profile {
            issuer: issuer.to_owned(),
            profile: profile.to_owned(),
        })
    })
}

/// What swaps need to know of the host.
fn settings(
    config: &Config,
    keys: &Arc<Keys>,
    metrics: &Arc<Metrics>,
    policies: &Arc<PolicyHealth>,
) -> Result<signalbox_swap::Settings, BindError> {
    let keys = Arc::clone(keys);
    let callers = move |policy: &str| {
        let (keyring, now) = (keys.current(), Timestamp::now());
        let is_asked =
            |key: &&Arc<Key>| key.policy == policy && key.status(now) == KeyStatus::Valid;
        let keys = keyring.iter().filter(is_asked);
        keys.map(|key| Caller::clone(&key.caller)).collect()
    };
    let failing = Arc::clone(policies);
    let alarms = move |name: &str, alarm: Option<&Alarm>| failing.failing(name, alarm);
    let (metrics, policies) = (Arc::clone(metrics), Arc::clone(policies));
    let observer = move |entry: &Entry| {
        metrics.swapped(entry);
        policies.heard(entry);
    };
    if config.signatures.required && config.state.is_none() {
        tracing::warn!(
            "without `state` the serial numbers of statements are forgotten when the host ends: an \
             old policy can then come back with its old signature"
        );
    }
    Ok(signalbox_swap::Settings {
        keep: config.swap.keep.get(),
        cases: read_cases(config)?,
        signers: start::signers(&config.signatures)?,
        load: load_options(config),
        shadow_cpu: config.swap.shadow_cpu,
        from_source: config.from_source,
        callers: Arc::new(callers),
        rollback_after: config.swap.rollback_after.duration(),
        observer: Arc::new(observer),
        alarms: Arc::new(alarms),
        ..signalbox_swap::Settings::default()
    })
}

/// How policies are loaded, as the configuration has it.
pub(crate) fn load_options(config: &Config) -> LoadOptions {
    LoadOptions {
        isolation: config.decisions.isolation,
    }
}

fn workers(config: &Config) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    config.workers.map_or_else(cores, NonZeroUsize::get)
}

fn start_runtime(
    config: &Config,
    workers: usize,
    cache: Option<Cache>,
) -> Result<(Runtime, DecisionPool), StartError> {
    let runtime = Runtime::new(runtime_settings(config, workers, cache))?;
    let pool = runtime.decision_pool()?;
    Ok((runtime, pool))
}

/// How policies run, as the configuration has it.
pub(crate) fn runtime_settings(config: &Config, workers: usize, cache: Option<Cache>) -> Settings {
    let mut settings = Settings {
        workers,
        cache,
        compile: config.compile.clone(),
        ..Settings::default()
    };
    settings.queue = config.decisions.queue;
    settings.memory_cap = config.decisions.memory.bytes();
    if let Some(threads) = config.decisions.threads {
        settings.decision_threads = threads.get();
    }
    settings
}

/// Does what takes its time on a thread that has it.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

fn bind_authz(config: &AuthzConfig) -> Result<ProxyListener, BindError> {
    let listener = ProxyListener::bind("authz", &config.listen, &[b"http/1.1"]);
    listener.map_err(|cause| BindError::Private("authz", cause))
}

fn bind_ext_proc(config: &ExtProcConfig) -> Result<ProxyListener, BindError> {
    let listener = ProxyListener::bind("ext_proc", &config.listen, &[b"h2"]);
    listener.map_err(|cause| BindError::Private("ext_proc", cause))
}

fn bind_admin(config: Option<&AdminConfig>) -> Result<Option<Admin>, BindError> {
    let Some(config) = config else {
        return Ok(None);
    };
    let address = config.listen;
    let admin = Admin::bind(config.clone());
    admin
        .map(Some)
        .map_err(|cause| BindError::Listen { address, cause })
}

fn listen(address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), BindError> {
    listen_on(address).map_err(|cause| BindError::Listen { address, cause })
}

fn listen_on(address: SocketAddr) -> std::io::Result<(std::net::TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    Ok((listener.into_std()?, address))
}

/// Connections that may wait while workers are busy; the system's own limit is often lower.
const BACKLOG: u32 = 4_096;
