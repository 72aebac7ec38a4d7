//! A case with `each` becomes one case for every entry.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    expander::{Expander, Row},
    reference::{Piece, is_name, pieces},
    values::Settled,
};
use crate::{
    Text,
    diagnostic::{Code, Findings, shown},
    document::{BodyEntry, CaseEntry, EachEntry},
    limits::EACH_ENTRIES,
};

/// The cases of a document, with its values in place.
pub(super) fn cases(
    written: Vec<CaseEntry>,
    expander: &mut Expander<'_>,
    findings: &mut Findings,
) -> Vec<CaseEntry> {
    let mut cases = Vec::with_capacity(written.len());
    for mut case in written {
        match case.each.take() {
            Some(entries) => cases.extend(repeated(&case, entries, expander, findings)),
            // What cannot be read has been reported, and its names mean nothing.
            None if case.present.has("each") && !case.present.is_everything() => {
                expander.used.extend(names_in(&case));
            }
            None => {
                case.each_text(&mut |text| expander.put(text, &Row::new(), findings));
                cases.push(case);
            }
        }
    }
    cases
}

/// The cases of a file of their own, which has no values: a text with `${` is what it says, but in a
/// case that is repeated.
pub(crate) fn cases_of_file(written: Vec<CaseEntry>, findings: &mut Findings) -> Vec<CaseEntry> {
    let none = Settled::none();
    let mut expander = Expander::of(&none);
    let mut cases_of_file = Vec::with_capacity(written.len());
    for case in written {
        if case.present.has("each") {
            cases_of_file.extend(cases(vec![case], &mut expander, findings));
        } else {
            cases_of_file.push(case);
        }
    }
    cases_of_file
}

fn repeated(
    case: &CaseEntry,
    mut entries: Vec<EachEntry>,
    expander: &mut Expander<'_>,
    findings: &mut Findings,
) -> Vec<CaseEntry> {
    let Some(first) = entries.first() else {
        let message = "`each` has no entry";
        let help = "a case that is repeated for nothing never runs: leave `each` out, or the case";
        findings.add_with_help(Code::EmptyList, case.position, message, help);
        return Vec::new();
    };
    if let Some(beyond) = entries.get(EACH_ENTRIES) {
        let count = entries.len();
        let message =
            format!("`each` has {count} entries; a case is repeated {EACH_ENTRIES} times");
        findings.add(Code::TooLarge, beyond.position, message);
        return Vec::new();
    }
    let used = names_in(case);
    check_names(first, &used, expander, findings);
    let names: BTreeSet<String> = names_of(first).map(str::to_owned).collect();
    let mut is_whole = true;
    for entry in &mut entries {
        is_whole &= is_same(&names, entry, findings);
        entry.each_text(&mut |text| expander.put(text, &Row::new(), findings));
    }
    if !is_whole {
        expander.used.extend(used);
        return Vec::new();
    }
    let names_itself = case.name.as_ref().is_some_and(|name| {
        let mut used = pieces(&name.value);
        used.any(|piece| matches!(piece, Piece::Name(name) if names.contains(name)))
    });
    let one = |entry: &EachEntry| {
        let mut one = one(case, entry, expander, findings);
        if let Some(name) = one.name.as_mut().filter(|_| !names_itself) {
            name.value = format!("{} ({})", name.value, told(entry));
        }
        one
    };
    let cases: Vec<CaseEntry> = entries.iter().map(one).collect();
    // Of what was cut nothing more is to be said.
    if expander.is_full() {
        return Vec::new();
    }
    cases
}

/// The case for one entry.
fn one(
    case: &CaseEntry,
    entry: &EachEntry,
    expander: &mut Expander<'_>,
    findings: &mut Findings,
) -> CaseEntry {
    let mut one = case.clone();
    for (_, member) in &mut one.body {
        if let Some(number) = number_for(member, entry) {
            *member = number;
        }
    }
    let row: Row = entry.values.iter().map(text_of).collect();
    one.each_text(&mut |text| {
        expander.charge(text, findings);
        expander.put(text, &row, findings);
    });
    one
}

/// What a member that says nothing but a name is, where the name stands for a number.
fn number_for(member: &BodyEntry, entry: &EachEntry) -> Option<BodyEntry> {
    let BodyEntry::Text(text) = member else {
        return None;
    };
    let name = text.value.strip_prefix("${")?.strip_suffix('}')?;
    let (_, value) = entry.values.iter().find(|(it, _)| it.value == name)?;
    match value {
        BodyEntry::Number(digits) => Some(BodyEntry::Number(Text {
            value: digits.value.clone(),
            position: text.position,
        })),
        BodyEntry::Text(_) | BodyEntry::Null(_) => None,
    }
}

/// `model: gpt-4o, agent: support-agent`, for the name of a case that does not say it itself.
fn told(entry: &EachEntry) -> String {
    let pair = |value| {
        let (name, text) = text_of(value);
        format!("{name}: {text}")
    };
    let pairs: Vec<String> = entry.values.iter().map(pair).collect();
    pairs.join(", ")
}

fn text_of((name, value): &(Text, BodyEntry)) -> (String, String) {
    let text = match value {
        BodyEntry::Number(text) | BodyEntry::Text(text) => text.value.clone(),
        BodyEntry::Null(_) => String::new(),
    };
    (name.value.clone(), text)
}

/// The names that the texts of a case use.
fn names_in(case: &CaseEntry) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    case.clone().each_text(&mut |text| {
        let names = pieces(&text.value).filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.to_owned()),
            Piece::Literal(_) | Piece::Broken => None,
        });
        used.extend(names);
    });
    used
}

fn check_names(
    first: &EachEntry,
    used: &BTreeSet<String>,
    expander: &Expander<'_>,
    findings: &mut Findings,
) {
    if first.values.is_empty() {
        let message = "an entry of `each` names nothing";
        let help = "write names with what they stand for, as in `{model: gpt-4o}`";
        findings.add_with_help(Code::BadEach, first.position, message, help);
    }
    for (name, _) in &first.values {
        let word = shown(&name.value);
        if !is_name(&name.value) {
            let message = format!("`{word}` is no name of a value");
            let help = "use 1 to 64 of A–Z a–z 0–9 - _ and begin with a letter";
            findings.add_with_help(Code::BadValueName, name.position, message, help);
        } else if expander.settled.has(&name.value) {
            let message = format!("`{word}` is a value of the document too");
            findings.add_with_help(
                Code::BadEach,
                name.position,
                message,
                "call it another name",
            );
        } else if !used.contains(&name.value) {
            let message = format!("no text of the case uses `{word}`");
            let help = format!("write `${{{word}}}` where it belongs, or leave it out");
            findings.add_with_help(Code::UnusedValue, name.position, message, help);
        }
    }
}

/// Whether an entry has the names of the first.
fn is_same(names: &BTreeSet<String>, entry: &EachEntry, findings: &mut Findings) -> bool {
    let own: BTreeMap<&str, &Text> = entry
        .values
        .iter()
        .map(|(name, _)| (&*name.value, name))
        .collect();
    for name in names.iter().filter(|name| !own.contains_key(&***name)) {
        let message = format!("this entry of `each` has no `{}`", shown(name));
        let help = "every entry has the same names";
        findings.add_with_help(Code::BadEach, entry.position, message, help);
    }
    for (name, text) in own.iter().filter(|(name, _)| !names.contains(**name)) {
        let message = format!("the first entry of `each` has no `{}`", shown(name));
        let help = "every entry has the same names";
        findings.add_with_help(Code::BadEach, text.position, message, help);
    }
    own.keys().eq(names)
}

fn names_of(entry: &EachEntry) -> impl Iterator<Item = &str> {
    entry.values.iter().map(|(name, _)| &*name.value)
}
