//! Settings that all have defaults, and the reason for each.

use serde::{Deserialize, Deserializer};

use super::value::count;
use super::{Problem, Size, Span};
use crate::yaml::word;

/// Limits of all requests together, and of one.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Open client connections.
    #[serde(deserialize_with = "count")]
    pub connections: u32,
    /// Open connections of one client address.
    #[serde(deserialize_with = "count")]
    pub connections_per_client: u32,
    /// Requests at a time on one HTTP/2 connection.
    #[serde(deserialize_with = "count")]
    pub streams_per_connection: u32,
    /// Requests at a time, all keys together.
    #[serde(deserialize_with = "count")]
    pub requests: u32,
    /// Connections to one GT host, all workers together; each has an equal share.
    #[serde(deserialize_with = "count")]
    pub upstream_connections: u32,
    /// Bytes of request line and headers.
    pub head: Size,
    /// Bytes of a JSON body.
    pub json_body: Size,
    /// Bytes of a body that streams: uploads and forms.
    pub upload_body: Size,
    /// Bytes held of a multipart body in memory until its model is known.
    pub multipart_memory: Size,
    /// Bytes held of a multipart body on disk until its model is known.
    pub multipart_disk: Size,
    /// Bytes held in memory, all requests together; a key at most a quarter.
    pub held_memory: Size,
    /// Bytes held on disk, all requests together; a key at most a quarter.
    pub held_disk: Size,
    /// Bytes read and thrown away after a refusal, so that the client sees it.
    pub discard: Size,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Each costs a few KiB and a file descriptor: well under the usual limit of 65,536.
            connections: 10_000,
            // A quarter, as with keys: one address does not take it all, and one that stands for many
            // has room.
            connections_per_client: 2_500,
            // More than SDKs open at a time; a client that wants more opens another connection.
            streams_per_connection: 128,
            // Answers of minutes at hundreds of requests a second.
            requests: 4_096,
            // Over HTTP/1.1 a request has one to itself: as many as there may be requests.
            upstream_connections: 4_096,
            // OpenAI clients send under 2 KiB; proxies before us may add tracing and cookies.
            head: Size::of(64 << 10),
            json_body: Size::mib(32),
            // Uploads stream: only GT's own limit matters, which is not documented.
            upload_body: Size::mib(1_024),
            multipart_memory: Size::mib(1),
            multipart_disk: Size::mib(64),
            held_memory: Size::mib(512),
            held_disk: Size::mib(4_096),
            discard: Size::mib(32),
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Times {
    /// For a client's TLS handshake.
    pub handshake: Span,
    /// For a request's head to come.
    pub head: Span,
    /// Between two pieces of a request's body.
    pub body_idle: Span,
    /// For all of a request's body.
    pub body_total: Span,
    /// To connect to GT, TLS included.
    pub connect: Span,
    /// For GT's first byte.
    pub first_byte: Span,
    /// Between two pieces of GT's answer.
    pub answer_idle: Span,
    /// Until a stream of events in which nothing comes gets a comment; `None` adds none.
    #[serde(deserialize_with = "span_or_off")]
    pub sse_comment: Option<Span>,
    /// A client connection without a request.
    pub connection_idle: Span,
    /// A connection to GT without a request.
    pub upstream_idle: Span,
    /// A connection to GT, until it is given no more requests.
    pub upstream_max_age: Span,
    /// GT's own model list.
    pub models_cache: Span,
    /// Reading on after a refusal.
    pub discard: Span,
    /// Between readiness off and no more accepting.
    pub readiness_off: Span,
    /// For open requests to end after that.
    pub drain: Span,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            // Two round trips: whoever takes longer holds a connection on purpose.
            handshake: Span::seconds(10),
            // A head is one packet or two: whoever takes longer holds a connection on purpose.
            head: Span::seconds(30),
            body_idle: Span::seconds(30),
            // 1 GiB at 10 Mbit/s.
            body_total: Span::seconds(15 * 60),
            connect: Span::seconds(5),
            // The OpenAI SDKs wait 600 s: they must give up first, so that nothing is answered twice.
            first_byte: Span::seconds(620),
            answer_idle: Span::seconds(300),
            // Bytes that GT did not send: only for who has a load balancer that closes what is quiet.
            sse_comment: None,
            // Longer than the 60 s after which load balancers close.
            connection_idle: Span::seconds(75),
            // Shorter than the 5 s after which Node and uvicorn close: no request meets a closing one.
            upstream_idle: Span::seconds(4),
            // A name that points elsewhere is followed in minutes; a handshake in so many costs
            // nothing.
            upstream_max_age: Span::seconds(5 * 60),
            // A client that lists models on each page does not double GT's load.
            models_cache: Span::seconds(5),
            discard: Span::seconds(5),
            // Load balancers ask every few seconds.
            readiness_off: Span::seconds(5),
            drain: Span::seconds(120),
        }
    }
}

fn span_or_off<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    word(deserializer, |text| match text {
        "off" => Ok(None),
        text => Span::parse(text).map(Some).map_err(|_| Problem::SpanOrOff),
    })
}

/// What is said of the decision in answers.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AnswerHeaders {
    /// `x-signalbox-decision`
    pub decision: bool,
    /// `x-signalbox-policy`
    pub policy: bool,
}

impl Default for AnswerHeaders {
    fn default() -> Self {
        Self {
            decision: true,
            policy: true,
        }
    }
}
