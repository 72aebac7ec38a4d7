//! One configuration of the filter: the gate, and what keeps it as its files are.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use signalbox_gate::{Authenticator, Gate, SystemClock};
use signalbox_swap::{State, Swaps, error_chain};

use crate::abi::{ConfigHandle, Level, is_validating, log};
use crate::error::ConfigError;
use crate::keys::Keys;
use crate::metrics::{Counters, Tally};
use crate::models::ModelLists;
use crate::policies::{self, PolicyFile, Told, log_entry};
use crate::process::Process;
use crate::settings::{Settings, Times};
use crate::watched::Watched;

/// One configuration of the filter. It ends with the last stream that began under it.
pub(crate) struct Module {
    pub(crate) gate: Arc<Gate>,
    pub(crate) process: Arc<Process>,
    pub(crate) counters: Counters,
    pub(crate) lists: ModelLists,
    pub(crate) times: Times,
    /// What GT is told its name is.
    pub(crate) host: String,
    tally: Arc<Tally>,
    _watcher: Option<Watcher>,
}

/// The thread that looks at files; it ends when this is dropped.
#[derive(Debug)]
struct Watcher {
    /// The thread hears of it when nobody can send any more.
    _stop: SyncSender<()>,
}

/// Makes a configuration of what Envoy hands over. `None` is a configuration that Envoy does not take;
/// its log says why.
pub(crate) fn configure(
    handle: &ConfigHandle<'_>,
    name: &[u8],
    text: &[u8],
) -> Option<Arc<Module>> {
    let made = Module::new(handle, text);
    let name = String::from_utf8_lossy(name);
    made.map(Arc::new)
        .inspect_err(|error| {
            let error = error_chain(error);
            log(
                Level::Error,
                &format!("signalbox: the filter `{name}` is not configured: {error}"),
            );
        })
        .ok()
}

impl Module {
    fn new(handle: &ConfigHandle<'_>, text: &[u8]) -> Result<Self, ConfigError> {
        let mut settings = Settings::read(text)?;
        let unset = settings.take_key_limits()?;
        let counters = Counters::define(handle)?;
        let state = settings.state.as_deref().map(State::open).transpose()?;
        let process = Process::get(&settings.decisions, state.as_ref())?;
        let keys = Keys::read(&settings, unset)?;
        let tally = Arc::new(Tally::new(handle));
        let observer = Arc::clone(&tally);
        let told: Told = Arc::new(move |entry| {
            log_entry(entry);
            observer.swapped(entry);
        });
        let (swaps, files) = policies::start(&settings, state, &process, told)?;
        let authenticator = Authenticator::new(Arc::clone(&keys.keyring), None);
        let gate = Gate::new(
            settings.gate()?,
            settings.capacity(),
            Arc::new(authenticator),
            Arc::clone(&keys.credentials),
            swaps.clone(),
            Arc::new(SystemClock),
        );
        let watcher = match settings.swap.watch && !is_validating() {
            true => {
                let files = Files::new(keys, files, swaps, Arc::clone(&tally));
                let watcher = Watcher::start(files, settings.swap.interval.duration());
                Some(watcher?)
            }
            false => None,
        };
        Ok(Self {
            gate,
            process,
            counters,
            lists: ModelLists::default(),
            times: settings.times,
            host: settings.upstream.url.host,
            tally,
            _watcher: watcher,
        })
    }

    /// Counts what was done outside of Envoy's threads; called on its main thread.
    pub(crate) fn count_swaps(&self, handle: &ConfigHandle<'_>) {
        self.counters.settle(handle, &self.tally);
    }
}

/// Envoy's workers share it.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Module>();
};

/// What is looked at.
#[derive(Debug)]
struct Files {
    keys: Keys,
    watched: Watched,
    policies: Vec<PolicyFile>,
    swaps: Swaps,
    tally: Arc<Tally>,
}

impl Files {
    fn new(keys: Keys, policies: Vec<PolicyFile>, swaps: Swaps, tally: Arc<Tally>) -> Self {
        let watched = watch(&keys);
        Self {
            keys,
            watched,
            policies,
            swaps,
            tally,
        }
    }

    fn look(&mut self) {
        if self.watched.have_changed() {
            self.watched = watch(&self.keys);
            let reloaded = self.keys.reload();
            self.tally.reloaded(reloaded.is_ok());
            match reloaded {
                Ok(()) => log(Level::Info, "signalbox: keyring and GT keys are read again"),
                Err(error) => {
                    let error = error_chain(&error);
                    log(
                        Level::Error,
                        &format!("signalbox: kept the keys there were: {error}"),
                    );
                }
            }
        }
        for policy in &mut self.policies {
            policy.poll(&self.swaps);
        }
        policies::free(&self.keys.keyring);
    }
}

/// Taken before they are read: what changes meanwhile is seen by the next look.
fn watch(keys: &Keys) -> Watched {
    let mut watched = Watched::default();
    for path in keys.paths() {
        watched.add(path.to_owned());
    }
    watched
}

impl Watcher {
    fn start(files: Files, interval: Duration) -> Result<Self, ConfigError> {
        let (stop, stopped) = mpsc::sync_channel::<()>(0);
        let thread = thread::Builder::new().name("signalbox-files".to_owned());
        // It is not waited for: it may be within a swap, and this may be a worker of Envoy's.
        let thread = thread.spawn(move || {
            let mut files = files;
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                files.look();
            }
        });
        thread.map_err(ConfigError::Thread)?;
        Ok(Self { _stop: stop })
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Module")
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}
