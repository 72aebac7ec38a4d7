//! The policies: loaded when the filter is configured, and swapped in when their files change.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use signalbox_gate::LiveKeyring;
use signalbox_runtime::{Digest, LoadOptions};
use signalbox_swap::{
    Action, Actor, Candidate, Entry, Failure, Order, Outcome, Serving, Source, State, Step, Swaps,
    Trigger,
};

use crate::abi::{Level, log};
use crate::document;
use crate::error::{ConfigError, SourceError};
use crate::process::Process;
use crate::settings::Settings;
use crate::watched::Watched;

/// A policy that is in a file.
#[derive(Debug)]
pub(crate) struct PolicyFile {
    name: String,
    path: PathBuf,
    watched: Watched,
    /// What was tried last: a file that is only touched is not tried again.
    tried: Option<Digest>,
}

/// Hears of every swap.
pub(crate) type Told = Arc<dyn Fn(&Entry) + Send + Sync>;

/// Loads every policy, and gives those that are in files.
///
/// # Errors
/// If one of them does not come into service, and nothing of it is remembered.
pub(crate) fn start(
    settings: &Settings,
    state: Option<State>,
    process: &Process,
    told: Told,
) -> Result<(Swaps, Vec<PolicyFile>), ConfigError> {
    let swaps = Swaps::new(
        process.runtime.clone(),
        swap_settings(settings, state, told)?,
    )?;
    let (mut sources, mut files) = (Vec::new(), Vec::new());
    for (name, path) in &settings.policies {
        let mut file = PolicyFile::new(name, path);
        let component = file.read();
        let candidate = component.map(|component| Candidate::new(name, component));
        sources.push(Source {
            name: name.clone(),
            from: path.display().to_string(),
            source: file.tried,
            candidate: candidate.map_err(|error| failure(name, &error)),
        });
        files.push(file);
    }
    for (name, text) in &settings.inline_policies {
        let candidate = document::of_text(text).map(|component| Candidate::new(name, component));
        sources.push(Source {
            name: name.clone(),
            from: "filter_config".to_owned(),
            source: None,
            candidate: candidate.map_err(|error| failure(name, &error)),
        });
    }
    for started in swaps.start(sources, &mut |_step| {}) {
        match started.serving {
            Serving::Source | Serving::State => {}
            Serving::LastGood(failure) => {
                let name = started.name;
                log(
                    Level::Error,
                    &format!("signalbox: kept the policy `{name}` there was: {failure}"),
                );
            }
            Serving::Nothing(failure) => {
                let name = started.name;
                return Err(ConfigError::Policy { name, failure });
            }
        }
    }
    Ok((swaps, files))
}

fn swap_settings(
    settings: &Settings,
    state: Option<State>,
    told: Told,
) -> Result<signalbox_swap::Settings, ConfigError> {
    Ok(signalbox_swap::Settings {
        keep: usize::from(settings.swap.keep.get()),
        state,
        load: LoadOptions {
            isolation: settings.decisions.isolation()?,
        },
        observer: told,
        alarms: Arc::new(|name, alarm| {
            if let Some(alarm) = alarm {
                log(
                    Level::Error,
                    &format!("signalbox: the policy `{name}` fails: {alarm:?}"),
                );
            }
        }),
        ..signalbox_swap::Settings::default()
    })
}

impl PolicyFile {
    fn new(name: &str, path: &Path) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            watched: Watched::default(),
            tried: None,
        }
    }

    /// Swaps it in if it has changed.
    pub(crate) fn poll(&mut self, swaps: &Swaps) {
        if !self.watched.have_changed() {
            return;
        }
        let before = self.tried;
        let component = self.read();
        if self.tried == before && component.is_ok() {
            return;
        }
        let actor = Actor::new(Trigger::File, self.path.display().to_string());
        match component {
            Ok(component) => {
                let mut candidate = Candidate::new(&self.name, component);
                candidate.source = self.tried;
                swaps.swap(Order::serve(candidate, actor), &mut |_step| {});
            }
            Err(error) => {
                let failure = failure(&self.name, &error);
                swaps.reject(actor, Action::Swap, vec![self.name.clone()], failure);
            }
        }
    }

    /// Makes its component, and watches what that is made of from here on.
    fn read(&mut self) -> Result<Vec<u8>, SourceError> {
        let mut watched = Watched::default();
        let component = document::of_file(&self.path, &mut |path| watched.add(path));
        self.watched = watched;
        self.tried = component.as_deref().ok().map(Digest::of);
        component
    }
}

/// A line about each swap, in Envoy's log.
pub(crate) fn log_entry(entry: &Entry) {
    let names = entry.policies.iter().map(|changed| changed.name.as_str());
    let names = names.collect::<Vec<_>>().join(", ");
    let (level, outcome): (_, &dyn Display) = match &entry.outcome {
        Outcome::Failed(failure) => (Level::Error, failure),
        _ => (Level::Info, &"done"),
    };
    let who = &entry.actor.who;
    log(
        level,
        &format!("signalbox: policy {names}, from {who}: {outcome}"),
    );
}

/// Frees keyrings that were replaced, where nobody looks at them any more.
pub(crate) fn free(keyring: &LiveKeyring) {
    keyring.free_retired();
}

fn failure(name: &str, error: &SourceError) -> Failure {
    let help = "mend the file; `signalbox check` shows each error with its place";
    Failure::new(
        Step::Receive,
        Some(name.to_owned()),
        error.to_string(),
        help,
    )
}
