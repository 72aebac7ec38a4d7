//! Two policies of which at least one has no tables: what they say of themselves.

use std::{collections::BTreeSet, ops::ControlFlow};

use signalbox_policy::{CatalogueEntry, Description};
use signalbox_runtime::Plugin;

use super::{
    Aspect, Change, Effect, Found, Subject, callers::CallerRules, route::Route, routes, terms,
};

/// What changes of their routes, and then of their models.
pub(super) fn compare(old: &Plugin, new: &Plugin, found: &mut Found<'_>) -> ControlFlow<()> {
    let [before, now] = [old, new].map(|plugin| {
        let routes = plugin.description().routes.iter();
        routes.map(Route::of_description).collect::<Vec<_>>()
    });
    routes::compare(&before, &now, &CallerRules::none(), found)?;
    for entry in old.catalogue().iter() {
        match new.catalogue().get(&entry.name) {
            Some(other) => same_entry((old, entry), (new, other), found)?,
            None => found(existence(entry, Effect::Narrower, "is gone"))?,
        }
    }
    for entry in new.catalogue().iter() {
        if old.catalogue().get(&entry.name).is_none() {
            let change = existence(entry, Effect::Wider, "is new");
            found(change.between(None, entry.published.join(", ")))?;
        }
    }
    ControlFlow::Continue(())
}

fn same_entry(
    (old, before): (&Plugin, &CatalogueEntry),
    (new, now): (&Plugin, &CatalogueEntry),
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let name = &now.name;
    let [old_routes, new_routes] =
        [(old, before), (new, now)].map(|(plugin, entry)| usable(plugin.description(), entry));
    let routes = match (
        old_routes.is_subset(&new_routes),
        new_routes.is_subset(&old_routes),
    ) {
        (true, true) => None,
        (true, false) => Some((Effect::Wider, "works on more routes")),
        (false, _) => Some((Effect::Narrower, "works on fewer routes")),
    };
    if let Some((effect, words)) = routes {
        let change = change(now, effect, Aspect::For, words);
        let [before, now] = [old_routes, new_routes].map(|routes| {
            let routes: Vec<_> = routes.into_iter().collect();
            routes.join(", ")
        });
        found(change.between(before, now))?;
    }
    match (before.is_listed, now.is_listed) {
        (true, false) => {
            found(change(
                now,
                Effect::Narrower,
                Aspect::Listed,
                "is not listed any more",
            ))?;
        }
        (false, true) => found(change(now, Effect::Wider, Aspect::Listed, "is listed"))?,
        (true, true) | (false, false) => {}
    }
    if before.published != now.published {
        let [before, after] = [before, now].map(|entry| entry.published.join(", "));
        let words = format!("leads to `{after}`, and led to `{before}`");
        let change = change(now, Effect::Different, Aspect::Published, &words);
        found(change.between(before, after))?;
    }
    let [before, now] = [before, now].map(|entry| entry.deprecated.as_deref());
    terms::deprecated(name, before, now, found)
}

/// The routes a name works on, by their names.
fn usable(description: &Description, entry: &CatalogueEntry) -> BTreeSet<String> {
    let routes = (0..)
        .map(signalbox_policy::RouteIndex)
        .zip(&description.routes);
    let works_on = routes.filter(|(index, route)| {
        route.model != signalbox_policy::ModelSource::None
            && (entry.routes.is_empty() || entry.routes.contains(index))
    });
    works_on.map(|(_, route)| route.name()).collect()
}

fn existence(entry: &CatalogueEntry, effect: Effect, words: &str) -> Change {
    change(entry, effect, Aspect::Existence, words)
}

fn change(entry: &CatalogueEntry, effect: Effect, aspect: Aspect, words: &str) -> Change {
    let text = format!("model `{}` {words}", entry.name);
    Change::new(effect, Subject::model(&entry.name), aspect, text)
}
