//! Names and help of every metric, as they are written in a scrape.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};

use super::gauges::HeldBytes;
use super::hosts::HostFamilies;
use super::labels::{Build, Direction, Side, SpanLabels};
use super::requests::Routes;
use super::signatures::SignatureMetrics;
use super::standing::Standing;
use super::tokens::TokenMetrics;
use super::{
    ANSWER_BOUNDS, Connections, Durations, LostLines, Metrics, Open, POLICY_BOUNDS, Spans,
};
use signalbox_gate::Budget;

/// A counter's name is written without `_total`, which the encoder adds.
pub(super) fn metrics(memory: &Arc<Budget>, disk: &Arc<Budget>, started: i64) -> Metrics {
    let mut new = New(Registry::with_prefix("signalbox"));
    let routes = Routes::default();
    new.keep(
        "requests",
        "Requests, once each when they end",
        routes.family.clone(),
    );
    let connections = new.default("connections_open", "Connections");
    let made = new.default("connections", "Connections made");
    let bytes: Family<Direction, Counter> = new.default("bytes", "Body bytes");
    let bytes = |direction| bytes.get_or_create_owned(&Direction { direction });
    let start: Gauge = new.default("start_time_seconds", "When the host started");
    start.set(started);
    let build: Family<Build, Gauge> = new.default("build_info", "Which build this is");
    build
        .get_or_create(&Build {
            version: env!("CARGO_PKG_VERSION"),
        })
        .set(1);
    let held = [("memory", Arc::clone(memory)), ("disk", Arc::clone(disk))];
    new.0.register_collector(Box::new(HeldBytes(held)));
    new.0.register_collector(Box::new(LostLines));
    Metrics {
        requests_open: new.open("requests_open", "Requests under way"),
        streams_open: new.open("streams_open", "Streamed answers under way"),
        clients: side(&connections, &made, "client"),
        upstreams: side(&connections, &made, "upstream"),
        request_bytes: bytes("request"),
        answer_bytes: bytes("answer"),
        policy_time: new.policy_time(),
        upstream_first_byte: new.answer_time(
            "upstream_first_byte_seconds",
            "From the request sent to GT's first byte",
        ),
        upstream_time: new.answer_time(
            "upstream_seconds",
            "From the request sent to the end of GT's answer",
        ),
        first_byte: new.answer_time(
            "first_byte_seconds",
            "From a request's head to its answer's first byte",
        ),
        tokens: new.tokens(),
        spans: new.spans(),
        restamp_skipped: new.default(
            "restamp_skipped",
            "Keys or values of answers too long to be looked at",
        ),
        connections_refused: new.default(
            "connections_refused",
            "Connections of clients closed without a request",
        ),
        unknown_route: routes.route("unknown"),
        routes,
        policy_failures: new.default("policy_failures", "Policies that gave no decision"),
        upstream_failures: new.default(
            "upstream_failures",
            "Requests to GT that got no whole answer",
        ),
        hosts: HostFamilies {
            used: new.default("upstream_used", "Whether requests go to a GT host"),
            left_out: new.default("upstream_left_out", "How often a GT host was left out"),
        },
        policies: new.default("policy_info", "What serves"),
        standing: new.standing(),
        swaps: new.default("policy_swaps", "Transactions on policies"),
        rollbacks: new.default("policy_rollbacks", "Ways back to an earlier policy"),
        reloads: new.default("reloads", "Files read again"),
        keys: new.default("keys", "Keys in the keyring"),
        jwt: new.default("jwt_tokens", "JWTs shown"),
        signatures: new.signatures(),
        jwt_keys: new.default("jwt_keys", "Keys of a JWT issuer"),
        jwt_age: new.default(
            "jwt_keys_age_seconds",
            "How long ago the keys of a JWT issuer were read",
        ),
        degraded: new.default("degraded", "Whether something is wrong"),
        registry: new.0,
    }
}

struct New(Registry);

impl New {
    fn keep<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }

    fn default<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        self.keep(name, help, M::default())
    }

    fn open(&mut self, name: &str, help: &str) -> Open {
        Open(self.default(name, help))
    }

    fn standing(&mut self) -> Standing {
        let standing = Standing::default();
        self.0.register_collector(Box::new(standing.clone()));
        standing
    }

    fn tokens(&mut self) -> TokenMetrics {
        let made = TokenMetrics::default();
        let families = &made.families;
        self.keep("tokens", "Tokens of requests", families.tokens.clone());
        self.keep("cost", "What tokens cost", families.cost.clone());
        let help = "Requests whose tokens have no price";
        self.keep("unpriced", help, families.unpriced.clone());
        let help = "Whole answers that do not say what they took";
        self.keep("usage_missing", help, families.missing.clone());
        made
    }

    fn spans(&mut self) -> Spans {
        let family: Family<SpanLabels, Counter> =
            self.default("spans", "Spans of traces, by what became of them");
        let spans = |result| family.get_or_create_owned(&SpanLabels { result });
        Spans {
            exported: spans("exported"),
            failed: spans("failed"),
            dropped: spans("dropped"),
        }
    }

    fn policy_time(&mut self) -> Durations {
        self.keep(
            "policy_seconds",
            "One call into a policy",
            Durations::new(&POLICY_BOUNDS),
        )
    }

    fn signatures(&mut self) -> SignatureMetrics {
        let made = SignatureMetrics::default();
        let SignatureMetrics {
            checked,
            waiting,
            wait,
        } = made.clone();
        self.keep("jwt_signatures", "Signatures of JWTs checked", checked);
        let help = "Signatures of JWTs that wait for their turn";
        self.keep("jwt_signatures_waiting", help, waiting);
        let help = "What a request waited for a signature to be checked";
        self.keep("jwt_signature_wait_seconds", help, wait);
        made
    }

    fn answer_time(&mut self, name: &str, help: &str) -> Durations {
        self.keep(name, help, Durations::new(&ANSWER_BOUNDS))
    }
}

fn side(
    open: &Family<Side, Gauge>,
    made: &Family<Side, Counter>,
    side: &'static str,
) -> Connections {
    Connections {
        open: Open(open.get_or_create_owned(&Side { side })),
        total: made.get_or_create_owned(&Side { side }),
    }
}
