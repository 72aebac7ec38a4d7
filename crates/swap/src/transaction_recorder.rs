//! What a transaction has done so far: its steps, told as they end.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::{
    Action, Actor, Changed, Entry, Evidence, Failure, Outcome, Step, StepReport, error_chain,
};

/// A transaction under way.
pub(crate) struct TransactionRecorder<'t> {
    told: &'t mut dyn FnMut(&StepReport),
    at: Timestamp,
    actor: Actor,
    action: Action,
    evidence: Option<Evidence>,
    pub(crate) policies: Vec<Changed>,
    steps: Vec<StepReport>,
}

impl<'t> TransactionRecorder<'t> {
    pub(crate) fn begin(
        action: Action,
        actor: Actor,
        evidence: Option<Evidence>,
        told: &'t mut dyn FnMut(&StepReport),
    ) -> Self {
        Self {
            told,
            at: Timestamp::now(),
            actor,
            action,
            evidence,
            policies: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// What is known of a policy it is about.
    pub(crate) fn changed(&mut self, name: &str) -> Option<&mut Changed> {
        self.policies
            .iter_mut()
            .find(|changed| changed.name == name)
    }

    /// Does a step for one policy, and tells of it if it did not fail.
    pub(crate) fn step<T>(
        &mut self,
        step: Step,
        policy: Option<&str>,
        work: impl FnOnce() -> Result<(T, Option<String>), StepError>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        let (made, note) = work().map_err(|wrong| wrong.at(step, policy))?;
        self.done(step, policy, began.elapsed(), note);
        Ok(made)
    }

    /// Tells of a step that was done.
    pub(crate) fn done(
        &mut self,
        step: Step,
        policy: Option<&str>,
        took: Duration,
        note: Option<String>,
    ) {
        let report = StepReport::new(step, policy, took, note);
        (self.told)(&report);
        self.steps.push(report);
    }

    /// Tells of the steps that an entry has beyond those told already.
    pub(crate) fn tell_rest(&mut self, entry: &Entry) {
        for report in entry.steps.iter().skip(self.steps.len()) {
            (self.told)(report);
        }
    }

    /// The entry, as it stands.
    pub(crate) fn entry(&self, number: u64, outcome: Outcome) -> Entry {
        Entry {
            number,
            at: self.at,
            actor: self.actor.clone(),
            action: self.action,
            policies: self.policies.clone(),
            steps: self.steps.clone(),
            outcome,
            evidence: self.evidence.clone(),
        }
    }
}

/// What is wrong, and what to do about it, before it is known to which step it happened.
#[derive(Debug)]
pub(crate) struct StepError {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl StepError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
        }
    }

    /// An error with its causes.
    pub(crate) fn of(error: &dyn std::error::Error, help: impl Into<String>) -> Self {
        Self::new(error_chain(error), help)
    }

    pub(crate) fn at(self, step: Step, policy: Option<&str>) -> Failure {
        Failure::new(step, policy.map(str::to_owned), self.message, self.help)
    }
}
