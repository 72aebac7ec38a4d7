//! The models of two policies with tables.

use std::{collections::BTreeSet, ops::ControlFlow};

use signalbox_policy::{
    Endpoint, Endpoints, ModelRule, Rules as _, published_name, tables::Tables,
};

use super::{Aspect, Change, Effect, Found, Subject, callers::CallerRules, terms};

/// Which rule a name has changes only where an exact name or a pattern of either policy says so:
/// it is enough to look at each of those, a pattern standing for the names that nothing more
/// specific takes.
pub(super) fn compare(
    old: &Tables<'_>,
    new: &Tables<'_>,
    callers: &CallerRules<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    for rule in old.models_after(None) {
        let name = rule.pattern;
        // Where a pattern takes it now it is in no list.
        match new.model(name) {
            Some(other) => same_model(name, &rule, &other, name, callers, found)?,
            None => {
                let text = format!("model `{name}` is gone");
                found(existence(name, Effect::Narrower, text))?;
            }
        }
    }
    for rule in new.models_after(None) {
        let name = rule.pattern;
        match old.model(name) {
            Some(other) if other.pattern == name => {}
            Some(other) => same_model(name, &other, &rule, name, callers, found)?,
            None => {
                let change = existence(name, Effect::Wider, format!("model `{name}` is new"));
                found(change.between(None, published_name(&rule, name)))?;
            }
        }
    }
    patterns(old, new, callers, found)
}

fn patterns(
    old: &Tables<'_>,
    new: &Tables<'_>,
    callers: &CallerRules<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let known: BTreeSet<_> = old.patterns().map(|rule| rule.pattern).collect();
    let is_new = |rule: &ModelRule<'_>| !known.contains(rule.pattern);
    for rule in old.patterns().chain(new.patterns().filter(is_new)) {
        let pattern = rule.pattern;
        let prefix = pattern.strip_suffix('*').unwrap_or(pattern);
        let name = [prefix, UNLIKELY].concat();
        let rules = (old.model(&name), new.model(&name));
        let is_longer = |rule: &ModelRule<'_>| rule.pattern.len() > pattern.len();
        if rules.0.iter().chain(&rules.1).any(is_longer) {
            let text = format!("names like `{pattern}` are too odd to compare");
            found(existence(pattern, Effect::Different, text))?;
            continue;
        }
        match rules {
            (None, None) => {}
            (None, Some(_)) => {
                let text = format!("models `{pattern}` are new");
                found(existence(pattern, Effect::Wider, text))?;
            }
            (Some(_), None) => {
                let text = format!("models `{pattern}` are gone");
                found(existence(pattern, Effect::Narrower, text))?;
            }
            (Some(before), Some(now)) => {
                same_model(pattern, &before, &now, &name, callers, found)?;
            }
        }
    }
    ControlFlow::Continue(())
}

/// `name` is a name that both rules are for, and `shown` what people call it by.
fn same_model(
    shown: &str,
    old: &ModelRule<'_>,
    new: &ModelRule<'_>,
    name: &str,
    callers: &CallerRules<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    endpoints(shown, old, new, found)?;
    let is_listed = |rule: &ModelRule<'_>| rule.terms.is_listed && rule.pattern == name;
    terms::model(
        shown,
        (&old.terms, is_listed(old)),
        (&new.terms, is_listed(new)),
        callers,
        found,
    )?;
    shares(shown, old, new, found)?;
    let [before, now] = [old, new].map(|rule| published_name(rule, name));
    if before == now {
        return ControlFlow::Continue(());
    }
    // Not refused, but sent elsewhere: whether that is less only the operator knows.
    let [before, now] = [before, now].map(|published| match published == name {
        true => "itself",
        false => published,
    });
    let text = format!("model `{shown}` leads to `{now}`, and led to `{before}`");
    let subject = Subject::model(shown);
    let change = Change::new(Effect::Different, subject, Aspect::Published, text);
    found(change.between(before, now))
}

/// Weights share keys by the name of their entry: the same choices of another one lead some keys
/// elsewhere. Other choices are told already.
fn shares(
    shown: &str,
    old: &ModelRule<'_>,
    new: &ModelRule<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let (before, now) = (old.pattern, new.pattern);
    let choices = new.terms.choices;
    let has_weights = choices.iter().any(|choice| choice.weight.is_some());
    if before == now || old.terms.choices != choices || !has_weights {
        return ControlFlow::Continue(());
    }
    let text = format!("model `{shown}` shares keys as `{now}`, and shared them as `{before}`");
    let subject = Subject::model(shown);
    let change = Change::new(Effect::Different, subject, Aspect::Published, text);
    found(change.between(before, now))
}

fn endpoints(
    shown: &str,
    old: &ModelRule<'_>,
    new: &ModelRule<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let (before, now) = (old.endpoints.bits(), new.endpoints.bits());
    let (effect, words) = match (before & !now != 0, now & !before != 0) {
        (true, _) => (Effect::Narrower, "fewer"),
        (false, true) => (Effect::Wider, "more"),
        (false, false) => return ControlFlow::Continue(()),
    };
    let text = format!("model `{shown}` works on {words} routes");
    let change = Change::new(effect, Subject::model(shown), Aspect::For, text);
    found(change.between(words_of(old.endpoints), words_of(new.endpoints)))
}

fn words_of(endpoints: Endpoints) -> String {
    if endpoints == Endpoints::ALL {
        return "every route".to_owned();
    }
    let all = Endpoint::ALL.into_iter();
    let held = all.filter(|endpoint| endpoints.include(Some(*endpoint)));
    let words: Vec<_> = held.map(Endpoint::word).collect();
    words.join(", ")
}

fn existence(name: &str, effect: Effect, text: String) -> Change {
    Change::new(effect, Subject::model(name), Aspect::Existence, text)
}

/// No document has a name with it: Unicode will never give these characters a meaning.
const UNLIKELY: &str = "\u{10fffe}\u{10fffe}";
