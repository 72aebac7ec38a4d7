//! What can be measured, in the Prometheus text format.
//!
//! | metric | type | labels | meaning |
//! | --- | --- | --- | --- |
//! | `signalbox_requests_total` | counter | `route`, `outcome`, `code` | requests, once each when they end |
//! | `signalbox_requests_open` | gauge | | requests under way |
//! | `signalbox_streams_open` | gauge | | streamed answers under way |
//! | `signalbox_connections_open` | gauge | `side` | connections: `client`, `upstream` |
//! | `signalbox_connections_total` | counter | `side` | connections made |
//! | `signalbox_connections_refused_total` | counter | `cause` | clients' connections closed without a request: `per_client`, `handshake`, `handshake_time` |
//! | `signalbox_bytes_total` | counter | `direction` | body bytes: `request` to GT, `answer` to clients |
//! | `signalbox_held_bytes` | gauge | `where` | bytes held in `memory` and on `disk` |
//! | `signalbox_held_bytes_limit` | gauge | `where` | how many there may be |
//! | `signalbox_policy_seconds` | histogram | | one call into a policy |
//! | `signalbox_policy_failures_total` | counter | `cause` | policies that gave no decision |
//! | `signalbox_policy_info` | gauge | `policy`, `generation`, `digest` | 1 for each that serves |
//! | `signalbox_policy_generation` | gauge | `policy` | the generation that serves |
//! | `signalbox_policy_open_answers` | gauge | `policy`, `generation` | answers under way, by what decided them: also what served before |
//! | `signalbox_policy_freed` | gauge | `policy`, `generation` | 1 for each that served and of which nothing is left, 0 for what still is |
//! | `signalbox_policy_swaps_total` | counter | `way`, `action`, `result`, `step` | transactions: `done`, `passed` (a dry run), `failed` and at which step |
//! | `signalbox_policy_rollbacks_total` | counter | `policy`, `asked` | ways back: `no` for those of the host itself |
//! | `signalbox_shadow_compared` | gauge | `policy` | requests the present shadow was asked about |
//! | `signalbox_shadow_skipped` | gauge | `policy` | requests there was no time to ask it about |
//! | `signalbox_shadow_differences` | gauge | `policy`, `kind` | requests on which it differs |
//! | `signalbox_upstream_first_byte_seconds` | histogram | | from the request sent to GT's first byte |
//! | `signalbox_upstream_seconds` | histogram | | from the request sent to the end of GT's answer |
//! | `signalbox_upstream_failures_total` | counter | `cause` | requests to GT that got no whole answer |
//! | `signalbox_upstream_used` | gauge | `host` | 1 while requests go to a GT host, 0 while it is left out |
//! | `signalbox_upstream_left_out_total` | counter | `host`, `cause` | how often it was left out: `connect`, `connect_timeout`, `resolve`, `certificate`, `lost`, `protocol`, `health` |
//! | `signalbox_first_byte_seconds` | histogram | | from a request's head to the first byte of its answer |
//! | `signalbox_restamp_skipped_total` | counter | | keys or values of answers too long to be looked at |
//! | `signalbox_tokens_total` | counter | `kind`, `model`, `source` | tokens of requests, when they end: `prompt`, `completion`; and of these `cached`, `reasoning`; `reported` by GT or `estimated` |
//! | `signalbox_cost_total` | counter | `model`, `currency` | what they cost, by the operator's prices |
//! | `signalbox_unpriced_total` | counter | `model` | requests that took tokens and have no price, although there are prices |
//! | `signalbox_usage_missing_total` | counter | `model` | whole answers in which GT did not say what they took |
//! | `signalbox_reloads_total` | counter | `what`, `result` | files read again: `keyring`, `credential`, `cases`, `certificate`, `upstream_ca`; `ok`, `error` |
//! | `signalbox_spans_total` | counter | `result` | spans of traces: `exported`, `failed` (the collector did not take them) or `dropped` (there was no room) |
//! | `signalbox_log_lines_lost_total` | counter | | log lines dropped because the reader was too slow |
//! | `signalbox_keys` | gauge | | keys in the keyring |
//! | `signalbox_jwt_tokens_total` | counter | `issuer`, `outcome` | JWTs shown: `cached`, `verified`, or why one was refused: `known_bad` (`signature`, a few seconds ago), `too_large`, `malformed`, `critical`, `issuer`, `key`, `algorithm`, `audience`, `expired`, `not_yet`, `subject`, `claim`, `profile`, `signature`; or why it was not checked: `queue_full`, `queue_time`, `check_failed`. `issuer` is its name in `jwt`, or `unknown` |
//! | `signalbox_jwt_signatures_total` | counter | | signatures of JWTs checked, right or wrong |
//! | `signalbox_jwt_signatures_waiting` | gauge | | signatures that wait for their turn |
//! | `signalbox_jwt_signature_wait_seconds` | histogram | | what a request with a new JWT waited for its signature to be checked |
//! | `signalbox_jwt_keys` | gauge | `issuer` | keys of a JWT issuer that can be used |
//! | `signalbox_jwt_keys_age_seconds` | gauge | `issuer` | how long ago they were read |
//! | `signalbox_degraded` | gauge | | 1 while `/readyz` says `degraded` |
//! | `signalbox_start_time_seconds` | gauge | | when the host started |
//! | `signalbox_build_info` | gauge | `version` | 1 |
//!
//! `route` is a route of a policy, as `METHOD template`, or `unknown`; after 256 of them, `other`.
//! `outcome` is `forwarded`, `answered`, `refused`, `failed`, `abandoned` or `broken`; `code` is
//! `ok`, `gt_4xx`, `gt_5xx`, `client_gone`, `gt_gone`, `policy` (a policy's own code) or a code of
//! `docs/errors.md`. `model` is a name that GT publishes, `other` for one that only clients name, and
//! after 256 of them. `way` is the door of a transaction: `admin`, `automatic`, `embedder`, `file`,
//! `registry`, `signal` or `start`. Of what served before, the 16 newest of each policy are shown. No
//! label has a value that a client can choose; `host` is one of `upstream.urls`, as host and port.

mod gauges;
mod histogram;
mod hosts;
mod labels;
mod lost_lines;
mod register;
mod requests;
mod signatures;
mod standing;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use signalbox_swap::{self as swap, Action, Entry, PolicyOverview};

pub(crate) use gauges::{Connections, Open, OpenGuard, Spans};
pub(crate) use histogram::Durations;
pub(crate) use hosts::HostMetrics;
pub(crate) use labels::{Outcome, Reloaded};
pub use lost_lines::LostLines;
pub(crate) use requests::{Ending, RouteRequests};
pub(crate) use signatures::SignatureMetrics;
pub(crate) use tokens::{OTHER_MODEL, TokenMetrics};

use crate::observe::status::IssuerStatus;
use labels::{
    Cause, IssuerLabel, JwtLabels, PolicyLabels, ReloadLabels, RollbackLabels, SwapLabels,
};
use requests::Routes;
use signalbox_gate::Budget;
use standing::Standing;

/// Every metric. On the request path they are atomics: nothing is looked up but a route.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) struct Metrics {
    /// `signalbox_requests_open`
    pub requests_open: Open,
    /// `signalbox_streams_open`
    pub streams_open: Open,
    /// `signalbox_connections_*`, those of clients.
    pub clients: Connections,
    /// `signalbox_connections_*`, those to GT.
    pub upstreams: Connections,
    /// `signalbox_bytes_total`, to GT.
    pub request_bytes: Counter,
    /// `signalbox_bytes_total`, to clients.
    pub answer_bytes: Counter,
    /// `signalbox_policy_seconds`
    pub policy_time: Durations,
    /// `signalbox_upstream_first_byte_seconds`
    pub upstream_first_byte: Durations,
    /// `signalbox_upstream_seconds`
    pub upstream_time: Durations,
    /// `signalbox_first_byte_seconds`
    pub first_byte: Durations,
    /// `signalbox_tokens_total`, and what they cost
    pub tokens: TokenMetrics,
    /// `signalbox_spans_total`
    pub spans: Spans,
    /// `signalbox_restamp_skipped_total`
    pub restamp_skipped: Counter,
    connections_refused: Family<Cause, Counter>,
    routes: Routes,
    unknown_route: Arc<RouteRequests>,
    policy_failures: Family<Cause, Counter>,
    upstream_failures: Family<Cause, Counter>,
    hosts: hosts::HostFamilies,
    policies: Family<PolicyLabels, Gauge>,
    standing: Standing,
    swaps: Family<SwapLabels, Counter>,
    rollbacks: Family<RollbackLabels, Counter>,
    reloads: Family<ReloadLabels, Counter>,
    keys: Gauge,
    jwt: Family<JwtLabels, Counter>,
    /// `signalbox_jwt_signature*`
    pub signatures: SignatureMetrics,
    jwt_keys: Family<IssuerLabel, Gauge>,
    jwt_age: Family<IssuerLabel, Gauge>,
    degraded: Gauge,
    registry: Registry,
}

impl Metrics {
    /// Every metric at zero. The budgets are read at each scrape.
    #[must_use]
    pub(crate) fn new(
        memory: &Arc<Budget>,
        disk: &Arc<Budget>,
        started_unix_seconds: i64,
    ) -> Arc<Self> {
        Arc::new(register::metrics(memory, disk, started_unix_seconds))
    }

    /// The counters of a route that a policy describes, as `METHOD template`.
    #[must_use]
    pub(crate) fn route(&self, name: &str) -> Arc<RouteRequests> {
        self.routes.route(name)
    }

    /// The counters of requests that reached no route.
    #[must_use]
    pub(crate) const fn unknown_route(&self) -> &Arc<RouteRequests> {
        &self.unknown_route
    }

    /// Counts a client's connection that was closed without a request. `cause` is one of the host's
    /// words.
    pub(crate) fn connection_refused(&self, cause: &'static str) {
        self.connections_refused
            .get_or_create(&Cause { cause })
            .inc();
    }

    /// Counts a policy that gave no decision. `cause` is one of the runtime's words.
    pub(crate) fn policy_failed(&self, cause: &'static str) {
        self.policy_failures.get_or_create(&Cause { cause }).inc();
    }

    /// Counts a request that got no whole answer of GT. `cause` is one of the host's words.
    pub(crate) fn upstream_failed(&self, cause: &'static str) {
        self.upstream_failures.get_or_create(&Cause { cause }).inc();
    }

    /// What is measured of a GT host.
    #[must_use]
    pub(crate) fn upstream_host(&self, host: &str) -> HostMetrics {
        self.hosts.of(host)
    }

    /// Counts a file that was read again.
    pub(crate) fn reloaded(&self, what: Reloaded, result: Outcome) {
        self.reloads
            .get_or_create(&ReloadLabels { what, result })
            .inc();
    }

    /// Counts a transaction, whatever became of it.
    pub(crate) fn swapped(&self, entry: &Entry) {
        self.swaps.get_or_create(&SwapLabels::of(entry)).inc();
        if entry.action == Action::Rollback && entry.outcome == swap::Outcome::Done {
            for changed in &entry.policies {
                let labels = RollbackLabels::of(entry, &changed.name);
                self.rollbacks.get_or_create(&labels).inc();
            }
        }
    }

    /// Says how many keys there are.
    pub(crate) fn set_keys(&self, count: usize) {
        self.keys.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Counts JWTs of an issuer. `outcome` is one of the host's words.
    #[must_use]
    pub(crate) fn jwt(&self, issuer: &str, outcome: &'static str) -> Counter {
        let issuer = issuer.to_owned();
        self.jwt.get_or_create_owned(&JwtLabels { issuer, outcome })
    }

    /// Says how JWT issuers stand.
    pub(crate) fn set_jwt(&self, issuers: &[IssuerStatus]) {
        for status in issuers {
            let label = IssuerLabel {
                issuer: status.name.clone(),
            };
            let keys = i64::try_from(status.keys).unwrap_or(i64::MAX);
            self.jwt_keys.get_or_create(&label).set(keys);
            if let Some(age) = status.age_seconds {
                self.jwt_age.get_or_create(&label).set(age);
            }
        }
    }

    /// The text of a scrape, given how policies stand and whether something is wrong at this
    /// moment.
    #[must_use]
    pub(crate) fn render(&self, policies: &[PolicyOverview], is_degraded: bool) -> String {
        self.degraded.set(i64::from(is_degraded));
        self.standing.set(policies);
        self.policies.clear();
        for policy in policies {
            if let Some(live) = &policy.live {
                let labels = PolicyLabels::of(&policy.name, live);
                self.policies.get_or_create(&labels).set(1);
            }
        }
        let mut text = String::new();
        // Writing into a string cannot fail, and half a scrape would be worse than none.
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}

/// Bounds of one call into a policy: a warm engine takes one to two microseconds, a fresh instance
/// five to twenty, an interpreter a hundred and more; the budget is five or ten milliseconds.
const POLICY_BOUNDS: [Duration; 11] = [
    Duration::from_micros(2),
    Duration::from_micros(5),
    Duration::from_micros(10),
    Duration::from_micros(25),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(100),
];

/// Bounds of what GT takes: from an answer of the same machine to the longest the SDKs wait.
const ANSWER_BOUNDS: [Duration; 12] = [
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];

#[cfg(test)]
mod tests;
