//! The settings that all have defaults.

use serde_saphyr::Spanned;
use signalbox_gate::WrittenKeyLimits;

use signalbox_http::head::is_credential;
use signalbox_policy::gt::CONVERSATION_HEADER;

use super::super::value::{count, range, size, span, threads, wrong, wrong_at};
use super::super::{
    AnswerHeaders, ClientAddress, ConfigError, Decisions, Isolation, KeyLimits, Limits, Problem,
    RecordSettings, Span, Times, file,
};

/// The limits of keys that set none.
pub(super) fn key_limits(written: Option<WrittenKeyLimits>) -> Result<KeyLimits, ConfigError> {
    let limits = written.unwrap_or_default().over(KeyLimits::default());
    limits.map_err(|error| {
        let key = format!("key_limits.{}", error.field);
        wrong_at(&key, error.position, error.problem.into())
    })
}

pub(super) fn limits(written: file::Limits) -> Result<Limits, ConfigError> {
    let unset = Limits::default();
    Ok(Limits {
        connections: count("limits.connections", written.connections, unset.connections)?,
        connections_per_client: count(
            "limits.connections_per_client",
            written.connections_per_client,
            unset.connections_per_client,
        )?,
        streams_per_connection: count(
            "limits.streams_per_connection",
            written.streams_per_connection,
            unset.streams_per_connection,
        )?,
        requests: count("limits.requests", written.requests, unset.requests)?,
        upstream_connections: count(
            "limits.upstream_connections",
            written.upstream_connections,
            unset.upstream_connections,
        )?,
        head: size("limits.head", written.head, unset.head)?,
        json_body: size("limits.json_body", written.json_body, unset.json_body)?,
        upload_body: size("limits.upload_body", written.upload_body, unset.upload_body)?,
        multipart_memory: size(
            "limits.multipart_memory",
            written.multipart_memory,
            unset.multipart_memory,
        )?,
        multipart_disk: size(
            "limits.multipart_disk",
            written.multipart_disk,
            unset.multipart_disk,
        )?,
        held_memory: size("limits.held_memory", written.held_memory, unset.held_memory)?,
        held_disk: size("limits.held_disk", written.held_disk, unset.held_disk)?,
        discard: size("limits.discard", written.discard, unset.discard)?,
    })
}

pub(super) fn times(written: file::Times) -> Result<Times, ConfigError> {
    let unset = Times::default();
    Ok(Times {
        handshake: span("times.handshake", written.handshake, unset.handshake)?,
        head: span("times.head", written.head, unset.head)?,
        body_idle: span("times.body_idle", written.body_idle, unset.body_idle)?,
        body_total: span("times.body_total", written.body_total, unset.body_total)?,
        connect: span("times.connect", written.connect, unset.connect)?,
        first_byte: span("times.first_byte", written.first_byte, unset.first_byte)?,
        answer_idle: span("times.answer_idle", written.answer_idle, unset.answer_idle)?,
        sse_comment: comment(written.sse_comment)?,
        connection_idle: span(
            "times.connection_idle",
            written.connection_idle,
            unset.connection_idle,
        )?,
        upstream_idle: span(
            "times.upstream_idle",
            written.upstream_idle,
            unset.upstream_idle,
        )?,
        upstream_max_age: span(
            "times.upstream_max_age",
            written.upstream_max_age,
            unset.upstream_max_age,
        )?,
        models_cache: span(
            "times.models_cache",
            written.models_cache,
            unset.models_cache,
        )?,
        discard: span("times.discard", written.discard, unset.discard)?,
        readiness_off: span(
            "times.readiness_off",
            written.readiness_off,
            unset.readiness_off,
        )?,
        drain: span("times.drain", written.drain, unset.drain)?,
    })
}

/// `off`, or a span.
fn comment(written: Option<Spanned<String>>) -> Result<Option<Span>, ConfigError> {
    match written {
        None => Ok(None),
        Some(text) if text.value == "off" => Ok(None),
        Some(text) => match Span::parse(&text.value) {
            Some(span) => Ok(Some(span)),
            None => Err(wrong("times.sse_comment", &text, Problem::SpanOrOff)),
        },
    }
}

pub(super) fn decisions(written: file::Decisions) -> Result<Decisions, ConfigError> {
    let unset = Decisions::default();
    let queue = range("decisions.queue", written.queue, 1, 65_536)?;
    Ok(Decisions {
        threads: threads("decisions.threads", written.threads)?,
        queue: queue
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(unset.queue),
        memory: size("decisions.memory", written.memory, unset.memory)?,
        isolation: match written.isolation {
            None => unset.isolation,
            Some(file::Isolation::Request) => Isolation::Request,
            Some(file::Isolation::Reuse) => Isolation::Reuse,
        },
    })
}

pub(super) fn answer_headers(written: &file::AnswerHeaders) -> AnswerHeaders {
    let unset = AnswerHeaders::default();
    AnswerHeaders {
        decision: written.decision.unwrap_or(unset.decision),
        policy: written.policy.unwrap_or(unset.policy),
    }
}

pub(super) fn records(written: file::DecisionLog) -> Result<RecordSettings, ConfigError> {
    let unset = RecordSettings::default();
    let keep = range("records.keep", written.keep, 0, 1_000_000)?;
    let mut headers = Vec::new();
    for name in written.headers.unwrap_or_default() {
        let lower = name.value.to_ascii_lowercase();
        if http::HeaderName::from_bytes(lower.as_bytes()).is_err() {
            return Err(wrong("records.headers", &name, Problem::Name));
        }
        if is_credential(&lower) || lower == CONVERSATION_HEADER {
            return Err(wrong("records.headers", &name, Problem::SecretHeader));
        }
        headers.push(lower);
    }
    Ok(RecordSettings {
        keep: keep
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(unset.keep),
        log: written.log.unwrap_or(unset.log),
        headers,
        access: written.access.unwrap_or(unset.access),
        client_address: match written.client_address {
            None => unset.client_address,
            Some(file::ClientAddress::Whole) => ClientAddress::Whole,
            Some(file::ClientAddress::Network) => ClientAddress::Network,
            Some(file::ClientAddress::Hashed) => ClientAddress::Hashed,
            Some(file::ClientAddress::Hidden) => ClientAddress::Hidden,
        },
    })
}
