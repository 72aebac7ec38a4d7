//! Tests of the metrics: what a scrape says.

use super::*;

fn metrics() -> (Arc<Metrics>, Arc<Budget>) {
    let (memory, disk) = (Budget::new(1_000), Budget::new(9_000));
    (Metrics::new(&memory, &disk, 1_700_000_000), memory)
}

fn policy() -> PolicyStatus {
    PolicyStatus {
        name: "default".to_owned(),
        generation: 3,
        digest: "abcd".to_owned(),
        ..PolicyStatus::default()
    }
}

#[test]
fn a_scrape_has_every_metric_of_the_table_and_no_other() {
    let (metrics, _) = metrics();
    metrics.route("GET /v1/models").count(Ending::Answered);
    metrics.policy_failed("timeout");
    metrics.upstream_failed("connect");
    metrics.reloaded(Reloaded::Keyring, Outcome::Ok);
    metrics.swapped(Outcome::Error);
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
    let next = PolicyStatus {
        generation: 4,
        ..policy()
    };
    let text = metrics.render(&[next], false);
    assert!(
        !text.contains(line) && text.contains(r#"generation="4""#),
        "{text}"
    );
}
