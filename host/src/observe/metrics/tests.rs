//! Tests of the metrics: what a scrape says.

use signalbox_gate::{TokenUsage, Usage};

use super::*;

fn metrics() -> (Arc<Metrics>, Arc<Budget>) {
    let (memory, disk) = (Budget::new(1_000), Budget::new(9_000));
    (Metrics::new(&memory, &disk, 1_700_000_000), memory)
}

fn policy() -> PolicyOverview {
    let generation = |number: u64| {
        serde_json::json!({
            "generation": number, "digest": "abcd", "policy": "test", "version": "1",
            "since": "2026-01-01T00:00:00Z", "size": 1, "trusted": true, "routes": 1, "models": 1,
            "decisions": 9, "failures": 0, "open": number,
        })
    };
    let draining: Vec<_> = (0..40)
        .map(|number| {
            serde_json::json!({
                "generation": 100 - number, "until": "2026-01-01T00:00:00Z", "open": 1,
                "freed": number > 0, "cut": false,
            })
        })
        .collect();
    let overview = serde_json::json!({
        "name": "default", "live": generation(3), "kept": [], "draining": draining,
        "roll_back": {"automatic": false, "why": "test"},
        "beside": {
            "role": {"as": "shadow"}, "candidate": generation(4), "compared": 7, "skipped": 2,
            "differences": [
                {"route": "GET /a", "kind": "wider", "count": 2, "accepted": false},
                {"route": "GET /b", "kind": "wider", "count": 3, "accepted": true},
            ],
            "samples": [], "clean": 0,
        },
    });
    serde_json::from_value(overview).unwrap()
}

/// A transaction as it is in the history.
fn entry(action: &str, way: &str, outcome: &serde_json::Value) -> Entry {
    let entry = serde_json::json!({
        "number": 1, "at": "2026-01-01T00:00:00Z", "actor": {"way": way, "who": "test"},
        "action": action, "policies": [{"name": "default", "digest": ""}], "steps": [],
        "outcome": outcome,
    });
    serde_json::from_value(entry).unwrap()
}

#[test]
fn a_scrape_has_every_metric_of_the_table_and_no_other() {
    let (metrics, _) = metrics();
    metrics.route("GET /v1/models").count(Ending::Answered);
    metrics.policy_failed("timeout");
    metrics.upstream_failed("connect");
    metrics.upstream_host("gt.example:3002").left_out("connect");
    metrics.connection_refused("per_client");
    metrics.reloaded(Reloaded::Keyring, Outcome::Ok);
    metrics.jwt("corp", "cached").inc();
    let model = metrics.tokens.of("support-agent");
    model.count(&TokenUsage {
        usage: Usage {
            prompt: Some(3),
            ..Usage::default()
        },
        is_estimated: false,
    });
    model.count_cost(2_500_000_000, "EUR");
    model.count_unpriced();
    model.count_missing();
    metrics.set_jwt(&[IssuerStatus {
        name: "corp".to_owned(),
        keys: 2,
        age_seconds: Some(7),
    }]);
    let done = serde_json::json!({"result": "done"});
    metrics.swapped(&entry("rollback", "automatic", &done));
    let text = metrics.render(&[policy()], false);
    let mut documented: Vec<&str> = include_str!("../metrics.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.split('`').next())
        .collect();
    documented.sort_unstable();
    let mut written: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, kind)| {
            if kind == "counter" {
                format!("{name}_total")
            } else {
                name.to_owned()
            }
        })
        .collect();
    written.sort_unstable();
    assert_eq!(written, documented);
    let line = "signalbox_cost_total{model=\"support-agent\",currency=\"EUR\"} 2.5\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn requests_are_counted_by_route_outcome_and_code() {
    let (metrics, _) = metrics();
    let chat = metrics.route("POST /v1/chat/completions");
    chat.count(Ending::Forwarded(200));
    chat.count(Ending::Forwarded(200));
    metrics
        .route("POST /v1/chat/completions")
        .count(Ending::Forwarded(429));
    metrics.unknown_route().count(Ending::Refused(
        signalbox_http::refusal::Code::InvalidApiKey,
    ));
    let text = metrics.render(&[], false);
    for line in [
        r#"signalbox_requests_total{route="POST /v1/chat/completions",outcome="forwarded",code="ok"} 2"#,
        r#"signalbox_requests_total{route="POST /v1/chat/completions",outcome="forwarded",code="gt_4xx"} 1"#,
        r#"signalbox_requests_total{route="unknown",outcome="refused",code="invalid_api_key"} 1"#,
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "{line}\n{text}"
        );
    }
}

#[test]
fn durations_fall_into_their_buckets() {
    let (metrics, _) = metrics();
    for micros in [1, 2, 3, 30, 200_000] {
        metrics.policy_time.observe(Duration::from_micros(micros));
    }
    let text = metrics.render(&[], false);
    for line in [
        r#"signalbox_policy_seconds_count 5"#,
        r#"signalbox_policy_seconds_sum 0.200036"#,
        r#"signalbox_policy_seconds_bucket{le="0.000002"} 2"#,
        r#"signalbox_policy_seconds_bucket{le="0.000005"} 3"#,
        r#"signalbox_policy_seconds_bucket{le="0.00005"} 4"#,
        r#"signalbox_policy_seconds_bucket{le="0.1"} 4"#,
        r#"signalbox_policy_seconds_bucket{le="+Inf"} 5"#,
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "{line}\n{text}"
        );
    }
}

#[test]
fn open_things_and_held_bytes_go_up_and_down() {
    let (metrics, memory) = metrics();
    let holding = Arc::default();
    let held = memory.reserve(&holding, 100).unwrap();
    let client = metrics.clients.open();
    let stream = metrics.streams_open.open();
    let text = metrics.render(&[], true);
    for line in [
        r#"signalbox_held_bytes{where="memory"} 100"#,
        r#"signalbox_held_bytes_limit{where="disk"} 9000"#,
        r#"signalbox_connections_open{side="client"} 1"#,
        r#"signalbox_connections_open{side="upstream"} 0"#,
        "signalbox_streams_open 1",
        "signalbox_degraded 1",
        "signalbox_start_time_seconds 1700000000",
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "{line}\n{text}"
        );
    }
    drop((held, client, stream));
    let text = metrics.render(&[], false);
    for line in [
        r#"signalbox_held_bytes{where="memory"} 0"#,
        r#"signalbox_connections_open{side="client"} 0"#,
        r#"signalbox_connections_total{side="client"} 1"#,
        "signalbox_streams_open 0",
        "signalbox_degraded 0",
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "{line}\n{text}"
        );
    }
}

#[test]
fn only_what_serves_is_shown() {
    let (metrics, _) = metrics();
    let line = r#"signalbox_policy_info{policy="default",generation="3",digest="abcd"} 1"#;
    assert!(metrics.render(&[policy()], false).contains(line));
    let mut next = policy();
    if let Some(live) = &mut next.live {
        live.generation = 5;
    }
    let text = metrics.render(&[next], false);
    assert!(
        !text.contains(line) && text.contains(r#"generation="5",digest="abcd"} 1"#),
        "{text}"
    );
}

#[test]
fn transactions_are_counted_by_door_and_failed_step() {
    let (metrics, _) = metrics();
    let failed = serde_json::json!({
        "result": "failed", "step": "cases", "message": "one fails", "help": "mend it",
    });
    metrics.swapped(&entry("swap", "file", &failed));
    metrics.swapped(&entry("rollback", "admin", &failed));
    for way in ["admin", "automatic", "automatic"] {
        let done = serde_json::json!({"result": "done"});
        metrics.swapped(&entry("rollback", way, &done));
    }
    let text = metrics.render(&[], false);
    for line in [
        r#"signalbox_policy_swaps_total{way="file",action="swap",result="failed",step="cases"} 1"#,
        r#"signalbox_policy_swaps_total{way="automatic",action="rollback",result="done",step=""} 2"#,
        r#"signalbox_policy_rollbacks_total{policy="default",asked="yes"} 1"#,
        r#"signalbox_policy_rollbacks_total{policy="default",asked="no"} 2"#,
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "{line}\n{text}"
        );
    }
}

#[test]
fn policies_are_shown_as_they_stand_and_no_more_than_so_many() {
    let (metrics, _) = metrics();
    let text = metrics.render(&[policy()], false);
    for line in [
        r#"signalbox_policy_generation{policy="default"} 3"#,
        r#"signalbox_policy_open_answers{policy="default",generation="4"} 4"#,
        r#"signalbox_policy_open_answers{policy="default",generation="100"} 1"#,
        r#"signalbox_policy_freed{policy="default",generation="100"} 0"#,
        r#"signalbox_policy_freed{policy="default",generation="99"} 1"#,
        r#"signalbox_shadow_compared{policy="default"} 7"#,
        r#"signalbox_shadow_skipped{policy="default"} 2"#,
        r#"signalbox_shadow_differences{policy="default",kind="wider"} 5"#,
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "{line}\n{text}"
        );
    }
    let shown = text.matches("signalbox_policy_freed{").count();
    assert_eq!(shown, 16);
    assert!(!metrics.render(&[], false).contains("generation=\"100\""));
}
