//! Two policies with tables: what each allows is written down, so it can be compared for every
//! request there may be.

use signalbox_policy::{
    Action, ModelRule, Purposes, RouteRule, Rules, ScopeSet, Verdict, published_name,
    tables::Tables,
};

use super::terms;
use crate::Access;

/// Whether `new` allows everything `old` allows, and sends it to the same place.
pub(super) fn compare(old: &Tables<'_>, new: &Tables<'_>) -> Access {
    let finding = terms::callers(old, new);
    let finding = finding.and_then(|()| routes(old, new));
    let finding = finding.and_then(|()| models(old, new));
    finding.err().unwrap_or(Access::NotNarrower)
}

fn routes(old: &Tables<'_>, new: &Tables<'_>) -> Result<(), Access> {
    for route in old.routes().filter(is_forwarded) {
        let name = format!("{} {}", route.method, route.template);
        let mut others = new.routes_of(route.template).map(|(_, other)| other);
        let other = others
            .find(|other| other.method == route.method)
            .ok_or_else(|| Access::Narrower(format!("`{name}` is no route any more")))?;
        same_route(&name, &route, &other)?;
        // A path belongs to the most specific template, whatever that one's route does with it.
        let is_known = |template: &str| old.templates().any(|known| known == template);
        let takes = |template: &&str| overlap(template, route.template) && !is_known(template);
        if let Some(template) = new.templates().find(takes) {
            let why = format!("`{template}` is new and takes paths of `{name}`");
            return Err(Access::Unknown(why));
        }
    }
    Ok(())
}

fn is_forwarded(route: &RouteRule<'_>) -> bool {
    route.action == Action::Forward && route.verdict != Verdict::NotSupported
}

fn same_route(name: &str, old: &RouteRule<'_>, new: &RouteRule<'_>) -> Result<(), Access> {
    if !is_forwarded(new) {
        return Err(Access::Narrower(format!("`{name}` is refused")));
    }
    let shuts_out = |held: &Purposes| held.satisfy(old.purposes) && !held.satisfy(new.purposes);
    if (0..8).map(Purposes::from_bits).any(|held| shuts_out(&held)) {
        return Err(Access::Narrower(format!("`{name}` is for fewer purposes")));
    }
    // Whoever holds one of the old sets must hold one of the new: it has to have one inside it.
    let is_let_in = |held: ScopeSet<'_>| {
        let is_within = |set: ScopeSet<'_>| set.iter().all(|it| held.iter().any(|had| had == it));
        new.scopes.iter().any(is_within)
    };
    let scopes = new.scopes.joined();
    let shuts_out = match old.scopes.joined() {
        None => true,
        Some(_) => !old.scopes.iter().all(is_let_in),
    };
    if let Some(scopes) = scopes.filter(|_| shuts_out) {
        let scopes = scopes.replace('\n', "` or `");
        return Err(Access::Narrower(format!(
            "`{name}` asks for scope `{scopes}`"
        )));
    }
    if old.model != new.model {
        let why = format!("`{name}` takes its model from elsewhere");
        return Err(Access::Unknown(why));
    }
    for (what, before, now) in [
        ("query", old.query, new.query),
        ("header", old.headers, new.headers),
    ] {
        let is_gone = |word: &&str| !now.iter().any(|kept| kept == *word);
        if let Some(word) = before.iter().find(is_gone) {
            let why = format!("`{name}` passes {what} `{word}` no longer");
            return Err(Access::Unknown(why));
        }
    }
    terms::route(name, old, new)
}

/// Whether some path belongs to both templates.
fn overlap(one: &str, other: &str) -> bool {
    let is_parameter = |segment: &str| segment.starts_with('{');
    one.split('/').count() == other.split('/').count()
        && one
            .split('/')
            .zip(other.split('/'))
            .all(|(one, other)| one == other || is_parameter(one) || is_parameter(other))
}

/// Which rule a name has changes only where an exact name or a pattern of either policy says so:
/// it is enough to look at each of those, a pattern standing for the names that nothing more
/// specific takes.
fn models(old: &Tables<'_>, new: &Tables<'_>) -> Result<(), Access> {
    for rule in old.models_after(None) {
        let name = rule.pattern;
        match new.model(name) {
            Some(other) if other.pattern == name => same_model(name, &rule, &other, name)?,
            _ => return Err(Access::Narrower(format!("model `{name}` is gone"))),
        }
    }
    for rule in new.models_after(None) {
        let name = rule.pattern;
        if let Some(other) = old.model(name) {
            same_model(name, &other, &rule, name)?;
        }
    }
    for rule in old.patterns().chain(new.patterns()) {
        let pattern = rule.pattern;
        let prefix = pattern.strip_suffix('*').unwrap_or(pattern);
        let name = [prefix, UNLIKELY].concat();
        let rules = (old.model(&name), new.model(&name));
        let is_longer = |rule: &ModelRule<'_>| rule.pattern.len() > pattern.len();
        if rules.0.iter().chain(&rules.1).any(is_longer) {
            let why = format!("names like `{pattern}` are too odd to compare");
            return Err(Access::Unknown(why));
        }
        match rules {
            (None, _) => {}
            (Some(_), None) => {
                return Err(Access::Narrower(format!("models `{pattern}` are gone")));
            }
            (Some(before), Some(now)) => same_model(pattern, &before, &now, &name)?,
        }
    }
    Ok(())
}

fn same_model(
    shown: &str,
    old: &ModelRule<'_>,
    new: &ModelRule<'_>,
    name: &str,
) -> Result<(), Access> {
    let (before, now) = (old.endpoints.bits(), new.endpoints.bits());
    if before & now != before {
        let why = format!("model `{shown}` works on fewer routes");
        return Err(Access::Narrower(why));
    }
    terms::model(shown, &old.terms, &new.terms)?;
    let [before, now] = [old, new].map(|rule| published_name(rule, name));
    if before != now {
        // Not refused, but sent elsewhere: whether that is less only the operator knows.
        let [before, now] = [before, now].map(|published| match published == name {
            true => "itself",
            false => published,
        });
        let why = format!("model `{shown}` leads to `{now}`, and led to `{before}`");
        return Err(Access::Unknown(why));
    }
    Ok(())
}

/// No document has a name with it: Unicode will never give these characters a meaning.
const UNLIKELY: &str = "\u{10fffe}\u{10fffe}";
