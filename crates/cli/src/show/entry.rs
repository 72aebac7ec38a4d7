//! A transaction, for people.

use signalbox_swap::{Actor, Changed, Entry, Evidence, Failure, Outcome, StepReport, Trigger};

use super::{count, plain, short, table::table, time, took};

/// A line as a step ends.
pub(crate) fn step(report: &StepReport) -> String {
    let step = report.step.word();
    let policy = report.policy.as_deref().map(plain);
    let note = report.note.as_deref().map(plain);
    let about = match (policy, note) {
        (Some(policy), Some(note)) => format!("{policy}: {note}"),
        (Some(about), None) | (None, Some(about)) => about,
        (None, None) => String::new(),
    };
    format!("  {step:<11}  {:>9}  {about}", took(report.micros))
        .trim_end()
        .to_owned()
}

/// What failed, for stderr: the step, why, what to do.
pub(crate) fn failure(what: &str, failure: &Failure) -> String {
    let policy = failure.policy.as_deref();
    let policy = policy.map_or_else(String::new, |name| format!("{}: ", plain(name)));
    let mut text = format!(
        "error: {policy}the {what} failed at the step `{}`: {}",
        failure.step,
        plain(&failure.message)
    );
    if !failure.help.is_empty() {
        text.push_str(&format!("\n    = help: {}", plain(&failure.help)));
    }
    text
}

/// The history, newest first.
pub(crate) fn history(entries: &[Entry]) -> String {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            [
                entry.number.to_string(),
                time(entry.at),
                actor(&entry.actor),
                entry.action.word().to_owned(),
                policies(&entry.policies),
                outcome(&entry.outcome),
            ]
        })
        .collect();
    table(
        ["number", "time", "who", "action", "policies", "result"],
        &rows,
    )
}

/// Everything about one entry.
pub(crate) fn whole(entry: &Entry) -> String {
    let mut lines = vec![format!(
        "{}  {}  {} by {}: {}",
        entry.number,
        time(entry.at),
        entry.action.word(),
        actor(&entry.actor),
        outcome(&entry.outcome),
    )];
    lines.extend(entry.policies.iter().map(changed));
    lines.extend(entry.evidence.iter().flat_map(evidence));
    if !entry.steps.is_empty() {
        lines.push("steps".to_owned());
        lines.extend(entry.steps.iter().map(step));
    }
    if let Outcome::Failed(failure) = &entry.outcome {
        lines.push(format!("help: {}", plain(&failure.help)));
    }
    lines.join("\n")
}

fn actor(actor: &Actor) -> String {
    let way = match actor.way {
        Trigger::Admin => "admin",
        Trigger::Automatic => "automatic",
        Trigger::Embedder => "embedder",
        Trigger::File => "file",
        Trigger::Registry => "registry",
        Trigger::Signal => "signal",
        Trigger::Start => "start",
        _ => "other",
    };
    format!("{way} {}", plain(&actor.who)).trim_end().to_owned()
}

/// `litellm 3->5, full 4`
fn policies(changed: &[Changed]) -> String {
    let one = |changed: &Changed| {
        let name = plain(&changed.name);
        match (changed.from, changed.to) {
            (Some(from), Some(to)) => format!("{name} {from}->{to}"),
            (None, Some(to)) => format!("{name} ->{to}"),
            (Some(from), None) => format!("{name} {from}"),
            (None, None) => name,
        }
    };
    changed.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::Passed => "passed".to_owned(),
        Outcome::Failed(failure) => {
            format!("failed at {}: {}", failure.step, plain(&failure.message))
        }
        _ => "other".to_owned(),
    }
}

/// What passed a dry run, in one line.
pub(crate) fn passed(changed: &Changed) -> String {
    let access = changed.access.as_ref().map_or_else(String::new, |access| {
        format!("; access: {}", plain(&access.to_string()))
    });
    format!(
        "{}: would serve (sha256 {}){access}",
        plain(&changed.name),
        short(&changed.digest)
    )
}

/// What became of one policy.
pub(crate) fn changed(changed: &Changed) -> String {
    let name = plain(&changed.name);
    let generations = match (changed.from, changed.to) {
        (Some(from), Some(to)) => format!("generation {from} to {to}"),
        (None, Some(to)) => format!("nothing to generation {to}"),
        (Some(from), None) => format!("generation {from} stays"),
        (None, None) => "nothing serves".to_owned(),
    };
    let digest = match changed.digest.as_str() {
        "" => String::new(),
        digest => format!(", sha256 {digest}"),
    };
    let access = changed.access.as_ref().map_or_else(String::new, |access| {
        format!("\n    access: {}", plain(&access.to_string()))
    });
    format!("  {name}: {generations}{digest}{access}")
}

fn evidence(evidence: &Evidence) -> Vec<String> {
    let causes: Vec<String> = evidence
        .causes
        .iter()
        .map(|(cause, times)| format!("{} {times}", plain(cause)))
        .collect();
    let callers: Vec<String> = evidence.callers.iter().map(|id| plain(id)).collect();
    vec![
        format!("on evidence: {}", plain(&evidence.rule)),
        format!(
            "  {} in {}; before: {} in a million",
            count(evidence.failures, "failure"),
            count(evidence.decisions, "decision"),
            evidence.failures_before_ppm
        ),
        format!("  causes: {}", or_none(&causes)),
        format!("  callers: {}", or_none(&callers)),
    ]
}

fn or_none(texts: &[String]) -> String {
    if texts.is_empty() {
        "none".to_owned()
    } else {
        texts.join(", ")
    }
}

#[cfg(test)]
mod tests;
