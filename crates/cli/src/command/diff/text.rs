//! What changes, for people.

use signalbox_swap::{Aspect, Change, Subject};

use super::{EFFECTS, Found};
use crate::show;

/// The policies, what changes of them, what changes for each key, and a sum.
pub(super) fn of(found: &Found) -> String {
    let mut lines = vec![
        format!("old  {}", found.old.line()),
        format!("new  {}", found.new.line()),
    ];
    if !found.stated.is_empty() {
        lines.push(String::new());
        lines.extend(found.stated.iter().map(|it| line(it, &it.text)));
    }
    lines.extend(keys(found));
    lines.push(String::new());
    lines.push(sum(found));
    for why in &found.asked.untold {
        lines.push(format!("cannot be told: {}", show::plain(why)));
    }
    lines.join("\n")
}

/// Keys for which the same changes stand together.
fn keys(found: &Found) -> Vec<String> {
    let mut groups: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for (caller, changes) in found.callers.iter().zip(&found.asked.callers) {
        let lines: Vec<_> = changes.iter().map(|it| line(it, &for_key(it))).collect();
        match groups.iter_mut().find(|(_, known)| *known == lines) {
            Some((keys, _)) => keys.push(&caller.id),
            None => groups.push((vec![&caller.id], lines)),
        }
    }
    let mut text = Vec::new();
    for (keys, lines) in groups {
        let who = match (found.are_presets, keys.len()) {
            (true, _) => "asked as",
            (false, 1) => "key",
            (false, _) => "keys",
        };
        let keys: Vec<_> = keys.into_iter().map(show::plain).collect();
        let nothing = if lines.is_empty() { ": no change" } else { "" };
        text.push(String::new());
        text.push(format!("{who} {}{nothing}", keys.join(", ")));
        text.extend(lines);
    }
    let missing = found.callers.len() - found.asked.callers.len();
    if missing > 0 {
        let missing = u64::try_from(missing).unwrap_or(u64::MAX);
        text.push(format!("{} not asked for", show::count(missing, "key")));
    }
    text
}

/// What a change is about, where the key is said already.
fn for_key(change: &Change) -> String {
    match (&change.subject, change.aspect) {
        (Subject::Request { route, model, .. }, aspect) => {
            let model = model.as_ref().map(|model| format!(" with model `{model}`"));
            let what = match aspect {
                Aspect::MaxTokens => ", `max_tokens`",
                Aspect::N => ", `n`",
                Aspect::ReasoningEffort => ", `reasoning_effort`",
                _ => "",
            };
            format!("`{route}`{}{what}", model.unwrap_or_default())
        }
        (Subject::List { .. }, _) => match (&change.before, &change.now) {
            (Some(gone), _) => format!("`{gone}` is not listed any more"),
            (None, Some(new)) => format!("`{new}` is listed"),
            (None, None) => change.text.clone(),
        },
        _ => change.text.clone(),
    }
}

fn line(change: &Change, text: &str) -> String {
    let effect = change.effect.word();
    let is_said = |it: &Option<String>| {
        it.as_ref()
            .is_none_or(|it| text.contains(&format!("`{it}`")))
    };
    let from_to = match (&change.before, &change.now) {
        (before, now) if is_said(before) && is_said(now) => String::new(),
        (Some(before), Some(now)) => format!("  ({before} → {now})"),
        (Some(before), None) => format!("  (was: {before})"),
        (None, Some(now)) => format!("  (now: {now})"),
        (None, None) => String::new(),
    };
    format!(
        "  {effect:<9}  {}{}",
        show::plain(text),
        show::plain(&from_to)
    )
}

fn sum(found: &Found) -> String {
    let counts = EFFECTS.map(|effect| (found.count(effect), effect.word()));
    let total: usize = counts.iter().map(|(count, _)| count).sum();
    if total == 0 {
        return "nothing changes for callers".to_owned();
    }
    let total = show::count(u64::try_from(total).unwrap_or(u64::MAX), "change");
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    format!("{total}: {}", counts.join(", "))
}
