//! One stream through the gate: what each step asks for is done, and nothing else.
//!
//! What is checked, and in which order, is the gate's. Here bytes are moved, by the messages of Envoy's
//! protocol. The request waits at Envoy for as long as its first message is not answered.

use envoy_types::pb::envoy::service::ext_proc::v3::{HeaderMutation, ProcessingRequest};
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, Method};
use signalbox_gate::{Code, IncomingRequest, Peer, ReadBody, Refusal, Respond, SpoolWrite, Step};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::Streaming;

use crate::answers::Answer;
use crate::ask::ask_policy;
use crate::body::{ClientBody, Piece, State};
use crate::door::{Door, StreamObserver};
use crate::headers;
use crate::link::{Gone, Link};
use crate::message;
use crate::modes::{Modes, RequestMode};
use crate::opening::{NoOpening, Opening};
use crate::spool::Spool;

/// One request on its way through.
pub(crate) struct Exchange<'d, D: Door> {
    pub(crate) door: &'d D,
    pub(crate) link: Link<'d, D>,
    pub(crate) modes: Modes,
    pub(crate) method: Method,
    /// The headers of the request, as Envoy has them.
    pub(crate) headers: HeaderMap,
    pub(crate) body: ClientBody,
    pub(crate) spool: Spool,
    /// Bytes of the body that went on.
    pub(crate) sent_bytes: u64,
    /// Whether the request went to GT already, to ask for its list of models.
    pub(crate) is_spent: bool,
}

/// Serves a stream to its end.
pub(crate) async fn process<D: Door>(
    door: &D,
    incoming: Streaming<ProcessingRequest>,
    answers: mpsc::Sender<Answer>,
) {
    let mut link = Link::new(door, incoming, answers);
    let until = Instant::now() + door.times().first_message;
    let opening = match link.next(until).await {
        Ok(first) => Opening::read(first),
        Err(gone) => return link.end(gone).await,
    };
    let gate = door.gate();
    let respond = match opening {
        Ok(opening) => return begin(door, link, opening).await,
        Err(NoOpening::Unexpected) => return link.end(Gone::Unexpected).await,
        Err(NoOpening::Malformed(peer, refusal)) => {
            gate.refuse_malformed(peer, *refusal, door.observer())
        }
        Err(NoOpening::Misconfigured(peer, why)) => misconfigured(door, peer, why),
    };
    let gone = answer(&mut link, respond).await;
    link.end(gone).await;
}

async fn begin<D: Door>(door: &D, link: Link<'_, D>, opening: Opening) {
    let Opening {
        head,
        peer,
        modes,
        declared,
        has_body,
    } = opening;
    let gate = door.gate();
    let state = match (has_body, modes.request) {
        (false, _) => State::Absent,
        (true, RequestMode::Duplex) => State::Coming,
        (true, RequestMode::OnDemand | RequestMode::Buffered) => State::Unseen,
    };
    let mut exchange = Exchange {
        door,
        link,
        modes,
        method: head.method.clone(),
        headers: head.headers.clone(),
        body: ClientBody::new(state, declared),
        spool: Spool::default(),
        sent_bytes: 0,
        is_spent: false,
    };
    let client = gate.client_of(peer, &head.headers, head.version);
    let request = IncomingRequest::new(head, client, declared);
    let gone = exchange.walk(gate.begin(request, door.observer())).await;
    exchange.link.end(gone).await;
}

impl<D: Door> Exchange<'_, D> {
    /// Walks to the end of the stream: why that was.
    async fn walk(&mut self, mut step: Step<D::Observer>) -> Gone {
        loop {
            let next = match step {
                Step::VerifyToken(verify) => {
                    let key = self.door.verify(&verify).await;
                    Ok(verify.verified(key))
                }
                Step::ReadBody(read) => self.read_body(read).await,
                Step::SpoolWrite(write) => Ok(self.spool_write(write).await),
                Step::AskPolicy(ask) => Ok(ask_policy(self.door, ask).await),
                Step::FetchModels(fetch) => self.fetch_models(fetch).await,
                Step::Forward(forward) => self.forward(forward).await,
                Step::Respond(respond) => return answer(&mut self.link, respond).await,
            };
            step = match next {
                Ok(step) => step,
                Err(gone) => return gone,
            };
        }
    }

    async fn read_body(&mut self, read: ReadBody<D::Observer>) -> Result<Step<D::Observer>, Gone> {
        Ok(match self.next_piece().await {
            Ok(Piece::Bytes(piece, is_last)) => read.piece(piece, is_last),
            Ok(Piece::End) => read.end(),
            Ok(Piece::Failed(failure)) => read.failed(failure),
            Err(Gone::Unexpected) => {
                // The body was asked for, and the request went on without: harmless, and refused.
                drop(read);
                let peer = Peer::plain(([0, 0, 0, 0], 0).into());
                Step::Respond(misconfigured(self.door, peer, NOT_FOLLOWED))
            }
            Err(gone) => return Err(gone),
        })
    }

    /// What is next of the body, which is asked for if it was not before.
    pub(crate) async fn next_piece(&mut self) -> Result<Piece, Gone> {
        if self.body.state == State::Unseen {
            self.ask_for_body().await?;
        }
        self.body.next(self.door, &mut self.link).await
    }

    /// Asks Envoy for the whole body. The head waits for it there, unless Envoy is not configured to
    /// follow: then what goes on names no route of GT's and shows no key.
    async fn ask_for_body(&mut self) -> Result<(), Gone> {
        let mut head = HeaderMutation::default();
        for name in CREDENTIALS {
            if self.headers.remove(&name).is_some() {
                head.remove_headers.push(name.as_str().to_owned());
            }
        }
        headers::set(&mut head, ":path", HARMLESS);
        let modes = match self.modes.request {
            RequestMode::OnDemand => Some(self.modes.with_request_body()),
            RequestMode::Buffered | RequestMode::Duplex => None,
        };
        self.body.state = State::Asked;
        self.link.say(message::request_headers(head, modes)).await
    }

    async fn spool_write(&mut self, write: SpoolWrite<D::Observer>) -> Step<D::Observer> {
        let place = self.door.spool();
        match self.spool.append(place, write.bytes().clone()).await {
            Ok(()) => write.written(),
            Err(failure) => write.failed(failure),
        }
    }
}

/// A response of the gate's own. What the exchange holds is given back once Envoy has ended the stream.
async fn answer<D: Door>(link: &mut Link<'_, D>, respond: Respond<D::Observer>) -> Gone {
    let (response, mut completion) = respond.into_parts();
    let observer = completion.observer_mut();
    observer.responds(response.status());
    observer.sent(response.body().len());
    if let Err(gone) = link.say(message::immediate(&response)).await {
        return gone;
    }
    let gone = link.settle().await;
    drop(completion);
    gone
}

fn misconfigured<D: Door>(door: &D, peer: Peer, why: &'static str) -> Respond<D::Observer> {
    let mut observer = door.observer();
    observer.misconfigured(why);
    let refusal = Refusal::new(Code::ProxyCannotRewrite, format!("{MISCONFIGURED}: {why}."));
    door.gate().refuse_malformed(peer, refusal, observer)
}

/// What tells who a client is.
const CREDENTIALS: [HeaderName; 5] = [
    AUTHORIZATION,
    COOKIE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
];
/// A path that GT does not have.
const HARMLESS: &[u8] = b"/signalbox-waits-for-the-body";
const MISCONFIGURED: &str = "The proxy in front of this gate is not configured as it has to be, so the request is refused. \
     Tell the operator";
const NOT_FOLLOWED: &str = "it does not send the body it was asked for: set `allow_mode_override`";
