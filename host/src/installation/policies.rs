//! Policies: as their sources have them, and as the state folder remembers them.
//!
//! Both are tried as a start does it, with a state folder that is only looked at: what served last,
//! each generation that can be gone back to, and every source through the whole transaction.

mod gt_table;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use signalbox_gate::gt_routes;
use signalbox_policy::gt_routes::GtRoutes;
use signalbox_runtime::{CompileIn, LoadOptions, Runtime};
use signalbox_swap::{
    Actor, Entry, Failure, Outcome, Remembered, Serving, Signers, Source, Started, State, Step,
    Swaps, Trigger, error_chain,
};

use super::{Effect, Finding};
use crate::config::Config;
use crate::server::{load_options, runtime_settings};
use crate::upstream::routes_file;
use read::{Policy, candidate, cases, of_state, read, remembered, signers};

/// What swaps are tried with.
struct Trial<'a> {
    runtime: Runtime,
    gt_routes: Arc<GtRoutes>,
    load: LoadOptions,
    keep: usize,
    cases: BTreeMap<String, Vec<u8>>,
    signers: Signers,
    state: Option<&'a Path>,
}

/// What a restart does with what is remembered.
#[derive(Default)]
struct Restart {
    /// The policies that serve what served last, as they should.
    restored: BTreeSet<String>,
    failures: Vec<(Failure, Finding)>,
    differs: Vec<Finding>,
}

/// Whether a component would come into service under any name, with nobody asked to vouch for it.
#[must_use]
pub fn check_component(component: Vec<u8>, compile: CompileIn) -> Vec<Finding> {
    let settings = signalbox_runtime::Settings {
        workers: 1,
        compile,
        ..signalbox_runtime::Settings::default()
    };
    let trial = Runtime::new(settings).map(|runtime| Trial {
        runtime,
        gt_routes: gt_routes::shipped(),
        load: LoadOptions::default(),
        keep: 1,
        cases: BTreeMap::new(),
        signers: Signers::default(),
        state: None,
    });
    let swaps = match trial {
        Ok(trial) => trial.swaps(true),
        Err(error) => Err(Finding::stops("runtime", "runtime", error_chain(&error))),
    };
    let swaps = match swaps {
        Ok(swaps) => swaps,
        Err(finding) => return vec![finding],
    };
    let name = "default".to_owned();
    let candidate = candidate(name.clone(), component, None, None);
    let source = Source {
        from: "a file".to_owned(),
        source: None,
        candidate: Ok(candidate),
        name,
    };
    let started = swaps.start(vec![source], &mut |_| {});
    let failures = started.iter().filter_map(failure);
    let failures = failures.map(|failure| of_failure("component", failure));
    let differs = untrusted(&swaps, &started).map(|finding| Finding {
        what: "component".to_owned(),
        ..finding
    });
    let outside = gt_table::outside_of(&gt_routes::shipped(), &swaps, &started);
    let outside = outside.into_iter().map(|finding| Finding {
        what: "component".to_owned(),
        ..finding
    });
    failures.chain(differs).chain(outside).collect()
}

pub(super) fn check(config: &Config, found: &mut Vec<Finding>) {
    let (cases, signers) = (cases(config, found), signers(config, found));
    let remembered = remembered(config, found);
    let runtime = match Runtime::new(runtime_settings(config, 1, None)) {
        Ok(runtime) => runtime,
        Err(error) => return found.push(Finding::stops("runtime", "runtime", error_chain(&error))),
    };
    let gt_routes = match routes_file::read(config.upstream.routes_file.as_deref()) {
        Ok(table) => table,
        Err(error) => {
            let chain = error_chain(&error);
            return found.push(Finding::stops("upstream", "upstream.routes_file", chain));
        }
    };
    let trial = Trial {
        runtime,
        gt_routes,
        load: load_options(config),
        keep: config.swap.keep.get(),
        cases,
        signers,
        // What cannot be read was said; the sources are looked at without it.
        state: remembered.as_ref().and(config.state.as_deref()),
    };
    let policies = read(config, remembered.as_ref(), found);
    if let Err(finding) = tried(&trial, &policies, remembered.as_ref(), found) {
        found.push(finding);
    }
}

/// A restart on what is remembered, then every source.
fn tried(
    trial: &Trial<'_>,
    policies: &[Policy<'_>],
    remembered: Option<&Remembered>,
    found: &mut Vec<Finding>,
) -> Result<(), Finding> {
    let restart = match trial.state.zip(remembered) {
        Some((folder, remembered)) => trial.restart(policies, folder, remembered)?,
        None => Restart::default(),
    };
    let mut known: Vec<_> = policies.iter().filter_map(Policy::unmade).collect();
    known.extend(trial.sources(policies, &restart.restored, found)?);
    // What a restart tries and fails of a source was told of that source.
    let others = restart.failures.into_iter();
    let others = others.filter(|(failure, _)| !known.contains(failure));
    found.extend(others.map(|(_, finding)| finding));
    found.extend(restart.differs);
    Ok(())
}

impl Trial<'_> {
    fn swaps(&self, from_source: bool) -> Result<Swaps, Finding> {
        let state = self.state.map(State::preview).transpose();
        let settings = signalbox_swap::Settings {
            keep: self.keep,
            cases: self.cases.clone(),
            gt_routes: Some(Arc::clone(&self.gt_routes)),
            signers: self.signers.clone(),
            state: state
                .map_err(|error| of_state(self.state, &error))?
                .flatten(),
            load: self.load.clone(),
            from_source,
            ..signalbox_swap::Settings::default()
        };
        let swaps = Swaps::new(self.runtime.clone(), settings);
        swaps.map_err(|error| Finding::stops("state", "state", error_chain(&error)).of(self.state))
    }

    /// What served last, as a restart brings it back, and what can be gone back to from there.
    fn restart(
        &self,
        policies: &[Policy<'_>],
        folder: &Path,
        remembered: &Remembered,
    ) -> Result<Restart, Finding> {
        let swaps = self.swaps(false)?;
        let started = swaps.start(policies.iter().map(Policy::source).collect(), &mut |_| {});
        let mut restart = Restart::default();
        let last_entry = remembered.last_entry;
        for entry in swaps.history() {
            if entry.number > last_entry {
                restart.note(&entry, folder, "what served last");
            }
        }
        for policy in swaps.overview() {
            for kept in &policy.kept {
                let actor = Actor::new(Trigger::Embedder, "a look at the installation");
                let entry = swaps.rollback(&policy.name, Some(kept.generation), actor);
                restart.note(&entry, folder, &format!("generation {}", kept.generation));
            }
        }
        restart.differs.extend(untrusted(&swaps, &started));
        let outside = gt_table::outside_of(&self.gt_routes, &swaps, &started);
        restart.differs.extend(outside);
        let recompiled = policies.iter().filter_map(|it| it.recompiled(remembered));
        restart.differs.extend(recompiled);
        let restored = started.into_iter();
        let restored = restored.filter(|one| matches!(one.serving, Serving::State));
        restart.restored.extend(restored.map(|one| one.name));
        Ok(restart)
    }

    /// Every source, through the whole transaction. Gives the failures it tells of.
    fn sources(
        &self,
        policies: &[Policy<'_>],
        restored: &BTreeSet<String>,
        found: &mut Vec<Finding>,
    ) -> Result<Vec<Failure>, Finding> {
        let swaps = self.swaps(true)?;
        let made = policies.iter().filter(|policy| policy.component.is_ok());
        let started = swaps.start(made.map(Policy::source).collect(), &mut |_| {});
        let mut failures = Vec::new();
        for one in &started {
            if let Some(failure) = failure(one) {
                let policy = policies.iter().find(|policy| policy.name == one.name);
                let what = format!("policy `{}`", one.name);
                let mut finding = of_failure(&what, failure).of(policy.and_then(Policy::path));
                // What is no longer vouched for, or was revoked, is not asked for by a restart: it
                // goes on with what served.
                let is_asked = !matches!(failure.step, Step::Digest | Step::Signature);
                if restored.contains(&one.name) && !is_asked {
                    finding.effect = Effect::Differs;
                }
                found.push(finding);
                failures.push(failure.clone());
            }
        }
        if self.state.is_none() {
            found.extend(untrusted(&swaps, &started));
            found.extend(gt_table::outside_of(&self.gt_routes, &swaps, &started));
        }
        Ok(failures)
    }
}

impl Restart {
    /// Keeps what became of one transaction, if it failed.
    fn note(&mut self, entry: &Entry, folder: &Path, which: &str) {
        if let Outcome::Failed(failure) = &entry.outcome {
            let names = entry.policies.iter().map(|changed| changed.name.as_str());
            let what = format!("policy `{}`", names.collect::<Vec<_>>().join(", "));
            let mut finding = of_failure(&what, failure).of(Some(folder));
            finding.reason = format!("{which}: {}", finding.reason);
            self.failures.push((failure.clone(), finding));
        }
    }
}

/// Components that carry a document and no engine that this version knows: they serve, but as
/// programs do. Whether they were compiled from that document, nobody can tell from here.
fn untrusted<'a>(swaps: &Swaps, started: &'a [Started]) -> impl Iterator<Item = Finding> {
    let plugin = |one: &'a Started| Some((&one.name, swaps.plugin(&one.name, one.generation?)?));
    let plugins = started.iter().filter_map(plugin);
    let odd = plugins.filter(|(_, plugin)| plugin.source().is_some() && !plugin.is_trusted());
    let findings = odd.map(|(name, plugin)| {
        let what = format!("policy `{name}`");
        let digest = plugin.digest();
        let reason =
            format!("component {digest} carries a document, and no engine that this version knows");
        Finding::new(Effect::Differs, "unknown_engine", what, reason).help(
            "it decides what its code says, as slowly as a program; `signalbox build` makes a \
             component that is known of the document you have",
        )
    });
    findings.collect::<Vec<_>>().into_iter()
}

const fn failure(started: &Started) -> Option<&Failure> {
    match &started.serving {
        Serving::Source | Serving::State => None,
        Serving::LastGood(failure) | Serving::Nothing(failure) => Some(failure),
    }
}

fn of_failure(what: &str, failure: &Failure) -> Finding {
    Finding::stops(failure.step.word(), what, &failure.message).help(&failure.help)
}
