//! Draining a policy's catalogue, and the checks on it.

use std::time::{Duration, Instant};

use signalbox_policy::{CatalogueEntry, Description, RouteIndex, limits};

use super::{CatalogueFault, LoadError};
use crate::{Catalogue, contract, detail, instance::Instance, limits::Budget};

/// Asks for page after page until the policy says that no more follow.
pub(super) fn drain(
    instance: &mut Instance,
    description: &Description,
) -> Result<Catalogue, LoadError> {
    let described = usize::try_from(description.model_count).unwrap_or(usize::MAX);
    let started = Instant::now();
    let mut entries: Vec<CatalogueEntry> = Vec::new();
    loop {
        let after = entries.last().map(|entry| entry.name.as_str());
        let page = instance
            .models(after, PAGE, description, Budget::LOAD)
            .map_err(LoadError::Models)?;
        let is_last = !page.more;
        if page.entries.len() > PAGE as usize || (page.entries.is_empty() && !is_last) {
            return Err(LoadError::Catalogue(CatalogueFault::Page));
        }
        for entry in page.entries {
            let entry = entry.map_err(LoadError::Catalogue)?;
            check_entry(&entry, entries.last(), description).map_err(LoadError::Catalogue)?;
            entries.push(entry);
        }
        if entries.len() > described || (is_last && entries.len() != described) {
            let count = CatalogueFault::Count {
                described: description.model_count,
                given: entries.len(),
            };
            return Err(LoadError::Catalogue(count));
        }
        if is_last {
            return Ok(Catalogue::new(entries));
        }
        if started.elapsed() > LONGEST {
            return Err(LoadError::TooSlow);
        }
    }
}

/// Checks a catalogue that is there at once.
pub(super) fn check(
    entries: Vec<CatalogueEntry>,
    description: &Description,
) -> Result<Catalogue, CatalogueFault> {
    let mut before = None;
    for entry in &entries {
        check_entry(entry, before.replace(entry), description)?;
    }
    if u32::try_from(entries.len()) != Ok(description.model_count) {
        return Err(CatalogueFault::Count {
            described: description.model_count,
            given: entries.len(),
        });
    }
    Ok(Catalogue::new(entries))
}

fn check_entry(
    entry: &CatalogueEntry,
    before: Option<&CatalogueEntry>,
    description: &Description,
) -> Result<(), CatalogueFault> {
    let quote = |text: &str| detail::excerpt(text, 100);
    for name in [&entry.name].into_iter().chain(&entry.published) {
        if !contract::is_model_name(name) {
            return Err(CatalogueFault::Name(quote(name)));
        }
    }
    if before.is_some_and(|before| before.name >= entry.name) {
        return Err(CatalogueFault::Order(quote(&entry.name)));
    }
    let doubled = |(place, name)| entry.published.iter().take(place).any(|it| it == name);
    if !(1..=limits::PUBLISHED).contains(&entry.published.len())
        || entry.published.iter().enumerate().any(doubled)
    {
        return Err(CatalogueFault::Published(quote(&entry.name)));
    }
    if let Some(text) = &entry.deprecated
        && !contract::is_line(text, limits::NOTICE)
    {
        return Err(CatalogueFault::Deprecated(quote(&entry.name)));
    }
    let is_described = |index: &&RouteIndex| description.route(**index).is_some();
    match entry.routes.iter().find(|index| !is_described(index)) {
        Some(index) => Err(CatalogueFault::Route {
            name: quote(&entry.name),
            route: format!("route {}", index.0),
        }),
        None => Ok(()),
    }
}

/// Entries asked for at once: with two names of 256 bytes and every route, a page is still within
/// the size of an answer.
const PAGE: u32 = 128;

/// For all pages together. A policy of a hundred thousand models takes a second.
const LONGEST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use signalbox_policy::{Purposes, RouteDescription, Verdict, Wants};

    use super::*;

    fn described() -> Description {
        let route = RouteDescription {
            method: "POST".into(),
            template: "/v1/x".into(),
            verdict: Verdict::Native,
            forwarded: true,
            purposes: Purposes::from_bits(1),
            scopes: Vec::new(),
            model: signalbox_policy::ModelSource::Json,
            query: Vec::new(),
            headers: Vec::new(),
            reason: None,
        };
        Description {
            name: "p".into(),
            version: "1".into(),
            routes: vec![route],
            headers: Vec::new(),
            wants: Wants::default(),
            body_members: Vec::new(),
            model_count: 1,
        }
    }

    /// What is wrong with an entry, after a change to a good one.
    fn fault(change: impl FnOnce(&mut CatalogueEntry)) -> Option<CatalogueFault> {
        let mut entry = CatalogueEntry {
            name: "gpt-4o".into(),
            published: vec!["agent".into(), "small".into()],
            is_listed: false,
            deprecated: Some("use gpt-5".into()),
            routes: vec![RouteIndex(0)],
        };
        change(&mut entry);
        check_entry(&entry, None, &described()).err()
    }

    #[test]
    fn a_name_leads_somewhere_and_to_each_place_once() {
        assert_eq!(fault(|_| ()), None);
        let published = Some(CatalogueFault::Published("gpt-4o".into()));
        assert_eq!(fault(|it| it.published.clear()), published);
        assert_eq!(fault(|it| it.published.push("agent".into())), published);
        let names = |count: usize| (0..count).map(|number| format!("a{number}")).collect();
        assert_eq!(fault(|it| it.published = names(16)), None);
        assert_eq!(fault(|it| it.published = names(17)), published);
        let bad = fault(|it| it.published.push("a\nb".into()));
        assert!(matches!(bad, Some(CatalogueFault::Name(_))), "{bad:?}");
    }

    #[test]
    fn what_is_said_of_a_deprecated_name_is_a_line() {
        assert_eq!(fault(|it| it.deprecated = None), None);
        assert_eq!(fault(|it| it.deprecated = Some("\u{fc}".repeat(128))), None);
        for bad in ["", "a\nb", &"x".repeat(257)] {
            let found = fault(|it| it.deprecated = Some(bad.into()));
            assert_eq!(found, Some(CatalogueFault::Deprecated("gpt-4o".into())));
        }
    }

    #[test]
    fn a_name_works_on_routes_that_are_described() {
        let found = fault(|it| it.routes.push(RouteIndex(1)));
        let route = CatalogueFault::Route {
            name: "gpt-4o".into(),
            route: "route 1".into(),
        };
        assert_eq!(found, Some(route));
    }
}
