//! Exchanges through the door of `signalbox-testkit`, as these tests write and compare them.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response};
use signalbox_gate::{AskError, Gate, Observer, PolicyCall};
use signalbox_http::refusal::Code;
use signalbox_policy::Decision;
use signalbox_testkit::door::{self, Reply};

pub(crate) use signalbox_testkit::door::Arriving as Asked;

/// What GT does: an answer in pieces, or none.
#[derive(Clone, Debug)]
pub(crate) enum Upstream {
    Answers {
        status: u16,
        headers: Vec<(&'static str, String)>,
        pieces: Vec<Bytes>,
        breaks_off: bool,
    },
    Fails(Code),
}

impl Upstream {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answers {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            pieces: vec![Bytes::copy_from_slice(body.as_bytes())],
            breaks_off: false,
        }
    }
}

impl From<&Upstream> for Reply {
    fn from(upstream: &Upstream) -> Self {
        let (status, headers, pieces, breaks_off) = match upstream {
            Upstream::Fails(code) => return Self::Fails(*code),
            Upstream::Answers {
                status,
                headers,
                pieces,
                breaks_off,
            } => (*status, headers, pieces.clone(), *breaks_off),
        };
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, value);
        }
        let response = response.body(pieces).unwrap();
        Self::Answers {
            response,
            breaks_off,
        }
    }
}

/// What came of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// What GT was sent: the head in one line a header, and the body; `None` for a body that was
    /// broken off.
    pub(crate) sent: Vec<(String, Option<Vec<u8>>)>,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `None` if the connection was cut.
    pub(crate) body: Option<Vec<u8>>,
}

impl Told {
    /// The code of a refusal; empty for what is none.
    pub(crate) fn code(&self) -> String {
        let body = self.body.as_deref().unwrap_or_default();
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let code = body.pointer("/error/code").and_then(|code| code.as_str());
        code.unwrap_or_default().to_owned()
    }
}

/// Plays an exchange to its end.
pub(crate) fn play(gate: &Arc<Gate>, asked: Asked, upstream: &[Upstream]) -> Told {
    play_with(gate, asked, upstream, |call| call.ask())
}

/// Plays an exchange to its end, in which policies that are asked elsewhere answer so.
pub(crate) fn play_with(
    gate: &Arc<Gate>,
    asked: Asked,
    upstream: &[Upstream],
    decide: impl FnMut(&PolicyCall) -> Result<Decision, AskError>,
) -> Told {
    play_told(gate, asked, upstream, (), decide, || {})
}

/// The same told to an observer; `meanwhile` happens before each piece of the body.
pub(crate) fn play_told<O: Observer>(
    gate: &Arc<Gate>,
    asked: Asked,
    upstream: &[Upstream],
    observer: O,
    mut decide: impl FnMut(&PolicyCall) -> Result<Decision, AskError>,
    meanwhile: impl FnMut(),
) -> Told {
    let replies: Vec<Reply> = upstream.iter().map(Reply::from).collect();
    let decide = |call: PolicyCall| decide(&call);
    let played = door::play(gate, asked, &replies, observer, decide, meanwhile);
    let sent = played.sent.into_iter();
    let (mut head, body) = played.response.into_parts();
    // They differ from one exchange to the next.
    head.headers.remove("x-signalbox-decision");
    head.headers.remove("x-request-id");
    Told {
        sent: sent.map(|it| (shown(&it.head), it.body)).collect(),
        status: head.status.as_u16(),
        headers: head.headers,
        body,
    }
}

pub(crate) fn shown(head: &Parts) -> String {
    let mut text = format!("{} {}\n", head.method, head.uri);
    for (name, value) in &head.headers {
        // What a policy sets may have bytes beyond ASCII.
        text.push_str(&format!(
            "{name}: {}\n",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    text
}
