//! What came of all requests, for people.

use super::summary::{Difference, Summary};
use crate::{loaded_policy::LoadedPolicy, show};

/// The candidate, each request that would be decided otherwise, and a sum.
pub(super) fn of(summary: &Summary, candidate: &LoadedPolicy) -> String {
    let mut lines = vec![format!("candidate  {}", candidate.line())];
    if summary.differs() {
        lines.push(String::new());
        lines.extend(summary.different.iter().map(line));
    }
    lines.push(String::new());
    let different = u64::try_from(summary.different.len()).unwrap_or(u64::MAX);
    let untold: u64 = summary.untold.values().sum();
    lines.push(format!(
        "{}: {} the same, {different} different, {untold} not replayed",
        show::count(summary.same + different + untold, "request"),
        summary.same,
    ));
    for (why, count) in &summary.untold {
        lines.push(format!("  {count} not replayed: {}", why.word()));
    }
    for (member, count) in &summary.unseen {
        lines.push(format!(
            "  {count} without the body's `{}`, at which the candidate looks",
            show::plain(member)
        ));
    }
    lines.join("\n")
}

fn line(difference: &Difference) -> String {
    let Difference { place, effect, .. } = difference;
    let model = difference
        .model
        .as_ref()
        .map(|model| format!(", model {model}"));
    let time = place.time.as_ref().map(|time| format!("{time}  "));
    let id = place.id.as_ref().map(|id| format!("  {id}"));
    let text = format!(
        "{}{}, key {}{}: {} → {}{}",
        time.unwrap_or_default(),
        difference.request,
        difference.key,
        model.unwrap_or_default(),
        difference.before,
        difference.now,
        id.unwrap_or_default(),
    );
    format!(
        "  {:>6}  {:<9}  {}",
        place.number,
        effect.word(),
        show::plain(&text)
    )
}
