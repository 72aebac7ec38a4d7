//! Listeners, their connection managers, and the filters of those.

use super::codes::Code;
use super::filter::{self, Gate};
use super::tree::{Node, is};
use super::{Findings, routes};

/// Checks all listeners: how many ask the gate, and with how many routes.
pub(super) fn check(tree: &Node, found: &mut Findings) -> (usize, usize) {
    let resources = tree.value.get("static_resources");
    let listeners = resources.and_then(|it| it.value.get("listeners"));
    let managers: Vec<&Node> = listeners.map(managers).unwrap_or_default();
    if managers.is_empty() {
        let message = "there is no listener with an HTTP connection manager in `static_resources`";
        found.add(Code::NoGate, tree, message);
        return (0, 0);
    }
    let (mut asking, mut known) = (0, 0);
    for manager in managers {
        if let Some(routes) = check_manager(manager, resources, found) {
            asking += 1;
            known += routes;
        }
    }
    (asking, known)
}

/// The configurations of all HTTP connection managers.
fn managers(listeners: &Node) -> Vec<&Node> {
    let chains = listeners.value.items().iter().flat_map(|listener| {
        let chains = listener.value.get("filter_chains");
        let default = listener.value.get("default_filter_chain");
        chains
            .map_or(&[][..], |it| it.value.items())
            .iter()
            .chain(default)
    });
    let filters = chains.flat_map(|chain| {
        let filters = chain.value.get("filters");
        filters.map_or(&[][..], |it| it.value.items())
    });
    let configured = filters.filter_map(|filter| filter.value.get("typed_config"));
    configured
        .filter(|it| is(it, "HttpConnectionManager"))
        .collect()
}

/// How many routes it has, if it asks the gate.
fn check_manager(manager: &Node, resources: Option<&Node>, found: &mut Findings) -> Option<usize> {
    let filters = manager.value.get("http_filters");
    let items = filters.map_or(&[][..], |it| it.value.items());
    let place = items.iter().position(|item| Gate::of(item).is_some());
    let Some(gate) = place.and_then(|place| Gate::of(items.get(place)?)) else {
        let message = "nothing asks the gate: every request of this listener goes on as it came";
        found.add(Code::NoGate, filters.unwrap_or(manager), message);
        return None;
    };
    for (number, item) in items.iter().enumerate() {
        if place == Some(number) {
            continue;
        }
        let is_before = place.is_some_and(|place| number < place);
        check_order(item, is_before, found);
    }
    if !manager.value.is_set("use_remote_address") {
        let message =
            "`use_remote_address` is not set: clients are believed what they say of themselves";
        found.add(Code::TrustsClients, manager, message);
    }
    let has_keepalive = filter::check(&gate, resources, found);
    Some(routes::check(manager, &gate, has_keepalive, found))
}

/// What stands beside the gate.
fn check_order(item: &Node, is_before: bool, found: &mut Findings) {
    let Some(config) = item.value.get("typed_config") else {
        return;
    };
    if is_before {
        if is(config, "Router") {
            let message = "the router is before the gate, which is never asked";
            found.add(Code::GateAfter, item, message);
        }
        return;
    }
    let name = item.value.get("name").and_then(|name| name.value.text());
    let changes = [
        "Lua",
        "HeaderMutation",
        "Wasm",
        "DynamicModuleFilter",
        "Transform",
    ];
    if let Some(kind) = changes.into_iter().find(|kind| is(config, kind)) {
        let name = name.unwrap_or(kind);
        let message = format!("`{name}` stands behind the gate and can change what it let through");
        found.add(Code::ChangesAfter, item, message);
    }
}
