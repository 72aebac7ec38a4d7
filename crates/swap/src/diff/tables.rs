//! Two policies with tables: what each allows is written down, so it can be compared for every
//! request there may be.

use std::ops::ControlFlow;

use signalbox_policy::{Rules as _, tables::Tables};

use super::{Found, callers::CallerRules, models, route::Route, routes};

/// What changes: rules for callers, then routes, then models.
pub(super) fn compare(
    old: &Tables<'_>,
    new: &Tables<'_>,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let callers = CallerRules::of(old, new);
    callers.compare(found)?;
    let before: Vec<_> = old.routes().map(|rule| Route::of_rule(&rule)).collect();
    let now: Vec<_> = new.routes().map(|rule| Route::of_rule(&rule)).collect();
    routes::compare(&before, &now, &callers, found)?;
    models::compare(old, new, &callers, found)
}
