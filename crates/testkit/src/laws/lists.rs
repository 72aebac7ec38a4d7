//! Each name that a key is shown can be called by it.

use signalbox_cases::{Decider, Told};
use signalbox_policy::{
    CatalogueEntry, Decision, Expectation, ListMode, ModelSource, RequestedModel, RouteDescription,
    RouteIndex,
};

use super::{
    Law,
    asking::{Asking, Kept, kind},
};
use crate::{TestRequest, request};

/// Looks at the first names of a list. A name counts as refused where some of its routes takes the key and the
/// headers of this request, and none of those forwards a body that says nothing but the model.
pub(super) fn check<P: Decider>(check: &Asking<'_, P>, mode: &ListMode) -> Kept {
    if !check.laws.contains(&Law::Lists) {
        return Ok(());
    }
    let caller = &check.request.caller;
    let shown: Vec<&CatalogueEntry> = signalbox_cases::shown(check.policy, caller, mode).collect();
    for entry in shown.iter().take(MOST) {
        let Some(refusals) = refused_everywhere(check, entry) else {
            continue;
        };
        check.holds(Law::Lists, false, || {
            let why = format!("lists `{}`, and answers it with: {refusals}", entry.name);
            let others = shown.iter().filter(|it| it.name != entry.name);
            let names = others.map(|it| it.name.clone()).collect();
            (why, Expectation::List { names })
        })?;
    }
    Ok(())
}

/// What a name is answered with on its routes, if it is forwarded on none of those that can be told.
fn refused_everywhere<P: Decider>(check: &Asking<'_, P>, entry: &CatalogueEntry) -> Option<String> {
    let description = check.policy.description();
    let routes = (0..).map(RouteIndex).zip(&description.routes);
    let own = routes.filter(|(index, _)| entry.routes.is_empty() || entry.routes.contains(index));
    let mut refusals = Vec::new();
    for (_, route) in own.filter(|(_, route)| has_model(route)) {
        let asked = TestRequest {
            headers: check.request.headers.clone(),
            caller: check.request.caller.clone(),
            ..request(&route.method, &route.template)
        };
        let question = asked.question();
        let Ok(told) = Told::new(&question, description) else {
            continue;
        };
        let head = check.policy.decide(&told.request(RequestedModel::Unread));
        if head != Ok(Decision::ReadModel) {
            continue;
        }
        let named = RequestedModel::Named(&entry.name);
        match check.policy.decide(&told.request(named)) {
            Ok(Decision::Forward(_)) => return None,
            Ok(decision) => refusals.push(format!("{}: {}", route.name(), kind(&decision))),
            // Another law is about that.
            Err(_) => return None,
        }
    }
    (!refusals.is_empty()).then(|| refusals.join(", "))
}

fn has_model(route: &RouteDescription) -> bool {
    route.forwarded && route.model != ModelSource::None && !route.template.contains('{')
}

/// A list may have a hundred thousand names.
const MOST: usize = 8;
