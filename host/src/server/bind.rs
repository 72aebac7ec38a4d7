//! From a configuration to a bound host: everything that can be wrong is found here.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use signalbox_policy::Caller;
use signalbox_registry::SetupError;
use signalbox_runtime::{Cache, DecisionPool, LoadOptions, Runtime, Settings, StartError};
use signalbox_swap::{Entry, Failure, StateError, Swaps};
use tokio::net::TcpSocket;

use super::Host;
use super::start::{self, Watched};
use crate::admin::Admin;
use crate::auth::Auth;
use crate::budget::Budget;
use crate::config::{AdminConfig, Config, Isolation};
use crate::credentials::{CredentialError, Credentials};
use crate::doors::{CasesError, Hangups, Look, PolicySources, read_cases};
use crate::health::{Health, PolicyHealth};
use crate::jwt::{Issuers, KeySetError};
use crate::keyring::{Key, KeyringError, Standing};
use crate::keys::Keys;
use crate::limits::Gate;
use crate::metrics::Metrics;
use crate::observers::Observers;
use crate::record::Records;
use crate::registries::Registries;
use crate::shared::{Capacity, Policies, Shared, UpstreamAccess};
use crate::sources::SourceError;
use crate::tls::{ClientTls, TlsError};
use crate::traces::{CollectorError, Traces};
use crate::upstream::{Hosts, TargetError};

/// Why a host could not be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// A GT key cannot be used.
    #[error("a GT key cannot be used")]
    Credential(#[from] CredentialError),
    /// The keyring cannot be used.
    #[error("the keyring cannot be used")]
    Keyring(#[from] KeyringError),
    /// The keys of a JWT issuer cannot be used.
    #[error("the keys of a `jwt` issuer cannot be used")]
    Jwt(#[from] KeySetError),
    /// Callers of a JWT issuer would have nothing to be measured by.
    #[error(
        "`jwt.{issuer}` names the profile `{profile}`, and the keyring has no such entry with `profile: true`"
    )]
    Profile {
        /// The issuer's name.
        issuer: String,
        /// What it names.
        profile: String,
    },
    /// The certificate for clients cannot be used.
    #[error("the certificate for clients cannot be used")]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The operator's cases cannot be used.
    #[error("a case file cannot be used")]
    Cases(#[from] CasesError),
    /// A policy does not pass, and nothing is remembered that could serve in its place.
    #[error("policy `{name}` does not pass")]
    Policy {
        /// Its name.
        name: String,
        /// Which step failed, why, and what to do.
        #[source]
        cause: Failure,
    },
    /// Registries cannot be asked as the configuration has it.
    #[error("registries cannot be asked")]
    Registry(#[from] SetupError),
    /// The key of somebody who may vouch for policies cannot be used.
    #[error("the key of signer `{id}` cannot be used: {cause}")]
    Signer {
        /// Who.
        id: String,
        /// Why, and what to do.
        cause: String,
    },
    /// No component can be made of a policy file, and nothing is remembered that could serve in its
    /// place.
    #[error("policy `{name}` in `{}` cannot be used", path.display())]
    Source {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// Every diagnostic.
        #[source]
        cause: SourceError,
    },
    /// The state folder cannot be used.
    #[error("the state folder cannot be used")]
    State(#[source] StateError),
    /// What was remembered cannot be used.
    #[error("swaps do not start")]
    Swaps(#[from] signalbox_swap::StartError),
    /// The policy runtime does not start.
    #[error("the policy runtime does not start")]
    Runtime(#[from] StartError),
    /// No span could reach the collector.
    #[error("traces cannot be exported")]
    Traces(#[from] CollectorError),
    /// GT's address or its certificate authorities cannot be used.
    #[error("the upstream cannot be used")]
    Upstream(#[from] TargetError),
}

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
        let hangups = Hangups::listen();
        let credentials = Arc::new(Credentials::load(&config.upstream.credentials)?);
        let keys = Keys::load(&config.keys, config.key_limits, Arc::clone(&credentials))?;
        let keys = Arc::new(keys);
        let (state, cache) = start::state(&config)?;
        let workers = workers(&config);
        let (runtime, pool) = start_runtime(&config, workers, cache)?;
        let registry = Arc::new(Registries::new(&config.registry, &config.policies)?);
        let health = Arc::new(Health::default());
        let policies = Arc::new(PolicyHealth::new(Arc::clone(&health)));
        let memory = Budget::new(config.limits.held_memory.bytes());
        let disk = Budget::new(config.limits.held_disk.bytes());
        let started = Timestamp::now();
        let metrics = Metrics::new(&memory, &disk, started.as_second());
        let hosts = Arc::new(Hosts::new(&config.upstream, &health, &metrics)?);
        let jwt = Issuers::start(&config.jwt, &health, &metrics).await?;
        check_profiles(jwt.as_ref(), &keys)?;
        let mut settings = settings(&config, &keys, &metrics, &policies)?;
        settings.state = state;
        let swaps = Swaps::new(runtime, settings)?;
        let read = start::read(&config, &registry, given).await?;
        let start = {
            let (swaps, policies) = (swaps.clone(), Arc::clone(&policies));
            let is_remembered = config.state.is_some();
            move || read.start(&swaps, &policies, is_remembered)
        };
        let Watched { files, followed } = off_thread(start).await?;
        let tls = config.tls.as_ref();
        let tls = tls
            .map(|files| ClientTls::load(files, config.http2))
            .transpose()?;
        let (listener, address) = listen(config.listen).map_err(|cause| BindError::Listen {
            address: config.listen,
            cause,
        })?;
        let admin = bind_admin(config.admin.as_ref())?;
        let traces = config.traces.as_ref();
        let traces = traces.map(|settings| Traces::start(settings, &metrics));
        let sources = PolicySources {
            swaps: swaps.clone(),
            health: policies,
            compile: Arc::clone(&config.sources),
            registry,
            files,
            look: Look::default(),
        };
        let shared = Shared {
            observers: Arc::new(Observers {
                traces: traces.transpose()?,
                health,
                metrics,
                records: Records::new(&config.records),
                answer_headers: config.answer_headers,
            }),
            capacity: Capacity {
                gate: Gate::new(config.limits.requests),
                memory,
                disk,
            },
            started,
            config,
            auth: Auth { keys, jwt },
            tls,
            upstream: UpstreamAccess { hosts, credentials },
            policies: Policies { swaps, pool },
            sources: Arc::new(sources),
        };
        let shared = Arc::new(shared);
        Ok(Self {
            listener,
            address,
            admin,
            shared,
            followed,
            hangups,
            workers,
        })
    }
}

/// A misspelt profile is found at start, not by the first caller.
fn check_profiles(jwt: Option<&Issuers>, keys: &Keys) -> Result<(), BindError> {
    let keyring = keys.current();
    let missing = jwt.and_then(|issuers| issuers.missing_profiles(&keyring).next());
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
            |key: &&Arc<Key>| key.policy == policy && key.standing(now) == Standing::Valid;
        let keys = keyring.iter().filter(is_asked);
        keys.map(|key| Caller::clone(&key.caller)).collect()
    };
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
        observer: Arc::new(observer),
        ..signalbox_swap::Settings::default()
    })
}

/// How policies are loaded, as the configuration has it.
fn load_options(config: &Config) -> LoadOptions {
    LoadOptions {
        isolation: match config.decisions.isolation {
            Isolation::Request => signalbox_runtime::Isolation::Request,
            Isolation::Reuse => signalbox_runtime::Isolation::Reuse,
        },
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
    let mut settings = Settings {
        workers,
        cache,
        ..Settings::default()
    };
    settings.queue = config.decisions.queue;
    settings.memory_cap = config.decisions.memory.bytes();
    if let Some(threads) = config.decisions.threads {
        settings.decision_threads = threads.get();
    }
    let runtime = Runtime::new(settings)?;
    let pool = runtime.decision_pool()?;
    Ok((runtime, pool))
}

/// Does what takes its time on a thread that has it.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
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

fn listen(address: SocketAddr) -> std::io::Result<(std::net::TcpListener, SocketAddr)> {
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
