//! Two lists of routes, of tables or of what policies say of themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use signalbox_policy::{ModelSource, Purposes};

use super::{Aspect, Change, Effect, Found, Subject, callers::CallerRules, route::Route, terms};

/// The old ones in their order, then the new ones that the old policy has not.
pub(super) fn compare(
    old: &[Route<'_>],
    new: &[Route<'_>],
    callers: &CallerRules<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let by_name =
        |routes| -> BTreeMap<_, _> { Iterator::map(<[_]>::iter(routes), by_its_name).collect() };
    let (known, others) = (by_name(old), by_name(new));
    for route in old {
        match others.get(&*route.name) {
            None if route.is_forwarded => {
                found(route.change(Effect::Narrower, Aspect::Existence, "is no route any more"))?;
            }
            None => found(route.change(Effect::Words, Aspect::Existence, "is no route any more"))?,
            Some(other) => same_route(route, other, callers, found)?,
        }
        if route.is_forwarded {
            taken_over(route, old, new, found)?;
            if others.get(&*route.name).is_some_and(|it| it.is_forwarded) {
                handed_over(route, old, new, found)?;
            }
        }
    }
    for route in new {
        if known.contains_key(&*route.name) {
            continue;
        }
        let (effect, words) = match route.is_forwarded {
            true => (Effect::Wider, "is new"),
            false => (Effect::Words, "is new, and refused"),
        };
        let change = route.change(effect, Aspect::Existence, words);
        let scopes = Some(joined(&route.scopes)).filter(|_| route.is_forwarded);
        found(change.between(None, scopes.as_deref()))?;
    }
    ControlFlow::Continue(())
}

fn by_its_name<'r, 'a>(route: &'r Route<'a>) -> (&'r str, &'r Route<'a>) {
    (&route.name, route)
}

/// A path belongs to the most specific template, whatever that one's route does with it.
fn taken_over(
    route: &Route<'_>,
    old: &[Route<'_>],
    new: &[Route<'_>],
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let is_known = |template: &str| old.iter().any(|known| known.template == template);
    let takes = |it: &&Route<'_>| overlap(it.template, route.template) && !is_known(it.template);
    let Some(other) = new.iter().find(takes) else {
        return ControlFlow::Continue(());
    };
    let text = format!(
        "`{}` is new and takes paths of `{}`",
        other.template, route.name
    );
    let subject = Subject::route(&route.name);
    found(Change::new(
        Effect::Different,
        subject,
        Aspect::Existence,
        text,
    ))
}

/// The mirror of it: the paths of a template that is gone belong to the next one they fit.
fn handed_over(
    route: &Route<'_>,
    old: &[Route<'_>],
    new: &[Route<'_>],
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let is_gone = |template: &str| !new.iter().any(|it| it.template == template);
    let gives = |template: &&str| {
        overlap(template, route.template)
            && goes_before(template, route.template)
            && is_gone(template)
    };
    let templates: BTreeSet<_> = old.iter().map(|it| it.template).filter(gives).collect();
    for template in templates {
        let words = format!("takes paths of `{template}`, which is gone");
        found(route.change(Effect::Wider, Aspect::Existence, &words))?;
    }
    ControlFlow::Continue(())
}

fn same_route(
    old: &Route<'_>,
    new: &Route<'_>,
    callers: &CallerRules<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    match (old.is_forwarded, new.is_forwarded) {
        (true, false) => found(
            new.change(Effect::Narrower, Aspect::Existence, "is refused")
                .between(None, new.because),
        ),
        (false, true) => found(new.change(Effect::Wider, Aspect::Existence, "is forwarded")),
        (false, false) => {
            verdict(old, new, found)?;
            because(old, new, found)
        }
        (true, true) => {
            purposes(old, new, found)?;
            scopes(old, new, found)?;
            if old.model != new.model {
                let change = "takes its model from elsewhere";
                let change = new.change(Effect::Different, Aspect::ModelSource, change);
                found(change.between(source_word(old.model), source_word(new.model)))?;
            }
            let (query, headers) = (Aspect::Query, Aspect::Headers);
            passed(new, (query, "query"), &old.query, &new.query, found)?;
            passed(new, (headers, "header"), &old.headers, &new.headers, found)?;
            terms::route(old, new, callers, found)?;
            because(old, new, found)
        }
    }
}

fn purposes(old: &Route<'_>, new: &Route<'_>, found: &mut Found<'_>) -> ControlFlow<()> {
    let shuts_out = |from: Purposes, to: Purposes| {
        let mut all = (0..8).map(Purposes::from_bits);
        all.any(|held| held.satisfy(from) && !held.satisfy(to))
    };
    let (effect, words) = if shuts_out(old.purposes, new.purposes) {
        (Effect::Narrower, "is for fewer purposes")
    } else if shuts_out(new.purposes, old.purposes) {
        (Effect::Wider, "is for more purposes")
    } else {
        return ControlFlow::Continue(());
    };
    let [before, now] = [old, new].map(|route| {
        let words: Vec<_> = route.purposes.iter().map(|it| it.word()).collect();
        words.join(" or ")
    });
    found(
        new.change(effect, Aspect::Purposes, words)
            .between(before, now),
    )
}

fn scopes(old: &Route<'_>, new: &Route<'_>, found: &mut Found<'_>) -> ControlFlow<()> {
    let [before, now] = [old, new].map(|route| joined(&route.scopes));
    let (effect, words) = if shuts_out(&old.scopes, &new.scopes) {
        let sets: Vec<_> = new.scopes.iter().map(|set| set.join(" ")).collect();
        let words = format!("asks for scope `{}`", sets.join("` or `"));
        (Effect::Narrower, words)
    } else if shuts_out(&new.scopes, &old.scopes) {
        (Effect::Wider, "asks for fewer scopes".to_owned())
    } else {
        return ControlFlow::Continue(());
    };
    found(
        new.change(effect, Aspect::Scopes, &words)
            .between(before, now),
    )
}

/// Whoever holds one of the sets `from` must hold one of those in `to`: it has to have one inside it.
fn shuts_out(from: &[Vec<&str>], to: &[Vec<&str>]) -> bool {
    let is_let_in = |held: &Vec<&str>| {
        let is_within = |set: &Vec<&str>| set.iter().all(|scope| held.contains(scope));
        to.iter().any(is_within)
    };
    !to.is_empty() && (from.is_empty() || !from.iter().all(is_let_in))
}

fn joined(sets: &[Vec<&str>]) -> String {
    let sets: Vec<_> = sets.iter().map(|set| set.join(" and ")).collect();
    match sets.is_empty() {
        true => "no scope".to_owned(),
        false => sets.join(", or "),
    }
}

fn passed(
    route: &Route<'_>,
    (aspect, what): (Aspect, &str),
    before: &[&str],
    now: &[&str],
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    for gone in before.iter().filter(|word| !now.contains(word)) {
        let words = format!("passes {what} `{gone}` no longer");
        found(route.change(Effect::Different, aspect, &words))?;
    }
    for new in now.iter().filter(|word| !before.contains(word)) {
        let words = format!("passes {what} `{new}`");
        found(route.change(Effect::Wider, aspect, &words))?;
    }
    ControlFlow::Continue(())
}

fn verdict(old: &Route<'_>, new: &Route<'_>, found: &mut Found<'_>) -> ControlFlow<()> {
    if old.verdict == new.verdict {
        return ControlFlow::Continue(());
    }
    let change = new.change(Effect::Words, Aspect::Verdict, "has another verdict");
    found(change.between(old.verdict.word(), new.verdict.word()))
}

fn because(old: &Route<'_>, new: &Route<'_>, found: &mut Found<'_>) -> ControlFlow<()> {
    if old.because == new.because {
        return ControlFlow::Continue(());
    }
    let change = new.change(Effect::Words, Aspect::Because, "has another reason");
    found(change.between(old.because, new.because))
}

const fn source_word(source: ModelSource) -> &'static str {
    match source {
        ModelSource::Json => "json",
        ModelSource::Multipart => "multipart",
        ModelSource::None => "none",
    }
}

/// Whether some path belongs to both templates.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    one.split('/').count() == other.split('/').count()
        && one
            .split('/')
            .zip(other.split('/'))
            .all(|(one, other)| one == other || is_parameter(one) || is_parameter(other))
}

/// Of two templates that overlap the more specific one counts: text goes before a parameter, in the
/// first segment where one has it.
fn goes_before(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|template| template.split('/').map(is_parameter));
    one.zip(other).find(|(one, other)| one != other) == Some((false, true))
}

pub(super) fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}
