//! Draining a policy's catalogue, and the checks on it.

use std::time::{Duration, Instant};

use signalbox_policy::{CatalogueEntry, Description};

use super::{CatalogueFault, LoadError};
use crate::{Catalogue, contract, detail, instance::Instance, limits::Budget};

/// Asks for page after page until the policy says that no more follow.
pub(super) fn drain(
    instance: &mut Instance,
    description: &Description,
) -> Result<Catalogue, LoadError> {
    let described = usize::try_from(description.models).unwrap_or(usize::MAX);
    let started = Instant::now();
    let mut entries: Vec<CatalogueEntry> = Vec::new();
    loop {
        let after = entries.last().map(|entry| entry.name.as_str());
        let page = instance
            .models(after, PAGE, Budget::LOAD)
            .map_err(LoadError::Models)?;
        let is_last = !page.more;
        if page.models.len() > PAGE as usize || (page.models.is_empty() && !is_last) {
            return Err(LoadError::Catalogue(CatalogueFault::Page));
        }
        for model in page.models {
            let entry = CatalogueEntry::from(model);
            check_entry(&entry, entries.last(), description).map_err(LoadError::Catalogue)?;
            entries.push(entry);
        }
        if entries.len() > described || (is_last && entries.len() != described) {
            let count = CatalogueFault::Count {
                described: description.models,
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

fn check_entry(
    entry: &CatalogueEntry,
    before: Option<&CatalogueEntry>,
    description: &Description,
) -> Result<(), CatalogueFault> {
    let quote = |text: &str| detail::excerpt(text, 100);
    for name in [&entry.name, &entry.published] {
        if !contract::is_model_name(name) {
            return Err(CatalogueFault::Name(quote(name)));
        }
    }
    if before.is_some_and(|before| before.name >= entry.name) {
        return Err(CatalogueFault::Order(quote(&entry.name)));
    }
    let is_described = |name: &String| description.routes.iter().any(|route| route.is_named(name));
    match entry.routes.iter().find(|name| !is_described(name)) {
        Some(route) => Err(CatalogueFault::Route {
            name: quote(&entry.name),
            route: quote(route),
        }),
        None => Ok(()),
    }
}

/// Entries asked for at once: with two names of 256 bytes and every route, a page is still within
/// the size of an answer.
const PAGE: u32 = 128;

/// For all pages together. A policy of a hundred thousand models takes a second.
const LONGEST: Duration = Duration::from_secs(30);
