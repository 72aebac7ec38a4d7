//! The tokens of requests: in metrics, in the decision's record, and in spans.

use std::io::Write as _;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use signalbox_gate::Digest;
use signalbox_host::config::{AdminConfig, TraceSettings};

use crate::harness::{Answer, Ask, Client, Collector, Gate, Gt, Manner, attribute, within};

const ANSWER: &str = r#"{"model":"support-agent","usage":{"prompt_tokens":1000,"completion_tokens":50,
    "prompt_tokens_details":{"cached_tokens":400},"completion_tokens_details":{"reasoning_tokens":10}}}"#;

/// A gate with an admin listener and these prices.
fn priced(gt: &Gt, prices: &str, collector: Option<&Collector>) -> Gate {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(prices.as_bytes()).unwrap();
    let traces = collector.map(|collector| {
        let endpoint = format!("http://{}", collector.address).parse().unwrap();
        TraceSettings::new(endpoint)
    });
    Gate::builder(gt.address)
        .config(|config| {
            let mut admin = AdminConfig::new(([127, 0, 0, 1], 0).into());
            admin.view_token = Some(Digest::of("view"));
            config.admin = Some(admin);
            config.prices = Some(file.path().to_owned());
            config.traces = traces;
        })
        .start()
}

fn look(gate: &Gate, target: &str) -> Answer {
    let ask = Ask::plain("GET", target)
        .without("host")
        .header("host", "localhost")
        .header("authorization", "Bearer view");
    Client::connect(gate.admin.unwrap()).send(&ask)
}

/// A request is counted when its answer is dropped, which may be after it was read.
#[track_caller]
fn counts(gate: &Gate, lines: &[&str]) {
    for line in lines {
        let is_there = || {
            let scrape = look(gate, "/metrics");
            scrape.text().lines().any(|found| found == *line)
        };
        assert!(
            within(is_there),
            "{line}\n{}",
            look(gate, "/metrics").text()
        );
    }
}

#[test]
fn what_a_request_took_is_counted_priced_and_remembered() {
    let gt = Gt::answering(|_, reply| reply.json(200, ANSWER));
    let collector = Collector::start(Manner::Takes);
    let prices = "currency: EUR\nmodels: {support-agent: {prompt: 2, cached: 0.5, completion: 10}}";
    let gate = priced(&gt, prices, Some(&collector));
    let answer = gate.send(&Ask::chat("gpt-4o"));
    counts(
        &gate,
        &[
            r#"signalbox_tokens_total{kind="prompt",model="support-agent",source="reported"} 1000"#,
            r#"signalbox_tokens_total{kind="completion",model="support-agent",source="reported"} 50"#,
            r#"signalbox_tokens_total{kind="cached",model="support-agent",source="reported"} 400"#,
            r#"signalbox_tokens_total{kind="reasoning",model="support-agent",source="reported"} 10"#,
            // 600 × 2, 400 × 0.5 and 50 × 10 of a millionth each.
            r#"signalbox_cost_total{model="support-agent",currency="EUR"} 0.0019"#,
        ],
    );
    let id = answer.header("x-signalbox-decision").unwrap();
    let record = look(&gate, &format!("/decisions/{id}"));
    let record: serde_json::Value = serde_json::from_str(record.text()).unwrap();
    let expected = serde_json::json!({
        "prompt_tokens": 1000, "completion_tokens": 50, "cached_tokens": 400, "reasoning_tokens": 10,
        "estimated": false, "cost_nanos": 1_900_000,
    });
    assert_eq!(record["usage"], expected);
    let spans = collector.spans(2);
    let client = spans
        .iter()
        .find(|span| span.kind == SpanKind::Client as i32);
    for (key, value) in [
        ("gen_ai.usage.input_tokens", "1000"),
        ("gen_ai.usage.output_tokens", "50"),
        ("gen_ai.usage.cache_read.input_tokens", "400"),
        ("signalbox.usage.reasoning_tokens", "10"),
        ("signalbox.usage.source", "reported"),
    ] {
        assert_eq!(
            attribute(client.unwrap(), key).as_deref(),
            Some(value),
            "{key}"
        );
    }
}

#[test]
fn a_model_without_a_price_costs_nothing_and_is_counted() {
    let gt = Gt::answering(|_, reply| reply.json(200, ANSWER));
    let gate = priced(&gt, "currency: EUR\nmodels: {another: {prompt: 1}}", None);
    let answer = gate.send(&Ask::chat("gpt-4o"));
    counts(
        &gate,
        &[r#"signalbox_unpriced_total{model="support-agent"} 1"#],
    );
    let metrics = look(&gate, "/metrics");
    assert!(!metrics.text().contains("signalbox_cost_total{"));
    let id = answer.header("x-signalbox-decision").unwrap();
    let record = look(&gate, &format!("/decisions/{id}"));
    let record: serde_json::Value = serde_json::from_str(record.text()).unwrap();
    assert_eq!(record["usage"]["cost_nanos"], serde_json::Value::Null);
    assert_eq!(record["usage"]["prompt_tokens"], 1000);
}

#[test]
fn an_answer_that_does_not_say_what_it_took_is_counted() {
    let gt = Gt::chatty();
    let gate = priced(&gt, "currency: EUR\nmodels: {}", None);
    let answer = gate.send(&Ask::chat("gpt-4o"));
    gate.send(&Ask::get("/v1/files/file-1"));
    counts(
        &gate,
        &[r#"signalbox_usage_missing_total{model="support-agent"} 1"#],
    );
    let metrics = look(&gate, "/metrics");
    assert!(!metrics.text().contains("signalbox_tokens_total{"));
    let id = answer.header("x-signalbox-decision").unwrap();
    assert!(
        !look(&gate, &format!("/decisions/{id}"))
            .text()
            .contains("usage")
    );
}

#[test]
fn a_client_that_leaves_a_stream_is_charged_an_estimate() {
    let gt = Gt::answering(|_, reply| {
        reply.events();
        reply.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"12345678\"}}]}\n\n");
        std::thread::park();
    });
    let gate = priced(&gt, "currency: EUR\nmodels: {}", None);
    let body = r#"{"model":"gpt-4o","stream":true,"messages":[]}"#;
    let mut client = gate.connect();
    client.write(&Ask::post("/v1/chat/completions").json(body).bytes());
    assert_eq!(client.head().status, 200);
    assert!(client.chunk().is_some());
    drop(client);
    let prompt = body.len().div_ceil(4);
    counts(
        &gate,
        &[
            &format!(
                r#"signalbox_tokens_total{{kind="prompt",model="support-agent",source="estimated"}} {prompt}"#
            ),
            r#"signalbox_tokens_total{kind="completion",model="support-agent",source="estimated"} 2"#,
        ],
    );
}
