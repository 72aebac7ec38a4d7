//! The routes of a connection manager.

use super::Findings;
use super::codes::Code;
use super::filter::{Gate, Kind, check_modes};
use super::tree::{Node, word};

/// Checks all routes that are written in the file: how many there are.
pub(super) fn check(
    manager: &Node,
    gate: &Gate<'_>,
    has_keepalive: bool,
    found: &mut Findings,
) -> usize {
    let Some(configured) = manager.value.get("route_config") else {
        return 0;
    };
    check_overrides(configured, gate, has_keepalive, found);
    check_changes(configured, found);
    let hosts = configured.value.get("virtual_hosts");
    let mut count = 0;
    for host in hosts.map_or(&[][..], |it| it.value.items()) {
        check_overrides(host, gate, has_keepalive, found);
        check_changes(host, found);
        if let Some(at) = host.value.get("retry_policy") {
            found.add(Code::Retries, at, "requests are sent again");
        }
        let routes = host.value.get("routes");
        for route in routes.map_or(&[][..], |it| it.value.items()) {
            count += 1;
            check_overrides(route, gate, has_keepalive, found);
            check_changes(route, found);
            if let Some(action) = route.value.get("route") {
                check_action(action, gate, manager, found);
                for cluster in weighted(action) {
                    check_overrides(cluster, gate, has_keepalive, found);
                    check_changes(cluster, found);
                }
            }
        }
    }
    count
}

fn check_action(action: &Node, gate: &Gate<'_>, manager: &Node, found: &mut Findings) {
    if action.value.get("timeout").is_none() {
        let message = "the route has no `timeout`: responses end after 15 s";
        found.add(Code::RouteTimeout, action, message);
    }
    let is_zero = |node: Option<&Node>| node.is_some_and(|it| it.value.text() == Some("0s"));
    let idle = action.value.get("idle_timeout");
    let quiet = idle.or_else(|| manager.value.get("stream_idle_timeout"));
    if is_zero(action.value.get("timeout")) && is_zero(quiet) {
        let message = "nothing ends a request of which nothing is heard";
        found.add(Code::RouteTimeout, action, message);
    }
    for key in ["internal_redirect_policy", "internal_redirect_action"] {
        if let Some(at) = action.value.get(key) {
            let message = format!("`{key}` follows redirects of GT's past the gate");
            found.add(Code::Redirects, at, message);
        }
    }
    if let Some(at) = action.value.get("retry_policy") {
        found.add(Code::Retries, at, "requests are sent again");
    }
    for key in CHANGED_BY_ACTION {
        if let Some(at) = action.value.get(key)
            && gate.kind == Kind::ExtProc
        {
            let message = format!("`{key}` changes what the gate has set");
            found.add(Code::ChangesAfter, at, message);
        }
    }
}

/// The clusters a route divides its requests among.
fn weighted(action: &Node) -> &[Node] {
    let clusters = action.value.at(&["weighted_clusters", "clusters"]);
    clusters.map_or(&[][..], |it| it.value.items())
}

/// Headers a route sets behind the gate.
fn check_changes(of: &Node, found: &mut Findings) {
    for key in ["request_headers_to_add", "request_headers_to_remove"] {
        if let Some(at) = of.value.get(key) {
            let message = format!("`{key}` changes what the gate has let through");
            found.add(Code::ChangesAfter, at, message);
        }
    }
}

/// What a route has in place of the filter's configuration.
fn check_overrides(of: &Node, gate: &Gate<'_>, has_keepalive: bool, found: &mut Findings) {
    let overrides = of.value.get("typed_per_filter_config");
    let overrides = overrides.map_or(&[][..], |it| it.value.entries());
    for (_, config) in overrides.iter().filter(|(name, _)| name.value == gate.name) {
        for key in ["disabled", "is_optional"] {
            if let Some(at) = config.value.get(key)
                && config.value.is_set(key)
            {
                let message = format!("`{key}` takes requests past the gate");
                found.add(Code::GateDisabled, at, message);
            }
        }
        let body = ["check_settings", "disable_request_body_buffering"];
        if let Some(at) = config.value.at(&body) {
            let message = "the bodies of this route are not shown";
            found.add(Code::BodyHidden, at, message);
        }
        let Some(inner) = config
            .value
            .get("overrides")
            .or_else(|| config.value.get("config"))
        else {
            continue;
        };
        if let Some(at) = inner.value.get("failure_mode_allow")
            && inner.value.is_set("failure_mode_allow")
        {
            let message =
                "where the gate cannot be asked, requests of this route go on as they came";
            found.add(Code::FailsOpen, at, message);
        }
        if let Some(modes) = inner.value.get("processing_mode") {
            let can_override = gate.config.value.is_set("allow_mode_override");
            let is_duplex = word(&modes.value, "request_body_mode") == Some("FULL_DUPLEX_STREAMED");
            check_modes(modes, can_override || is_duplex, has_keepalive, found);
        }
        for key in ["grpc_service", "grpc_initial_metadata"] {
            if let Some(at) = inner.value.get(key) {
                let message =
                    format!("`{key}` of a route is not looked at: is it the gate that is asked?");
                found.add(Code::ChangesAfter, at, message);
            }
        }
    }
}

const CHANGED_BY_ACTION: &[&str] = &[
    "prefix_rewrite",
    "regex_rewrite",
    "path_rewrite_policy",
    "host_rewrite_literal",
    "host_rewrite_header",
    "host_rewrite_path_regex",
    "auto_host_rewrite",
];
