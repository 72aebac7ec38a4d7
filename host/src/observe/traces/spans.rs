//! The spans of a request that has ended, in the words of OpenTelemetry's semantic conventions for
//! HTTP and for generative AI.
//!
//! Left out of what they have: `url.query`, `user_agent.original` and `gen_ai.conversation.id`,
//! where a client can put anything or which open something; `url.full`, whose path can hold an id;
//! and GT's own name of what answered (`gen_ai.response.model`).

use std::borrow::Cow;
use std::time::{Instant, SystemTime};

use http::{Method, uri::Authority};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::OpenTrace;
use super::open::Sent;
use crate::observe::record::{Decider, DecisionId, method, protocol};
use signalbox_gate::{Client, TokenUsage};

/// What is known of a request that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended<'a> {
    pub(crate) id: DecisionId,
    pub(crate) began: Instant,
    pub(crate) time: SystemTime,
    pub(crate) ended: Instant,
    pub(crate) client: &'a Client,
    /// The client's address, as far as it may be shown.
    pub(crate) address: Option<String>,
    pub(crate) method: &'a Method,
    pub(crate) template: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) policy: Option<&'a Decider>,
    /// The model the client named, as it may be shown.
    pub(crate) model: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: &'static str,
    pub(crate) code: &'a str,
    /// Bytes of both bodies.
    pub(crate) bytes: [u64; 2],
    pub(crate) tokens: Option<TokenUsage>,
    pub(crate) call: Call<'a>,
}

/// What is known of the request to GT.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) host: Option<&'a str>,
    /// Why there was no whole answer.
    pub(crate) failure: Option<&'static str>,
}

/// The spans of one request.
pub(super) fn of(ended: &Ended<'_>, trace: &OpenTrace) -> Vec<SpanData> {
    let server = server(ended, trace);
    let clients = trace.sent.iter().map(|sent| client(ended, trace, sent));
    std::iter::once(server).chain(clients).collect()
}

fn server(ended: &Ended<'_>, trace: &OpenTrace) -> SpanData {
    let mut span = Attributes::default();
    let method = method(ended.method);
    span.set("http.request.method", method);
    span.set(
        "url.scheme",
        if ended.client.is_tls { "https" } else { "http" },
    );
    span.set("url.path", trace.path.clone());
    span.set("network.protocol.version", protocol(ended.client.version));
    span.maybe("http.route", ended.template.map(str::to_owned));
    span.maybe("http.response.status_code", ended.status.map(i64::from));
    span.maybe("client.address", ended.address.clone());
    if let Some(host) = &trace.host {
        span.address(host);
    }
    let [request, answer] = ended
        .bytes
        .map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
    span.set("http.request.body.size", request);
    span.set("http.response.body.size", answer);
    span.maybe("gen_ai.operation.name", ended.template.and_then(operation));
    span.maybe("gen_ai.request.model", ended.model.clone());
    span.set("signalbox.decision.id", ended.id.to_string());
    span.set("signalbox.outcome", ended.outcome);
    span.set("signalbox.code", ended.code.to_owned());
    span.maybe("signalbox.key.id", ended.key.map(str::to_owned));
    if let Some(policy) = ended.policy {
        let generation = i64::try_from(policy.generation).unwrap_or(i64::MAX);
        span.set("signalbox.policy.name", policy.name.to_string());
        span.set("signalbox.policy.generation", generation);
    }
    let is_failed = ended.status.is_some_and(|status| status >= 500)
        || matches!(ended.outcome, "failed" | "broken");
    if is_failed {
        span.set("error.type", ended.code.to_owned());
    }
    let parent = trace.parent.map(|parent| parent.span);
    SpanData {
        parent_span_is_remote: parent.is_some(),
        status: status(is_failed),
        ..data(
            trace,
            Ids {
                span: trace.server,
                parent: parent.unwrap_or(SpanId::INVALID),
            },
            SpanKind::Server,
            name(method, ended.template),
            Times {
                start: ended.time,
                end: ended.time + (ended.ended - ended.began),
            },
            span,
        )
    }
}

fn client(ended: &Ended<'_>, trace: &OpenTrace, sent: &Sent) -> SpanData {
    let mut span = Attributes::default();
    let method = method(ended.method);
    let operation = ended.template.and_then(operation);
    span.set("http.request.method", method);
    span.maybe("url.template", ended.template.map(str::to_owned));
    span.maybe("http.response.status_code", sent.status.map(i64::from));
    if let Some(host) = ended.call.host.and_then(|host| host.parse().ok()) {
        span.address(&host);
    }
    span.maybe("gen_ai.operation.name", operation);
    if operation.is_some() {
        span.set("gen_ai.provider.name", PROVIDER);
    }
    span.maybe("gen_ai.request.model", sent.model.clone());
    // Of two requests, the last one has the answer.
    if let Some(tokens) = ended.tokens.filter(|_| sent.until.is_none()) {
        span.tokens(&tokens);
    }
    let status_code = sent.status.filter(|status| *status >= 400);
    // The last one is the one that failed, if one did.
    let failure = ended.call.failure.filter(|_| sent.until.is_none());
    let error = match (failure, status_code) {
        (Some(cause), _) => Some(cause.to_owned()),
        (None, Some(status)) => Some(status.to_string()),
        (None, None) => None,
    };
    let is_failed = error.is_some();
    span.maybe("error.type", error);
    let name = match (operation, &sent.model) {
        (Some(operation), Some(model)) => format!("{operation} {model}").into(),
        _ => name(method, ended.template),
    };
    let since = |at: Instant| ended.time + at.saturating_duration_since(ended.began);
    let (start, end) = (since(sent.at), since(sent.until.unwrap_or(ended.ended)));
    SpanData {
        status: status(is_failed),
        ..data(
            trace,
            Ids {
                span: sent.span,
                parent: trace.server,
            },
            SpanKind::Client,
            name,
            Times { start, end },
            span,
        )
    }
}

#[derive(Clone, Copy)]
struct Ids {
    span: SpanId,
    parent: SpanId,
}

#[derive(Clone, Copy)]
struct Times {
    start: SystemTime,
    end: SystemTime,
}

#[derive(Default)]
struct Attributes(Vec<KeyValue>);

impl Attributes {
    fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.push(KeyValue::new(key, value));
    }

    fn maybe(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    fn tokens(&mut self, tokens: &TokenUsage) {
        let usage = &tokens.usage;
        let counts = [
            ("gen_ai.usage.input_tokens", usage.prompt),
            ("gen_ai.usage.output_tokens", usage.completion),
            ("gen_ai.usage.cache_read.input_tokens", usage.cached),
            ("signalbox.usage.reasoning_tokens", usage.reasoning),
        ];
        for (name, count) in counts {
            let count = count.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
            self.maybe(name, count);
        }
        let source = if tokens.is_estimated {
            "estimated"
        } else {
            "reported"
        };
        self.set("signalbox.usage.source", source);
    }

    fn address(&mut self, authority: &Authority) {
        let host = authority.host().trim_matches(['[', ']']);
        self.set("server.address", host.to_owned());
        self.maybe("server.port", authority.port_u16().map(i64::from));
    }
}

fn data(
    trace: &OpenTrace,
    ids: Ids,
    kind: SpanKind,
    name: Cow<'static, str>,
    times: Times,
    attributes: Attributes,
) -> SpanData {
    // What a client has in `tracestate` could be anything: it goes on to GT, not to the collector.
    let state = TraceState::NONE;
    SpanData {
        span_context: SpanContext::new(trace.trace, ids.span, TraceFlags::SAMPLED, false, state),
        parent_span_id: ids.parent,
        parent_span_is_remote: false,
        span_kind: kind,
        name,
        start_time: times.start,
        end_time: times.end,
        attributes: attributes.0,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("signalbox")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build(),
    }
}

/// `METHOD template`; the method alone where no route is known, for its path is the client's.
fn name(method: &'static str, template: Option<&str>) -> Cow<'static, str> {
    match template {
        Some(template) => format!("{method} {template}").into(),
        None => method.into(),
    }
}

const fn status(is_failed: bool) -> Status {
    if is_failed {
        // What went wrong is in `error.type`.
        Status::Error {
            description: Cow::Borrowed(""),
        }
    } else {
        Status::Unset
    }
}

/// The operations the conventions have a word for.
fn operation(template: &str) -> Option<&'static str> {
    match template {
        "/v1/chat/completions" => Some("chat"),
        "/v1/embeddings" => Some("embeddings"),
        _ => None,
    }
}

/// GT is none of the providers the conventions list.
const PROVIDER: &str = "gt";
