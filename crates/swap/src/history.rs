//! What the log hears of an entry.

use tracing::{info, warn};

use crate::{Entry, Outcome, Trigger};

pub(crate) const TARGET: &str = "signalbox::swap";

/// One line for one entry, its evidence with it.
pub(crate) fn log(entry: &Entry) {
    let names: Vec<_> = entry.policies.iter().map(|it| it.name.as_str()).collect();
    let names = names.join(",");
    let action = entry.action.word();
    let who = &entry.actor.who;
    if let Outcome::Failed(failure) = &entry.outcome {
        warn!(
            target: TARGET,
            entry = entry.number, action, policies = names, by = who,
            step = failure.step.word(), why = failure.message, help = failure.help,
            "nothing changed"
        );
        return;
    }
    let to: Vec<_> = entry.policies.iter().filter_map(|it| it.to).collect();
    let generations = format!("{to:?}");
    if entry.actor.way == Trigger::Automatic {
        let evidence = entry.evidence.as_ref();
        let evidence = evidence.and_then(|evidence| serde_json::to_string(evidence).ok());
        warn!(
            target: TARGET,
            entry = entry.number, action, policies = names, generations, evidence,
            "done without anyone asking"
        );
        return;
    }
    info!(
        target: TARGET,
        entry = entry.number, action, policies = names, by = who, generations,
        "done"
    );
}
