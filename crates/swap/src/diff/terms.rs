//! Who may use what, and on what terms: what only tables say.

use std::ops::ControlFlow;

use signalbox_policy::{Choices, Terms};

use super::{
    Aspect, Change, Effect, Found, Subject,
    callers::{CallerRules, labels},
    ceilings::ceilings,
    route::Route,
};

/// What a route asks beyond scopes and purposes.
pub(super) fn route(
    old: &Route<'_>,
    new: &Route<'_>,
    rules: &CallerRules<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let subject = || Subject::route(&new.name);
    let name = &new.name;
    callers(&subject, rules, (old.callers, new.callers), found)?;
    let is_in = |headers: &[&str], name: &&str| headers.contains(name);
    for header in &new.required_headers {
        if !is_in(&old.required_headers, header) {
            let text = format!("`{name}` needs the header `{header}`");
            let aspect = Aspect::RequiredHeaders;
            found(Change::new(Effect::Narrower, subject(), aspect, text))?;
        }
    }
    for header in &old.required_headers {
        if !is_in(&new.required_headers, header) {
            let text = format!("`{name}` needs no header `{header}` any more");
            let aspect = Aspect::RequiredHeaders;
            found(Change::new(Effect::Wider, subject(), aspect, text))?;
        }
    }
    if old.set_headers != new.set_headers {
        let text = format!("`{name}` sets other headers");
        let change = Change::new(Effect::Different, subject(), Aspect::SetHeaders, text);
        let [before, now] = [old, new].map(|route| {
            let pairs = route.set_headers.iter();
            let pairs: Vec<_> = pairs
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            pairs.join(", ")
        });
        found(change.between(before, now))?;
    }
    ControlFlow::Continue(())
}

/// On what terms a model may be used. A pattern is in no list.
pub(super) fn model(
    shown: &str,
    (old, was_listed): (&Terms<'_>, bool),
    (new, is_listed): (&Terms<'_>, bool),
    rules: &CallerRules<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let subject = || Subject::model(shown);
    callers(&subject, rules, (old.callers, new.callers), found)?;
    let listed = match (was_listed, is_listed) {
        (true, false) => Some((Effect::Narrower, "is not listed any more")),
        (false, true) => Some((Effect::Wider, "is listed")),
        (true, true) | (false, false) => None,
    };
    if let Some((effect, words)) = listed {
        let text = format!("model `{shown}` {words}");
        found(Change::new(effect, subject(), Aspect::Listed, text))?;
    }
    if old.choices != new.choices {
        let text = format!("model `{shown}` has other choices");
        let change = Change::new(Effect::Different, subject(), Aspect::Published, text);
        found(change.between(choices(old.choices), choices(new.choices)))?;
    }
    ceilings(&subject(), old.ceilings, new.ceilings, found)?;
    deprecated(shown, old.deprecated, new.deprecated, found)
}

pub(super) fn deprecated(
    shown: &str,
    before: Option<&str>,
    now: Option<&str>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let words = match (before, now) {
        _ if before == now => return ControlFlow::Continue(()),
        (None, _) => "is deprecated",
        (Some(_), None) => "is deprecated no longer",
        (Some(_), Some(_)) => "is deprecated in other words",
    };
    let text = format!("model `{shown}` {words}");
    let change = Change::new(
        Effect::Words,
        Subject::model(shown),
        Aspect::Deprecated,
        text,
    );
    found(change.between(before, now))
}

fn callers(
    subject: &dyn Fn() -> Subject,
    rules: &CallerRules<'_>,
    (old, new): (signalbox_policy::CallerSet, signalbox_policy::CallerSet),
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let Some(changed) = rules.set(old, new) else {
        return ControlFlow::Continue(());
    };
    let subject = subject();
    let words = match changed.effect {
        Effect::Narrower => "fewer",
        Effect::Wider => "more",
        Effect::Different | Effect::Words => "other",
    };
    let text = format!("{subject} is for {words} callers");
    let change = Change::new(changed.effect, subject, Aspect::Callers, text);
    found(change.between(changed.before, changed.now))
}

/// `sales-agent for team: sales; new-agent 10, support-agent 90`
fn choices(choices: Choices<'_>) -> String {
    let choices: Vec<_> = choices
        .iter()
        .map(|choice| {
            let weight = choice.weight.map(|weight| format!(" {weight}"));
            let labels = match choice.labels.is_empty() {
                true => String::new(),
                false => format!(" for {}", labels(choice.labels)),
            };
            format!("{}{}{labels}", choice.published, weight.unwrap_or_default())
        })
        .collect();
    choices.join("; ")
}
