//! The scopes a route asks for.

use super::{super::words, key::Key};
use crate::{
    Action, Endpoint, List, Text,
    diagnostic::{Code, Findings, shown},
    document::{Route, Scope},
};

/// Packed, as in [`crate::ScopeSets`]; `None` opens the route to every key.
pub(super) fn scopes(
    route: &Route,
    key: Option<&Key>,
    action: Option<Action>,
    findings: &mut Findings,
) -> Option<String> {
    if let Some(scope) = &route.scope {
        return written(scope, findings);
    }
    let key = key.filter(|key| !key.is_reading() && action == Some(Action::Forward))?;
    if !route.present.has("scope") {
        let message = format!("`{}` needs `scope`", key.name());
        let gt = Endpoint::of(&key.method, &key.template).and_then(Endpoint::scope);
        let help = match gt.or_else(|| key.is_upload().then_some("datasets:write")) {
            Some(scope) => format!("GT asks for it: write `scope: \"{scope}\"`"),
            None => "write `scope: none` to open the route to every key".into(),
        };
        findings.add_with_help(Code::MissingScope, route.key.position, message, help);
    }
    None
}

fn written(scope: &Scope, findings: &mut Findings) -> Option<String> {
    const HELP: &str = "leave it out, or write `scope: none` to open the route to every key";
    if let [List { items, .. }] = scope.sets.as_slice()
        && let [only] = items.as_slice()
        && only.value == "none"
    {
        return None;
    }
    if scope.sets.is_empty() {
        let message = "`scope` has no entry";
        findings.add_with_help(Code::EmptyList, scope.position, message, HELP);
    }
    for set in &scope.sets {
        words::not_empty(set, "a set of scopes", HELP, findings);
        words::no_repeats(set, findings);
        set.items.iter().for_each(|text| one(text, findings));
    }
    redundant(scope, findings);
    let words = |set: &List| {
        let words: Vec<&str> = set.items.iter().map(|text| text.value.as_str()).collect();
        words.join(" ")
    };
    let sets: Vec<String> = scope.sets.iter().map(words).collect();
    Some(sets.join("\n"))
}

fn one(text: &Text, findings: &mut Findings) {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b":-_./".contains(&byte);
    let is_scope = (1..=128).contains(&text.value.len()) && text.value.bytes().all(is_legal);
    if text.value == "none" {
        let message = "`none` stands beside other scopes";
        let help = "`scope: none` opens the route to every key, and stands alone";
        findings.add_with_help(Code::BadScope, text.position, message, help);
    } else if !is_scope {
        let message = format!("`{}` is no scope", shown(&text.value));
        let help = "one scope, like \"inference:chat\", or `none` for an open route";
        findings.add_with_help(Code::BadScope, text.position, message, help);
    }
}

/// Whoever has all of a larger set has all of a smaller one inside it: the larger one says nothing.
fn redundant(scope: &Scope, findings: &mut Findings) {
    let is_within = |set: &List, other: &List| set.items.iter().all(|it| other.items.contains(it));
    for (place, set) in scope.sets.iter().enumerate() {
        let others = scope.sets.iter().enumerate();
        let mut smaller = others
            .filter(|(other, _)| *other != place)
            .filter(|(other, it)| is_within(it, set) && (!is_within(set, it) || *other < place));
        if smaller.next().is_some() {
            let message = "another entry of `any` asks for less, so this one does nothing";
            findings.add(Code::DuplicateEntry, set.position, message);
        }
    }
}
