//! A door without a socket: it plays one exchange through a gate from what it is given, and gives what came of it.

mod body;

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, request, response};
use signalbox_gate::{
    AbortReason, AskError, BodyFailure, Code, Framed, Gate, IncomingRequest, Observer, Peer,
    PolicyCall, Refusal, RelayBody, Responded, Sent, SpoolFailure, Step, TokenRefused,
};
use signalbox_policy::Decision;

use body::{Body, Next};

/// What a client sends, and in which pieces the door has it.
#[derive(Debug)]
pub struct Arriving {
    /// The head.
    pub head: request::Parts,
    /// Whether the head says more than once where the body ends.
    pub framing: Framed,
    /// The length of the body, if the head says it.
    pub declared: Option<u64>,
    /// The body.
    pub pieces: Vec<Bytes>,
    /// Whether the whole body came with the head.
    pub comes_whole: bool,
    /// Whether the door knows of the last piece that it is the last.
    pub knows_end: bool,
    /// What becomes of the body after its pieces.
    pub failure: Option<BodyFailure>,
    /// Why the door's disk takes nothing.
    pub disk: Option<SpoolFailure>,
}

impl Arriving {
    /// A request whose body comes in one piece.
    #[must_use]
    pub fn new(head: request::Parts, body: &[u8]) -> Self {
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

/// What GT does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// It answers.
    Answers {
        /// The head, and the body in its pieces.
        response: Response<Vec<Bytes>>,
        /// Whether the body ends before its end.
        breaks_off: bool,
    },
    /// There is no answer: what the client is told.
    Fails(Code),
}

/// What came of an exchange.
#[derive(Debug)]
pub struct Played {
    /// What GT was sent; more than one request where a file may be under either of two keys.
    pub sent: Vec<ToGt>,
    /// What the client got. The body is `None` if the connection was cut.
    pub response: Response<Option<Vec<u8>>>,
}

/// A request that GT was sent.
#[derive(Debug)]
pub struct ToGt {
    /// The head. Its `host` is empty: that is for whoever chooses the connection.
    pub head: request::Parts,
    /// The body; `None` if it was broken off.
    pub body: Option<Vec<u8>>,
}

/// Plays an exchange to its end. GT's replies are taken in their order, and where there are no more it cannot be
/// reached; a policy that may block is asked with `decide`; `meanwhile` happens before each piece of the body. No
/// token is taken, and no list of GT's is to be had.
pub fn play<O: Observer>(
    gate: &Arc<Gate>,
    arriving: Arriving,
    replies: &[Reply],
    observer: O,
    mut decide: impl FnMut(PolicyCall) -> Result<Decision, AskError>,
    mut meanwhile: impl FnMut(),
) -> Played {
    let (request, mut body) = received(gate, arriving);
    let mut replies = replies.iter();
    let mut sent = Vec::new();
    let mut step = gate.begin(request, observer);
    loop {
        step = match step {
            Step::VerifyToken(verify) => verify.verified(Err(TokenRefused::Invalid)),
            Step::ReadBody(read) => {
                meanwhile();
                match body.next() {
                    Next::Piece(piece, is_last) => read.piece(piece, is_last),
                    Next::Failed(failure) => read.failed(failure),
                    Next::End => read.end(),
                }
            }
            Step::SpoolWrite(write) => match body.disk {
                Some(failure) => write.failed(failure),
                None => {
                    body.spool.extend_from_slice(write.bytes());
                    write.written()
                }
            },
            Step::AskPolicy(mut ask) => {
                let call = ask.take_call();
                let answer = call.map_or(Err(AskError::Dropped), &mut decide);
                ask.answered(answer)
            }
            Step::FetchModels(fetch) => fetch.fetched(Err(Refusal::of(Code::UpstreamTimeout))),
            Step::Forward(forward) => {
                let (head, upload, under_way) = forward.send();
                let upload = body.uploaded(upload);
                // A request that is broken off has no answer.
                let reply = replies.next().filter(|_| upload.is_some());
                sent.push(ToGt { head, body: upload });
                match replied(under_way, reply) {
                    Ok(response) => return Played { sent, response },
                    Err(step) => *step,
                }
            }
            Step::Respond(respond) => {
                let (response, _completion) = respond.into_parts();
                let response = response.map(|body| Some(body.to_vec()));
                return Played { sent, response };
            }
        };
    }
}

/// What GT's reply leads to: the client's response, or one more step.
fn replied<O: Observer>(
    under_way: Sent<O>,
    reply: Option<&Reply>,
) -> Result<Response<Option<Vec<u8>>>, Box<Step<O>>> {
    let (response, breaks_off) = match reply {
        None => return Err(Box::new(unanswered(under_way, Code::UpstreamUnreachable))),
        Some(Reply::Fails(code)) => return Err(Box::new(unanswered(under_way, *code))),
        Some(Reply::Answers {
            response,
            breaks_off,
        }) => (response.clone(), *breaks_off),
    };
    let (head, pieces): (response::Parts, _) = response.into_parts();
    match under_way.responded(head) {
        Responded::Again(forward) => Err(Box::new(Step::Forward(forward))),
        Responded::Respond(respond) => Err(Box::new(Step::Respond(respond))),
        Responded::Relay(relay) => {
            let (head, body) = relay.into_parts();
            Ok(Response::from_parts(
                head,
                relayed(body, pieces, breaks_off),
            ))
        }
    }
}

fn unanswered<O: Observer>(under_way: Sent<O>, code: Code) -> Step<O> {
    Step::Respond(under_way.failed(Refusal::of(code)))
}

fn received(gate: &Arc<Gate>, arriving: Arriving) -> (IncomingRequest, Body) {
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let head = arriving.head;
    let client = gate.client_of(peer, &head.headers, head.version);
    let whole = arriving
        .comes_whole
        .then(|| Bytes::from(arriving.pieces.concat()));
    let request = IncomingRequest {
        head,
        client,
        framing: arriving.framing,
        declared: arriving.declared,
        whole,
    };
    let body = Body {
        coming: arriving.pieces.into(),
        knows_end: arriving.knows_end,
        failure: arriving.failure,
        disk: arriving.disk,
        spool: Vec::new(),
    };
    (request, body)
}

fn relayed<O: Observer>(
    mut relay: RelayBody<O>,
    pieces: Vec<Bytes>,
    breaks_off: bool,
) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for piece in pieces {
        all.extend_from_slice(&relay.push(piece).unwrap_or_default());
    }
    let last = match breaks_off {
        true => relay.abort(AbortReason::Upstream)?,
        false => relay.finish().unwrap_or_default(),
    };
    all.extend_from_slice(&last);
    Some(all)
}
