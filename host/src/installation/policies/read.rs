//! What the configuration says of policies, read as a start reads it.

use std::collections::BTreeMap;
use std::path::Path;

use signalbox_runtime::Digest;
use signalbox_swap::{
    Candidate, Failure, Remembered, Signers, Source, State, StateError, Step, error_chain,
};

use crate::config::{Config, SignerKey};
use crate::installation::{Effect, Finding};
use crate::policy_sources::sources::PolicySource;
use crate::policy_sources::{CasesProblem, Found, Unmade, cases_of};
use crate::server::signer;

/// A policy of the configuration, as it lies there.
pub(super) struct Policy<'a> {
    pub(super) name: &'a str,
    source: &'a PolicySource,
    /// Of what lies there.
    digest: Option<Digest>,
    statement: Option<Vec<u8>>,
    pub(super) component: Result<Vec<u8>, Failure>,
}

impl Policy<'_> {
    pub(super) fn path(&self) -> Option<&Path> {
        match self.source {
            PolicySource::File(path) => Some(path),
            PolicySource::Registry(_) => None,
        }
    }

    /// Why nothing could be made of it.
    pub(super) fn unmade(&self) -> Option<Failure> {
        self.component.as_ref().err().cloned()
    }

    pub(super) fn source(&self) -> Source {
        let made = self.component.clone();
        Source {
            name: self.name.to_owned(),
            from: self.source.to_string(),
            source: self.digest,
            candidate: made.map(|component| {
                let statement = self.statement.clone();
                candidate(self.name.to_owned(), component, statement, self.digest)
            }),
        }
    }

    /// Whether the file that serves makes another component now.
    pub(super) fn recompiled(&self, remembered: &Remembered) -> Option<Finding> {
        let policy = remembered.policies.get(self.name)?;
        let live = policy.live.filter(|live| live.from_source)?;
        let now = Digest::of(self.component.as_ref().ok()?);
        if policy.source != self.digest || live.digest == now {
            return None;
        }
        let reason = format!(
            "this version makes component {now} of it, and the live one is {}",
            live.digest
        );
        let what = format!("policy `{}`", self.name);
        let finding = Finding::new(Effect::Differs, "recompiled", what, reason).of(self.path());
        Some(finding.help(
            "a restart keeps what serves; `serve --from-source` takes the new one, for which a \
             signed statement has to be made again",
        ))
    }
}

/// Every source, read as a start reads it. Registries are not asked: what was pulled last counts as
/// what lies there.
pub(super) fn read<'a>(
    config: &'a Config,
    remembered: Option<&Remembered>,
    found: &mut Vec<Finding>,
) -> Vec<Policy<'a>> {
    let mut policies = Vec::new();
    for (name, source) in &config.policies {
        let what = format!("policy `{name}`");
        policies.push(match source {
            PolicySource::Registry(_) => {
                let reason = format!("`{source}` was not asked");
                let failure = Failure::new(Step::Receive, Some(name.clone()), &reason, "");
                let last = remembered.and_then(|all| all.policies.get(name));
                found.push(
                    Finding::new(Effect::Unchecked, "registry", what, reason).help(format!(
                        "`signalbox swap --dry-run {name}={source}` tries it"
                    )),
                );
                Policy {
                    name,
                    source,
                    digest: last.and_then(|last| last.source),
                    statement: None,
                    component: Err(failure),
                }
            }
            PolicySource::File(path) => {
                let (file, made) = Found::read(name, path, &*config.sources);
                let component = made.map_err(|unmade| {
                    found.push(of_unmade(&what, path, &unmade));
                    unmade.failure(name, path)
                });
                Policy {
                    name,
                    source,
                    digest: file.source,
                    statement: file.statement,
                    component,
                }
            }
        });
    }
    policies
}

pub(super) fn cases(config: &Config, found: &mut Vec<Finding>) -> BTreeMap<String, Vec<u8>> {
    let mut read = BTreeMap::new();
    for (policy, path) in &config.swap.cases {
        match cases_of(config, policy, path) {
            Ok(cases) => drop(read.insert(policy.clone(), cases)),
            Err(error) => {
                let what = format!("swap.cases.{policy}");
                let finding = match error.problem {
                    CasesProblem::Source(error) => Finding::stops(error.code, what, error.message),
                    problem => Finding::stops("unreadable", what, error_chain(&problem)),
                };
                found.push(finding.of(Some(path)));
            }
        }
    }
    read
}

pub(super) fn signers(config: &Config, found: &mut Vec<Finding>) -> Signers {
    let settings = &config.signatures;
    let mut usable = Vec::new();
    for (id, known) in &settings.signers {
        match signer(id, known) {
            Ok(signer) => usable.push(signer),
            Err(error) => {
                let path = match &known.key {
                    SignerKey::File(path) => Some(path.as_path()),
                    SignerKey::Given(_) => None,
                };
                let what = format!("signatures.signers.{id}");
                found.push(Finding::stops("signer", what, error_chain(&error)).of(path));
            }
        }
    }
    Signers::new(settings.required, usable).in_environment(settings.environment.clone())
}

/// What a host wrote down last.
pub(super) fn remembered(config: &Config, found: &mut Vec<Finding>) -> Option<Remembered> {
    let folder = config.state.as_deref()?;
    let read = State::preview(folder);
    let read = read.and_then(|state| state.as_ref().map(State::read).transpose());
    let read = read.inspect_err(|error| found.push(of_state(Some(folder), error)));
    read.ok().flatten()
}

pub(super) fn candidate(
    name: String,
    component: Vec<u8>,
    statement: Option<Vec<u8>>,
    source: Option<Digest>,
) -> Candidate {
    Candidate {
        name,
        component,
        digest: None,
        statement,
        source,
        cases: None,
    }
}

pub(super) fn of_state(folder: Option<&Path>, error: &StateError) -> Finding {
    Finding::stops("state", "state", error_chain(error))
        .of(folder)
        .help(error.help())
}

fn of_unmade(what: &str, path: &Path, unmade: &Unmade) -> Finding {
    let finding = match unmade {
        Unmade::Read(_) => Finding::stops("unreadable", what, error_chain(unmade)),
        Unmade::Source(error) => Finding::stops(error.code, what, &error.message),
    };
    finding.of(Some(path))
}
