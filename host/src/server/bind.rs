//! From a configuration to a bound host: everything that can be wrong is found here.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use signalbox_runtime::{
    DecisionPool, LoadError, LoadOptions, Plugin, Runtime, Settings, Slot, StartError,
};
use tokio::net::TcpSocket;

use super::Host;
use crate::admin::Admin;
use crate::budget::Budget;
use crate::config::{AdminConfig, Config, Isolation};
use crate::credentials::{CredentialError, Credentials};
use crate::health::Health;
use crate::keyring::{KeyringError, Keys};
use crate::limits::Gate;
use crate::metrics::Metrics;
use crate::record::Records;
use crate::shared::Shared;
use crate::upstream::{Target, TargetError};

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
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A policy does not load.
    #[error("policy `{name}` does not load")]
    Policy {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        cause: LoadError,
    },
    /// The policy runtime does not start.
    #[error("the policy runtime does not start")]
    Runtime(#[from] StartError),
    /// GT's address or its certificate authorities cannot be used.
    #[error("the upstream cannot be used")]
    Upstream(#[from] TargetError),
}

impl Host {
    /// Binds a host with these policies: `(name, component)`.
    ///
    /// # Errors
    /// If anything it is told cannot be used: a host starts whole or not at all.
    pub async fn bind(config: Config, policies: Vec<(String, Vec<u8>)>) -> Result<Self, BindError> {
        let target = Target::new(&config.upstream.url, config.upstream.ca_file.as_deref())?;
        let credentials = Arc::new(Credentials::load(&config.upstream.credentials)?);
        let keys = Keys::load(&config.keys, config.key_limits, Arc::clone(&credentials))?;
        let workers = workers(&config);
        let (runtime, pool) = start_runtime(&config, workers)?;
        let plugins = load_all(&config, &runtime, policies).await?;
        let (listener, address) = listen(config.listen).map_err(|cause| BindError::Listen {
            address: config.listen,
            cause,
        })?;
        let admin = bind_admin(config.admin.as_ref())?;
        let memory = Budget::new(config.limits.held_memory.bytes());
        let disk = Budget::new(config.limits.held_disk.bytes());
        let started = Timestamp::now();
        let shared = Shared {
            gate: Gate::new(config.limits.requests),
            health: Health::default(),
            metrics: Metrics::new(&memory, &disk, started.as_second()),
            records: Records::new(&config.records),
            memory,
            started,
            config,
            keys,
            credentials,
            slot: Slot::new(),
            loaded: Mutex::default(),
            runtime,
            pool,
        };
        shared.swap(plugins);
        let (shared, target) = (Arc::new(shared), Arc::new(target));
        Ok(Self {
            listener,
            address,
            admin,
            shared,
            target,
            workers,
        })
    }
}

/// How policies are loaded, as the configuration has it.
pub(crate) fn load_options(config: &Config) -> LoadOptions {
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

fn start_runtime(config: &Config, workers: usize) -> Result<(Runtime, DecisionPool), StartError> {
    let mut settings = Settings {
        workers,
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

/// Loads on a thread that may take its time.
async fn load_all(
    config: &Config,
    runtime: &Runtime,
    policies: Vec<(String, Vec<u8>)>,
) -> Result<Vec<(String, Plugin)>, BindError> {
    let (runtime, options) = (runtime.clone(), load_options(config));
    let load = move |(name, component): (String, Vec<u8>)| match runtime.load(&component, &options)
    {
        Ok(plugin) => Ok((name, plugin)),
        Err(cause) => Err(BindError::Policy { name, cause }),
    };
    let loading = move || {
        policies
            .into_iter()
            .map(load)
            .collect::<Result<Vec<_>, _>>()
    };
    match tokio::task::spawn_blocking(loading).await {
        Ok(loaded) => loaded,
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
