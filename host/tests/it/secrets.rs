//! Secrets and prompts are in no line of the log at any level, in no span, no metric, no record and
//! no answer of the admin listener, on whichever route and however it ends.
//!
//! Canaries are planted wherever a client, GT or an operator puts what is nobody else's. What is
//! read is everything that the command would log with a filter of `trace`.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use signalbox_gate::Digest;
use signalbox_host::config::{AdminConfig, Config, TraceSettings};
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, span};

use crate::harness::{
    Ask, BOUNDARY, Client, Collector, Gate, Gt, Manner, POLICY, component, within,
};

/// What must be nowhere.
const CANARIES: [&str; 21] = [
    "canary-prompt",
    "canary-output",
    "canary-delta",
    "canary-file",
    "canary-conversation",
    "canary-query",
    "canary-agent",
    "canary-cookie",
    "canary-field",
    "canary-error",
    "gtak_canary",
    "ghp_canarytoken",
    "q7Zc2LmXv9Kd4TbW8pRs",
    "eyJcanary",
    "token-all",
    "token-chat",
    "gtak_inference",
    "gtak_upload",
    "gtak_conversation",
    "admin-token",
    "canary-state",
];

fn log() -> &'static Mutex<String> {
    static LOG: OnceLock<Mutex<String>> = OnceLock::new();
    LOG.get_or_init(|| {
        tracing::subscriber::set_global_default(Everything).unwrap();
        Mutex::default()
    })
}

/// Writes every line that the command lets through: ours at any level, others from `info` on.
struct Everything;

impl tracing::Subscriber for Everything {
    fn enabled(&self, line: &Metadata<'_>) -> bool {
        line.target().starts_with("signalbox") || *line.level() <= Level::INFO
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = format!("\n{} ", event.metadata().target());
        event.record(&mut Line(&mut line));
        let mut log = log().lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(&line);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut cause = Some(value);
        while let Some(error) = cause {
            self.0.push_str(&format!("{field}={error} "));
            cause = error.source();
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}

/// Answers each route with what is the client's own, and breaks off where it is told to.
fn gt() -> Gt {
    Gt::answering(|seen, reply| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        if body.contains("\"stream\":true") {
            reply.events();
            reply.chunk("data: {\"model\":\"support-agent\",\"delta\":\"canary-delta\"}\n\n");
            if body.contains("break") {
                reply.hang_up();
            } else {
                reply.last_chunk();
            }
        } else if body.contains("fail") {
            reply.json(500, r#"{"error":{"message":"canary-error"}}"#);
        } else if body.contains("deny") {
            reply.json(
                401,
                r#"{"error":{"message":"canary-error gtak_inference"}}"#,
            );
        } else if body.contains("garble") {
            reply.raw(b"canary-output is no HTTP\r\n\r\n");
            reply.hang_up();
        } else {
            reply.json(200, r#"{"model":"support-agent","text":"canary-output"}"#);
        }
    })
}

fn gate(gt: &Gt, collector: &Collector) -> Gate {
    let endpoint = format!("http://{}", collector.address).parse().unwrap();
    let configure = |config: &mut Config| {
        let mut admin = AdminConfig::new(([127, 0, 0, 1], 0).into());
        admin.operate_token = Some(Digest::of("admin-token"));
        config.admin = Some(admin);
        config.traces = Some(TraceSettings::new(endpoint));
        config.records.log = true;
        config.limits.json_body = signalbox_host::config::Size::of(4_096);
    };
    // What a pattern publishes as itself goes to GT and into spans.
    let policy = format!("{POLICY}  \"*\": {{}}\n");
    Gate::builder(gt.address)
        .policy("default", component(&policy))
        .config(configure)
        .start()
}

fn chat(more: &str) -> Ask {
    let body = format!(
        r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"canary-prompt {more}"}}]{}}}"#,
        if more.contains("stream") {
            r#","stream":true"#
        } else {
            ""
        }
    );
    Ask::post("/v1/chat/completions").json(&body)
}

fn form(model: &str) -> Ask {
    let body = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\ncanary-prompt\r\n\
         --{BOUNDARY}\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n\
         --{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"canary-file\"\r\n\r\n\
         canary-file\r\n--{BOUNDARY}--\r\n"
    );
    let media = format!("multipart/form-data; boundary={BOUNDARY}");
    Ask::post("/v1/audio/transcriptions")
        .header("content-type", &media)
        .body(body.as_bytes())
}

fn asks() -> Vec<Ask> {
    let conversation = "canary-conversation-1";
    let upload = |path: &str| {
        Ask::post(path)
            .header("content-type", "text/plain")
            .body(b"canary-file")
    };
    vec![
        chat(""),
        chat("stream"),
        chat("stream break"),
        chat("fail"),
        chat("deny"),
        chat("garble"),
        chat("").header("x-gt-conversation-id", conversation),
        chat("")
            .key("chat")
            .header("x-gt-conversation-id", conversation),
        chat("")
            .header("user-agent", "canary-agent")
            .header("cookie", "s=canary-cookie"),
        chat("")
            .header("traceparent", "canary-state")
            .header("tracestate", "v=canary-state"),
        chat("")
            .header("idempotency-key", "canary-field")
            .header("openai-organization", "canary-field"),
        chat("")
            .without("authorization")
            .header("authorization", "Bearer gtak_canary"),
        chat("")
            .without("authorization")
            .header("authorization", "Bearer eyJcanary.eyJcanary.c2ln"),
        chat("").header("content-encoding", "canary-field"),
        chat("").header("expect", "canary-field"),
        chat(&"canary-prompt ".repeat(400)),
        Ask::chat("tell me canary-prompt"),
        Ask::chat("gtak_canary"),
        Ask::chat("ghp_canarytoken"),
        Ask::chat("q7Zc2LmXv9Kd4TbW8pRs"),
        Ask::get("/v1/models/q7Zc2LmXv9Kd4TbW8pRs"),
        Ask::post("/v1/chat/completions").json(r#"{"model":"gpt-4o","canary-prompt""#),
        Ask::post("/v1/chat/completions").json(r#"{"model":"a","model":"canary-prompt b"}"#),
        Ask::post("/v1/chat/completions?key=canary-query").json("{}"),
        Ask::post("/v1/embeddings").json(r#"{"model":"embedder","input":"canary-prompt"}"#),
        Ask::post("/v1/audio/speech").json(r#"{"model":"x","input":"canary-prompt"}"#),
        Ask::post("/v1/images/generations").json(r#"{"model":"x","prompt":"canary-prompt"}"#),
        Ask::post("/v1/conversations").json(r#"{"model":"gpt-4o","x":"canary-prompt"}"#),
        form("gpt-4o"),
        form("canary prompt"),
        upload("/v1/datasets/briefs/files"),
        upload("/v1/datasets/gtak_canary/files"),
        upload("/v1/conversations/files").header("x-gt-conversation-id", conversation),
        upload("/v1/conversations/files"),
        Ask::get("/v1/files/canary-file-1"),
        Ask::get("/v1/uploads/canary-file-2"),
        Ask::get("/v1/files/canary-file-3").key("chat"),
        Ask::get("/v1/models"),
        Ask::get("/v1/models/gtak_canary"),
        Ask::get("/v1/models?after=canary-query"),
        Ask::get("/v1/gtak_canary"),
        Ask::get("/gtak_canary/%63"),
        Ask::plain("GTAKCANARY", "/v1/models").key("all"),
        Ask::plain("GET", "/v1/models").header("authorization", "Basic canary-field"),
        Ask::plain("GET", "/v1/models").header("bad header", "gtak_canary"),
    ]
}

fn look(gate: &Gate, target: &str, token: &str) -> String {
    let ask = Ask::plain("GET", target)
        .without("host")
        .header("host", "localhost")
        .header("authorization", &format!("Bearer {token}"));
    Client::connect(gate.admin.unwrap())
        .send(&ask)
        .text()
        .to_owned()
}

#[test]
fn secrets_and_prompts_are_written_nowhere() {
    log();
    let (gt, collector) = (gt(), Collector::start(Manner::Takes));
    let gate = gate(&gt, &collector);
    let mut decisions = Vec::new();
    for ask in asks() {
        let mut client = gate.connect();
        client.write(&ask.bytes());
        let head = client.head();
        decisions.extend(head.header("x-signalbox-decision").map(str::to_owned));
    }
    // Nobody of them goes on reading: the streams among them are abandoned.
    assert!(decisions.len() > 35, "{}", decisions.len());
    let access = || log().lock().unwrap().matches("\nsignalbox::access").count();
    assert!(
        within(|| access() >= decisions.len()),
        "{} of {}",
        access(),
        decisions.len()
    );

    let mut seen = Vec::new();
    for target in [
        "/metrics",
        "/status",
        "/policies",
        "/swaps",
        "/readyz",
        "/nothing",
    ] {
        seen.push((target.to_owned(), look(&gate, target, "admin-token")));
        seen.push((target.to_owned(), look(&gate, target, "gtak_canary")));
    }
    for id in &decisions {
        let record = look(&gate, &format!("/decisions/{id}"), "admin-token");
        assert!(record.contains(id), "{record}");
        seen.push((format!("record {id}"), record));
    }
    gate.exit();
    let exports = collector.exports();
    assert!(!exports.is_empty());
    seen.extend(exports.iter().map(|export| {
        let text = String::from_utf8_lossy(&export.bytes).into_owned();
        ("span".to_owned(), text)
    }));
    let logged = log().lock().unwrap().clone();
    seen.extend(
        logged
            .lines()
            .map(|line| ("log".to_owned(), line.to_owned())),
    );
    for (place, text) in seen {
        for canary in CANARIES {
            assert!(!text.contains(canary), "`{canary}` in {place}: {text}");
        }
    }
}
