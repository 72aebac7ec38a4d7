//! What can be said of a configuration of Envoy.

use signalbox_policy::Severity;

/// Writes the enum and its tables from one list, so that they cannot disagree.
macro_rules! codes {
    ($($variant:ident = $word:literal, $severity:ident, $help:literal;)*) => {
        /// What is said. `docs/errors.md` has a section for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Code {
            $($variant,)*
        }

        impl Code {
            pub(super) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub(super) const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            pub(super) const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }

        const ALL: &[(&str, Severity)] = &[$(($word, Severity::$severity),)*];
    };
}

codes! {
    FailsOpen = "envoy_fails_open", Error,
        "set `failure_mode_allow: false`: what the gate cannot decide has to be refused";
    NoGate = "envoy_no_gate", Error,
        "put `envoy.filters.http.ext_proc` (or `ext_authz`) before the router: see deploy/envoy";
    GateDisabled = "envoy_gate_disabled", Error,
        "remove it: requests of this route go on without the gate";
    GateAfter = "envoy_gate_after", Error,
        "put the gate before it";
    BodyHidden = "envoy_body_hidden", Error,
        "send whole bodies: see `processing_mode` in deploy/envoy/ext-proc.yaml";
    HeadHidden = "envoy_head_hidden", Error,
        "send the gate whole heads";
    NotObeyed = "envoy_not_obeyed", Error,
        "the gate's answers have to be followed: see deploy/envoy/ext-proc.yaml";
    Redirects = "envoy_redirects", Error,
        "remove it: where GT redirects to, its key would be sent";
    TrustsClients = "envoy_trusts_clients", Error,
        "set `use_remote_address: true`, or clients say what Envoy is to do in `x-envoy-*`";
    OpenProcessor = "envoy_open_processor", Error,
        "whoever can call it gets GT's key: use a Unix socket, or TLS with a certificate of its own";
    MessageTimeout = "envoy_message_timeout", Warning,
        "set `message_timeout: 10s`: Envoy's own is 200 ms, and ends requests the gate would let through";
    RouteTimeout = "envoy_route_timeout", Warning,
        "set `timeout: 0s` and `idle_timeout: 640s`: Envoy's own 15 s end every longer response";
    NoKeepalive = "envoy_no_keepalive", Warning,
        "set `http2_protocol_options.connection_keepalive`: a gate that stands still is noticed by nothing else where bodies are in full duplex";
    RouteCache = "envoy_route_cache", Warning,
        "set `route_cache_action: RETAIN`: the gate makes GT's path of the client's after the route is chosen";
    Retries = "envoy_retries", Warning,
        "remove it: a request that had an effect is sent again, and counted once";
    Trailers = "envoy_trailers", Warning,
        "send trailers to the gate, which lets none through";
    ChangesAfter = "envoy_changes_after", Warning,
        "remove it, or be sure of it: GT gets something else than the gate let through";
}

/// The codes of the warnings.
pub(in crate::command::check) const WARNINGS: &[&str] = &{
    let mut words = [""; WARNING_COUNT];
    let (mut from, mut to) = (0, 0);
    while from < ALL.len() {
        #[expect(clippy::indexing_slicing, reason = "looked at while compiling")]
        if matches!(ALL[from].1, Severity::Warning) {
            words[to] = ALL[from].0;
            to += 1;
        }
        from += 1;
    }
    words
};

const WARNING_COUNT: usize = {
    let (mut from, mut count) = (0, 0);
    while from < ALL.len() {
        #[expect(clippy::indexing_slicing, reason = "looked at while compiling")]
        if matches!(ALL[from].1, Severity::Warning) {
            count += 1;
        }
        from += 1;
    }
    count
};
