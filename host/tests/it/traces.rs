//! Traces: what a collector gets of a request, what GT is told, and what no collector can do.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use signalbox_host::config::{Config, TraceSettings};

use crate::harness::{Ask, Collector, Gate, GateBuilder, Gt, Manner, attribute, within};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn traced(gt: &Gt, collector: &Collector, change: impl FnOnce(&mut TraceSettings)) -> GateBuilder {
    let endpoint = format!("http://{}", collector.address).parse().unwrap();
    let mut settings = TraceSettings::new(endpoint);
    change(&mut settings);
    Gate::builder(gt.address).config(|config: &mut Config| config.traces = Some(settings))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of_kind(spans: &[Span], kind: SpanKind) -> &Span {
    let mut found = spans.iter().filter(|span| span.kind == kind as i32);
    let span = found.next().unwrap();
    assert!(found.next().is_none(), "{spans:?}");
    span
}

fn assert_attributes(span: &Span, expected: &[(&str, &str)]) {
    for (key, value) in expected {
        assert_eq!(
            attribute(span, key).as_deref(),
            Some(*value),
            "{key} of {span:?}"
        );
    }
}

#[test]
fn a_request_is_a_server_span_with_a_client_span_for_gt_below_it() {
    let (gt, collector) = (Gt::chatty(), Collector::start(Manner::Takes));
    let gate = traced(&gt, &collector, |_| {}).start();
    let answer = gate.send(&Ask::chat("gpt-4o").header("tracestate", "vendor=x"));
    assert_eq!(answer.status, 200);
    let decision = answer.header("x-signalbox-decision").unwrap();
    let spans = collector.spans(2);
    let (server, client) = (
        of_kind(&spans, SpanKind::Server),
        of_kind(&spans, SpanKind::Client),
    );
    assert_eq!(hex(&server.trace_id), decision);
    assert_eq!(
        (&client.trace_id, &client.parent_span_id),
        (&server.trace_id, &server.span_id)
    );
    assert!(server.parent_span_id.is_empty());
    assert_eq!(server.name, "POST /v1/chat/completions");
    assert_eq!(client.name, "chat support-agent");
    assert!(server.start_time_unix_nano <= client.start_time_unix_nano);
    assert!(client.end_time_unix_nano <= server.end_time_unix_nano);
    assert_attributes(
        server,
        &[
            ("http.request.method", "POST"),
            ("http.route", "/v1/chat/completions"),
            ("http.response.status_code", "200"),
            ("url.scheme", "http"),
            ("url.path", "/v1/chat/completions"),
            ("network.protocol.version", "1.1"),
            ("client.address", "127.0.0.1"),
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.request.model", "gpt-4o"),
            ("signalbox.decision.id", decision),
            ("signalbox.policy.name", "default"),
            ("signalbox.policy.generation", "1"),
            ("signalbox.key.id", "all"),
            ("signalbox.outcome", "forwarded"),
            ("signalbox.code", "ok"),
        ],
    );
    assert_attributes(
        client,
        &[
            ("http.request.method", "POST"),
            ("url.template", "/v1/chat/completions"),
            ("http.response.status_code", "200"),
            ("server.address", "127.0.0.1"),
            ("server.port", &gt.address.port().to_string()),
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "gt"),
            ("gen_ai.request.model", "support-agent"),
        ],
    );
    for span in [server, client] {
        assert_eq!(attribute(span, "error.type"), None);
    }
    let told = gt.only();
    let expected = format!("00-{decision}-{}-01", hex(&client.span_id));
    assert_eq!(told.header("traceparent"), Some(&*expected));
    // It belonged to a trace that the client did not name.
    assert_eq!(told.header("tracestate"), None);
    let export = &collector.exports()[0];
    assert_eq!(export.path, "/v1/traces");
    assert_eq!(export.headers["content-type"], "application/x-protobuf");
    let resource = export.request.resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(resource.attributes[0].key, "service.name");
}

#[test]
fn a_path_of_the_collector_is_taken_as_it_is_written() {
    let (gt, collector) = (Gt::chatty(), Collector::start(Manner::Takes));
    let gate = traced(&gt, &collector, |settings| {
        let written = format!("http://{}/otlp/v1", collector.address);
        settings.endpoint = written.parse().unwrap();
    })
    .start();
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    collector.spans(2);
    assert_eq!(collector.exports()[0].path, "/otlp/v1");
}

#[test]
fn a_clients_trace_goes_on() {
    let (gt, collector) = (Gt::chatty(), Collector::start(Manner::Takes));
    let gate = traced(&gt, &collector, |_| {}).start();
    let ask = Ask::chat("gpt-4o").header("traceparent", PARENT);
    assert_eq!(gate.send(&ask.header("tracestate", "vendor=x")).status, 200);
    let spans = collector.spans(2);
    let (server, client) = (
        of_kind(&spans, SpanKind::Server),
        of_kind(&spans, SpanKind::Client),
    );
    assert_eq!(hex(&server.trace_id), TRACE);
    assert_eq!(hex(&server.parent_span_id), "b7ad6b7169203331");
    assert_eq!(client.parent_span_id, server.span_id);
    let told = gt.only();
    let expected = format!("00-{TRACE}-{}-01", hex(&client.span_id));
    assert_eq!(told.header("traceparent"), Some(&*expected));
    assert_eq!(told.header("tracestate"), Some("vendor=x"));
}

#[test]
fn without_a_sampled_trace_gt_gets_what_the_client_sent() {
    let (gt, collector) = (Gt::chatty(), Collector::start(Manner::Takes));
    let gate = traced(&gt, &collector, |traces| {
        traces.sample = "0.01%".parse().unwrap();
    })
    .start();
    let off = Gate::before(&gt);
    for (gate, sent) in [
        (&gate, UNSAMPLED),
        (&off, UNSAMPLED),
        (&off, PARENT),
        (&off, "no trace"),
    ] {
        let ask = Ask::chat("gpt-4o").header("traceparent", sent);
        assert_eq!(gate.send(&ask.header("tracestate", "vendor=x")).status, 200);
        let told = gt.seen().pop().unwrap();
        assert_eq!(told.header("traceparent"), Some(sent));
        assert_eq!(told.header("tracestate"), Some("vendor=x"));
    }
    assert_eq!(off.send(&Ask::chat("gpt-4o")).status, 200);
    assert_eq!(gt.seen().pop().unwrap().header("traceparent"), None);
    drop((gate, off));
    assert!(collector.exports().is_empty());
}

#[test]
fn refusals_and_failures_of_gt_are_told_apart() {
    let gt = Gt::answering(|_, reply| reply.json(500, "{}"));
    let collector = Collector::start(Manner::Takes);
    let gate = traced(&gt, &collector, |_| {}).start();
    assert_eq!(gate.send(&Ask::chat("unknown")).status, 404);
    let spans = collector.spans(1);
    assert_attributes(
        of_kind(&spans, SpanKind::Server),
        &[
            ("signalbox.outcome", "refused"),
            ("signalbox.code", "model_not_found"),
        ],
    );
    // A client's mistake is none of the server's.
    assert_eq!(attribute(&spans[0], "error.type"), None);
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 500);
    let spans = collector.spans(3).split_off(1);
    assert_attributes(of_kind(&spans, SpanKind::Client), &[("error.type", "500")]);
    assert_attributes(
        of_kind(&spans, SpanKind::Server),
        &[("error.type", "gt_5xx")],
    );
}

#[test]
fn no_span_holds_a_secret_or_a_prompt() {
    let gt = Gt::answering(|_, reply| reply.json(200, r#"{"id":"f","secret":"gtak_output"}"#));
    let collector = Collector::start(Manner::Takes);
    let gate = traced(&gt, &collector, |_| {}).start();
    let story = r#"{"model":"tell me a story","messages":[{"content":"gtak_prompt"}]}"#;
    let ask = Ask::chat("x")
        .json(story)
        .header("user-agent", "gtak_agent");
    gate.send(&ask.header("tracestate", "gtak=gtak_state"));
    gate.send(&Ask::get("/v1/files/gtak_file?secret=gtak_query"));
    gate.send(&Ask::get("/v1/files/file-secret"));
    gate.send(
        &Ask::get("/v1/files/file-secret").header("x-gt-conversation-id", "gtak_conversation"),
    );
    gate.send(&Ask::plain("GET", "/gtak_path").header("authorization", "Bearer gtak_token"));
    drop(gate);
    assert!(within(|| !collector.exports().is_empty()));
    for export in collector.exports() {
        let text = String::from_utf8_lossy(&export.bytes);
        for secret in ["gtak_", "tell me", "file-secret", "token-all"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[test]
fn the_operators_headers_go_to_the_collector_and_are_read_again() {
    let (gt, collector) = (Gt::chatty(), Collector::start(Manner::Takes));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("headers");
    std::fs::write(&file, "authorization: Bearer one\n\nx-tenant: t\n").unwrap();
    let gate = traced(&gt, &collector, |traces| {
        traces.headers_file = Some(file.clone());
    })
    .start();
    gate.send(&Ask::chat("gpt-4o"));
    collector.spans(2);
    assert_eq!(
        collector.exports()[0].headers["authorization"],
        "Bearer one"
    );
    assert_eq!(collector.exports()[0].headers["x-tenant"], "t");
    std::fs::write(&file, "authorization: Bearer two\n").unwrap();
    gate.send(&Ask::chat("gpt-4o"));
    collector.spans(4);
    assert_eq!(
        collector.exports().pop().unwrap().headers["authorization"],
        "Bearer two"
    );
}

#[test]
fn a_collector_that_stalls_refuses_or_is_gone_harms_no_request() {
    let mut nobody = Collector::start(Manner::Takes);
    nobody.address = ([127, 0, 0, 1], 9).into();
    for collector in [
        Collector::start(Manner::Stalls),
        Collector::start(Manner::Refuses),
        nobody,
    ] {
        let gt = Gt::chatty();
        let gate = traced(&gt, &collector, |traces| {
            traces.queue = 1;
            traces.timeout = std::time::Duration::from_millis(200).into();
        });
        let gate = gate.start();
        let mut client = gate.connect();
        for _ in 0..200 {
            assert_eq!(client.send(&Ask::chat("gpt-4o")).status, 200);
        }
        let lost = || {
            let text = gate.handle.metrics();
            let count = |result: &str| -> u64 {
                let start = format!("signalbox_spans_total{{result=\"{result}\"}} ");
                let line = text.lines().find_map(|line| line.strip_prefix(&*start));
                line.unwrap().parse().unwrap()
            };
            (count("exported"), count("failed") + count("dropped"))
        };
        drop(client);
        assert!(within(|| lost() == (0, 400)), "{:?}", lost());
        gate.exit();
    }
}

#[test]
fn what_waits_is_exported_when_the_host_ends() {
    let (gt, collector) = (Gt::chatty(), Collector::start(Manner::Takes));
    let gate = traced(&gt, &collector, |_| {}).start();
    for _ in 0..20 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    gate.exit();
    // Nothing comes after the end.
    assert_eq!(collector.spans(40).len(), 40);
}
