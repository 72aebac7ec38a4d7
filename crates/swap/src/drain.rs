//! The steps `drain` and `watch`: they come into an entry when what served before has come to rest.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    Step, StepReport, auto_rollback,
    policy_state::{Drain, PolicyState},
    shared::Shared,
    snapshot::Snapshot,
};

impl Shared {
    /// Whether [`Self::settle`] would do something.
    pub(crate) fn is_to_settle(&self) -> bool {
        self.book().policies.values().any(PolicyState::is_to_settle)
    }

    /// Completes the entries of transactions whose predecessors have come to rest. Only by who
    /// holds `storing`.
    pub(crate) fn settle(&self) {
        if !self.is_to_settle() {
            return;
        }
        let mut book = Snapshot::clone(&self.book());
        let names: Vec<String> = book.policies.keys().cloned().collect();
        for name in names {
            let Some(standing) = book.policies.get_mut(&name) else {
                continue;
            };
            let reports = standing.settle(&name);
            for (entry, report) in reports {
                book.amend(entry, |entry| entry.steps.push(report));
            }
        }
        self.replace(book);
    }
}

impl PolicyState {
    fn is_to_settle(&self) -> bool {
        self.is_to_be_watched()
            || self
                .draining
                .iter()
                .any(|drain| drain.is_to_tell() || drain.is_over())
    }

    /// Its transaction is done, and nothing before it decides any more.
    fn is_to_be_watched(&self) -> bool {
        let waits =
            |drain: &Drain| drain.entry == self.changed_by && !drain.told && !drain.is_to_tell();
        self.watched != self.changed_by && !self.draining.iter().any(waits)
    }

    fn settle(&mut self, name: &str) -> Vec<(u64, StepReport)> {
        let now = Timestamp::now();
        let mut reports = Vec::new();
        let is_to_be_watched = self.is_to_be_watched();
        for drain in self.draining.iter_mut().filter(|drain| drain.is_to_tell()) {
            drain.told = true;
            let took = Duration::try_from(now.duration_since(drain.until)).unwrap_or_default();
            let note = format!(
                "generation {} decides no more; {} answers open",
                drain.served.number(),
                drain.served.open_count()
            );
            let report = StepReport::new(Step::Drain, Some(name), took, Some(note));
            reports.push((drain.entry, report));
        }
        if is_to_be_watched {
            self.watched = self.changed_by;
            let note = match auto_rollback::rollback_target(self) {
                Ok((.., kept)) => format!("rolls back to generation {} automatically", kept.number),
                Err(why) => format!("no automatic rollback: {why}"),
            };
            let report = StepReport::new(Step::Watch, Some(name), Duration::ZERO, Some(note));
            reports.push((self.changed_by, report));
        }
        self.draining.retain(|drain| !drain.is_over());
        reports
    }
}

impl Drain {
    fn is_to_tell(&self) -> bool {
        !self.told && self.served.is_freed()
    }

    fn is_over(&self) -> bool {
        self.told && self.served.open_count() == 0
    }
}
