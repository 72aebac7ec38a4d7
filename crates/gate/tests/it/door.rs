//! A door without a socket: it plays one exchange from what it is given, and tells what came of it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use signalbox_gate::{
    AbortReason, AskError, BodyFailure, Framed, Gate, IncomingRequest, Observer, Part, Peer,
    PolicyCall, RelayBody, Responded, SpoolFailure, Step, TokenRefused, UpstreamBody,
};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::Decision;

/// What a client sends, and in which pieces the door has it.
pub(crate) struct Asked {
    pub(crate) head: Parts,
    pub(crate) framing: Framed,
    pub(crate) declared: Option<u64>,
    pub(crate) pieces: Vec<Bytes>,
    /// Whether the whole body came with the head.
    pub(crate) comes_whole: bool,
    /// Whether the door knows of the last piece that it is the last.
    pub(crate) knows_end: bool,
    /// What becomes of the body after its pieces.
    pub(crate) failure: Option<BodyFailure>,
    /// Why the door's disk takes nothing.
    pub(crate) disk: Option<SpoolFailure>,
}

impl Asked {
    pub(crate) fn new(head: Parts, body: &[u8]) -> Self {
        let pieces = match body.is_empty() {
            true => Vec::new(),
            false => vec![Bytes::copy_from_slice(body)],
        };
        Self {
            head,
            framing: Framed::Plainly,
            declared: Some(body.len() as u64),
            pieces,
            comes_whole: false,
            knows_end: true,
            failure: None,
            disk: None,
        }
    }
}

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
    mut meanwhile: impl FnMut(),
) -> Told {
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &asked.head.headers, asked.head.version);
    let whole = asked
        .comes_whole
        .then(|| Bytes::from(asked.pieces.concat()));
    let mut coming: VecDeque<Bytes> = asked.pieces.into();
    let request = IncomingRequest {
        head: asked.head,
        client,
        framing: asked.framing,
        declared: asked.declared,
        whole,
    };
    let (mut spool, mut sent_so_far) = (Vec::new(), Vec::new());
    let mut upstream = upstream.iter();
    let mut step = gate.begin(request, observer);
    loop {
        if let Step::ReadBody(_) = &step {
            meanwhile();
        }
        step = match step {
            Step::VerifyToken(verify) => verify.verified(Err(TokenRefused::Invalid)),
            Step::ReadBody(read) => match (coming.pop_front(), asked.failure) {
                (Some(piece), failure) => {
                    let is_last = asked.knows_end && coming.is_empty() && failure.is_none();
                    read.piece(piece, is_last)
                }
                (None, Some(failure)) => read.failed(failure),
                (None, None) => read.end(),
            },
            Step::SpoolWrite(write) => match asked.disk {
                Some(failure) => write.failed(failure),
                None => {
                    spool.extend_from_slice(write.bytes());
                    write.written()
                }
            },
            Step::AskPolicy(mut ask) => {
                let call = ask.take_call().unwrap();
                ask.answered(decide(&call))
            }
            Step::FetchModels(fetch) => fetch.fetched(Err(Refusal::of(Code::UpstreamTimeout))),
            Step::Forward(forward) => {
                let (head, body, sent) = forward.send();
                let body = send(body, &mut coming, &spool, asked.knows_end, asked.failure);
                let is_whole = body.is_some();
                sent_so_far.push((shown(&head), body));
                let refusal = match upstream.next() {
                    // A request that is broken off has no answer.
                    _ if !is_whole => Refusal::of(Code::UpstreamUnreachable),
                    None => Refusal::of(Code::UpstreamUnreachable),
                    Some(Upstream::Fails(code)) => Refusal::of(*code),
                    Some(Upstream::Answers {
                        status,
                        headers,
                        pieces,
                        breaks_off,
                    }) => {
                        let mut answer = Response::builder().status(*status);
                        for (name, value) in headers {
                            answer = answer.header(*name, value);
                        }
                        let (head, ()) = answer.body(()).unwrap().into_parts();
                        match sent.responded(head) {
                            Responded::Again(forward) => {
                                step = Step::Forward(forward);
                                continue;
                            }
                            Responded::Respond(respond) => {
                                step = Step::Respond(respond);
                                continue;
                            }
                            Responded::Relay(relay) => {
                                let (head, relay) = relay.into_parts();
                                let body = relayed(relay, pieces, *breaks_off);
                                return told(sent_so_far, head.status, head.headers, body);
                            }
                        }
                    }
                };
                Step::Respond(sent.failed(refusal))
            }
            Step::Respond(respond) => {
                let (response, _completion) = respond.into_parts();
                let (head, body) = response.into_parts();
                return told(sent_so_far, head.status, head.headers, Some(body.to_vec()));
            }
        };
    }
}

fn told(
    sent: Vec<(String, Option<Vec<u8>>)>,
    status: StatusCode,
    mut headers: HeaderMap,
    body: Option<Vec<u8>>,
) -> Told {
    // They differ from one exchange to the next.
    headers.remove("x-signalbox-decision");
    headers.remove("x-request-id");
    Told {
        sent,
        status: status.as_u16(),
        headers,
        body,
    }
}

/// The body GT gets; `None` if it is broken off.
fn send(
    body: UpstreamBody,
    coming: &mut VecDeque<Bytes>,
    spool: &[u8],
    knows_end: bool,
    failure: Option<BodyFailure>,
) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for part in &body.parts {
        match part {
            Part::Bytes(bytes) => all.extend_from_slice(bytes),
            Part::Spooled(length) => {
                assert_eq!(*length, spool.len() as u64);
                all.extend_from_slice(spool);
            }
        }
    }
    let Some(mut rest) = body.rest else {
        return Some(all);
    };
    let mut knew = false;
    while let Some(piece) = coming.pop_front() {
        knew = knows_end && coming.is_empty() && failure.is_none();
        all.extend_from_slice(&rest.push(piece, knew).ok()?);
    }
    if failure.is_some() {
        return None;
    }
    if !knew {
        all.extend_from_slice(&rest.finish().ok()?);
    }
    Some(all)
}

fn relayed<O: Observer>(
    mut relay: RelayBody<O>,
    pieces: &[Bytes],
    breaks_off: bool,
) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for piece in pieces {
        all.extend_from_slice(&relay.push(piece.clone()).unwrap_or_default());
    }
    let last = match breaks_off {
        true => relay.abort(AbortReason::Upstream)?,
        false => relay.finish().unwrap_or_default(),
    };
    all.extend_from_slice(&last);
    Some(all)
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
