//! The filter that asks the gate.

use super::codes::Code;
use super::tree::{Node, is, word};
use super::{Findings, clusters};

/// The filter that asks the gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate<'t> {
    /// Its name, by which routes speak of it.
    pub(super) name: &'t str,
    pub(super) kind: Kind,
    item: &'t Node,
    pub(super) config: &'t Node,
}

/// By which protocol it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ExtProc,
    ExtAuthz,
    /// It is in Envoy itself, as a dynamic module.
    Module,
}

impl<'t> Gate<'t> {
    pub(super) fn of(item: &'t Node) -> Option<Self> {
        let config = item.value.get("typed_config")?;
        let kind = if is(config, "ExternalProcessor") {
            Kind::ExtProc
        } else if is(config, "ExtAuthz") {
            Kind::ExtAuthz
        } else if is_module(config) {
            Kind::Module
        } else {
            return None;
        };
        let name = word(&item.value, "name").unwrap_or_default();
        Some(Self {
            name,
            kind,
            item,
            config,
        })
    }
}

/// Whether a filter is Signalbox as a dynamic module.
fn is_module(config: &Node) -> bool {
    let module = config.value.get("dynamic_module_config");
    let name = module.and_then(|module| word(&module.value, "name"));
    is(config, "DynamicModuleFilter") && name == Some(MODULE)
}

/// Checks the filter and the cluster it asks: whether a gate that stands still is noticed.
pub(super) fn check(gate: &Gate<'_>, resources: Option<&Node>, found: &mut Findings) -> bool {
    let config = &gate.config.value;
    if gate.item.value.is_set("disabled") {
        let message = "the filter is disabled unless a route enables it";
        found.add(Code::GateDisabled, gate.item, message);
    }
    if gate.kind == Kind::Module {
        // Nobody is asked: there is no time to be kept, and nothing that could be away.
        return true;
    }
    if let Some(at) = config.get("failure_mode_allow")
        && config.is_set("failure_mode_allow")
    {
        let message = "where the gate cannot be asked, requests go on as they came";
        found.add(Code::FailsOpen, at, message);
    }
    let service = config.get("grpc_service");
    let has_keepalive = clusters::check(gate.config, service, resources, found);
    match gate.kind {
        Kind::ExtProc => check_processor(gate, has_keepalive, found),
        Kind::ExtAuthz => check_authorization(gate, found),
        Kind::Module => {}
    }
    has_keepalive
}

fn check_processor(gate: &Gate<'_>, has_keepalive: bool, found: &mut Findings) {
    let config = &gate.config.value;
    for (key, message) in NOT_OBEYED {
        if let Some(at) = config.get(key)
            && config.is_set(key)
        {
            found.add(Code::NotObeyed, at, *message);
        }
    }
    for (key, message) in HIDDEN {
        if let Some(at) = config.get(key) {
            found.add(Code::HeadHidden, at, *message);
        }
    }
    if let Some(at) = config.get("allowed_override_modes") {
        let message = "modes the gate asks for may not be followed";
        found.add(Code::NotObeyed, at, message);
    }
    let timeout = config.get("message_timeout");
    if timeout.is_none() {
        let message = "there is no `message_timeout`";
        found.add(Code::MessageTimeout, gate.config, message);
    }
    let action = word(config, "route_cache_action");
    let keeps = action == Some("RETAIN") || config.is_set("disable_clear_route_cache");
    if !keeps {
        let at = config.get("route_cache_action").unwrap_or(gate.config);
        found.add(
            Code::RouteCache,
            at,
            "the route may be chosen anew after the gate has answered",
        );
    }
    check_rules(gate, found);
    let override_ = config.is_set("allow_mode_override");
    let modes = config.get("processing_mode");
    check_modes(
        modes.unwrap_or(gate.config),
        override_,
        has_keepalive,
        found,
    );
}

/// Which bodies are sent. `at` is what says so, or should.
pub(super) fn check_modes(
    at: &Node,
    can_override: bool,
    has_keepalive: bool,
    found: &mut Findings,
) {
    let mode = |key: &str| word(&at.value, key);
    let place = |key: &str| at.value.get(key).unwrap_or(at);
    for key in ["request_header_mode", "response_header_mode"] {
        if mode(key) == Some("SKIP") {
            let message = format!("`{key}: SKIP` hides heads from the gate");
            found.add(Code::HeadHidden, place(key), message);
        }
    }
    let request = mode("request_body_mode").unwrap_or("NONE");
    match request {
        "NONE" if !can_override => {
            let message = "the gate cannot ask for bodies: `allow_mode_override` is not set";
            found.add(Code::NotObeyed, place("request_body_mode"), message);
        }
        "NONE" | "BUFFERED" | "FULL_DUPLEX_STREAMED" => {}
        other => {
            let message = format!("`{other}` lets parts of requests go on before they are decided");
            found.add(Code::BodyHidden, place("request_body_mode"), message);
        }
    }
    let response = mode("response_body_mode").unwrap_or("NONE");
    if !matches!(response, "STREAMED" | "BUFFERED" | "FULL_DUPLEX_STREAMED") {
        let message = format!("`{response}` hides responses, or parts of them, from the gate");
        found.add(Code::BodyHidden, place("response_body_mode"), message);
    }
    for key in ["request_trailer_mode", "response_trailer_mode"] {
        if mode(key) != Some("SEND") {
            let message = format!("without `{key}: SEND` trailers pass unseen");
            found.add(Code::Trailers, place(key), message);
        }
    }
    let is_duplex = [request, response].contains(&"FULL_DUPLEX_STREAMED");
    if is_duplex && !has_keepalive {
        let message =
            "in full duplex a message has no time, and the gate's cluster has no keepalive";
        found.add(Code::NoKeepalive, at, message);
    }
}

/// What the gate may change.
fn check_rules(gate: &Gate<'_>, found: &mut Findings) {
    let rules = gate.config.value.get("mutation_rules");
    let at = rules.unwrap_or(gate.config);
    let is_set = |key: &str| rules.is_some_and(|rules| rules.value.is_set(key));
    for (key, message) in RULES {
        if !is_set(key) {
            found.add(Code::NotObeyed, at, *message);
        }
    }
    for key in [
        "disallow_all",
        "disallow_system",
        "disallow_expression",
        "allow_expression",
    ] {
        let is_there = rules.is_some_and(|rules| rules.value.get(key).is_some());
        if is_there && (is_set(key) || key.ends_with("expression")) {
            let message = format!("`mutation_rules.{key}` keeps the gate from setting headers");
            found.add(Code::NotObeyed, at, message);
        }
    }
}

fn check_authorization(gate: &Gate<'_>, found: &mut Findings) {
    let config = &gate.config.value;
    let body = config.get("with_request_body");
    match body {
        None => {
            let message = "without `with_request_body` every route with a model is refused";
            found.add(Code::BodyHidden, gate.config, message);
        }
        Some(body) if body.value.is_set("allow_partial_message") => {
            let message = "`allow_partial_message` shows a part of a body for the whole";
            found.add(Code::BodyHidden, body, message);
        }
        Some(_) => {}
    }
    for key in ["allowed_headers", "disallowed_headers"] {
        if let Some(at) = config.get(key) {
            let message = format!("`{key}` hides headers from the gate");
            found.add(Code::HeadHidden, at, message);
        }
    }
    for key in ["filter_enabled", "filter_enabled_metadata"] {
        if let Some(at) = config.get(key) {
            let message = format!("`{key}` lets requests past the gate");
            found.add(Code::GateDisabled, at, message);
        }
    }
    if let Some(at) = config.get("deny_at_disable") {
        let message = "`deny_at_disable` speaks of a filter that can be disabled";
        found.add(Code::GateDisabled, at, message);
    }
}

const NOT_OBEYED: &[(&str, &str)] = &[
    (
        "observability_mode",
        "in `observability_mode` every request goes on, whatever the gate answers",
    ),
    (
        "disable_immediate_response",
        "the gate cannot refuse: its responses are not sent",
    ),
    (
        "send_body_without_waiting_for_header_response",
        "bodies go to the gate before it has asked, and modes it asks for are ignored",
    ),
];
const HIDDEN: &[(&str, &str)] = &[
    (
        "forward_rules",
        "`forward_rules` hides headers from the gate",
    ),
    (
        "processing_request_modifier",
        "what the gate is sent is changed on the way",
    ),
    (
        "on_processing_response",
        "what the gate answers is changed on the way",
    ),
];
const RULES: &[(&str, &str)] = &[
    (
        "allow_all_routing",
        "without `mutation_rules.allow_all_routing` the gate cannot set `host`",
    ),
    (
        "allow_envoy",
        "without `mutation_rules.allow_envoy` the gate cannot take `x-envoy-*` away",
    ),
    (
        "disallow_is_error",
        "without `mutation_rules.disallow_is_error` a header that cannot be set is left as it came",
    ),
];

/// As `crates/envoy-module` is called.
const MODULE: &str = "signalbox_envoy_module";
