//! One client connection: TLS if there is to be, the version it speaks, who serves that, the times it
//! may take, and its way out.

mod answer_slot;
mod bounds;
mod date;
mod http1;
mod http2;

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, ready};

use http::{Request, Response};
use signalbox_gate::{Client, Peer};
use signalbox_swap::error_chain;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::alarm::Alarm;
use crate::listener::client_io::{ConnectionState, PeekableSocket, Socket};
use crate::listener::cors::{self, Page};
use crate::observe::request_log::{Place, RequestLog};
use crate::request::incoming_body::IncomingBody;
use crate::request::pipeline;
use crate::request::response_body::ResponseBody;
use crate::request::steps;
use crate::server::phase::{Phase, Phases};
use crate::server::shared::Shared;
use crate::server::worker::Worker;
use bounds::{Bounds, TimeOver};

/// What the requests of one connection share.
struct ConnectionContext {
    worker: Rc<Worker>,
    link: Rc<ConnectionState>,
    peer: Peer,
}

/// What a connection speaks.
///
/// Exhaustive on purpose: each is served in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// Serves a connection to its end.
pub(crate) async fn serve(worker: &Rc<Worker>, socket: TcpStream, peer: Peer) {
    let Some((socket, agreed)) = open(&worker.shared, socket).await else {
        return;
    };
    let site = Rc::new(ConnectionContext {
        worker: Rc::clone(worker),
        link: ConnectionState::new(),
        peer,
    });
    let mut tap = PeekableSocket::new(socket, Rc::clone(&site.link));
    let mut bounds = Bounds::new(&worker.shared.config.times, &worker.phases, &site.link);
    let protocol = match agreed {
        Some(protocol) => protocol,
        None => match first_bytes(&mut bounds, &worker.phases, &mut tap).await {
            Some(protocol) => protocol,
            None => return,
        },
    };
    match protocol {
        Protocol::Http1 => http1::serve(&mut bounds, site, tap).await,
        // Boxed, so that connections of HTTP/1.1 need not have the room for it.
        Protocol::Http2 => Box::pin(http2::serve(&mut bounds, site, tap)).await,
    }
}

/// The handshake, where there is TLS, and what it settles.
async fn open(shared: &Shared, socket: TcpStream) -> Option<(Socket, Option<Protocol>)> {
    let Some(tls) = &shared.tls else {
        let agreed = (!shared.config.http2).then_some(Protocol::Http1);
        return Some((Socket::Plain(socket), agreed));
    };
    let time = shared.config.times.handshake.duration();
    match timeout(time, tls.acceptor().accept(socket)).await {
        Ok(Ok(stream)) => {
            let agreed = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => Protocol::Http2,
                _ => Protocol::Http1,
            };
            Some((Socket::Tls(Box::new(stream)), Some(agreed)))
        }
        Ok(Err(error)) => {
            shared.observers.metrics.connection_refused("handshake");
            tracing::debug!(error = error_chain(&error), "no TLS with a client");
            None
        }
        Err(_elapsed) => {
            shared
                .observers
                .metrics
                .connection_refused("handshake_time");
            tracing::debug!("no TLS with a client in time");
            None
        }
    }
}

/// What the first bytes of a connection without TLS say. `None` if there will be none.
async fn first_bytes(
    bounds: &mut Bounds,
    phases: &Phases,
    tap: &mut PeekableSocket,
) -> Option<Protocol> {
    let came_late = bounds.came_late();
    let mut reading = pin!(poll_fn(|context| {
        loop {
            if !PREFACE.starts_with(tap.ahead()) {
                return Poll::Ready(Some(match tap.ahead().starts_with(PREFACE) {
                    true => Protocol::Http2,
                    false => Protocol::Http1,
                }));
            }
            if tap.ahead().len() == PREFACE.len() {
                return Poll::Ready(Some(Protocol::Http2));
            }
            let is_leaving = phases.current() >= Phase::Draining && !came_late;
            if is_leaving && tap.ahead().is_empty() {
                return Poll::Ready(None);
            }
            match ready!(tap.poll_ahead(context)) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Poll::Ready(None),
            }
        }
    }));
    // The way out is looked at above.
    let kept = bounds.keep(reading.as_mut(), |_| {}, |_| false);
    kept.await.ok().flatten()
}

/// Answers one request, and says whether a page may read the answer.
async fn answer(
    site: Rc<ConnectionContext>,
    request: Request<IncomingBody>,
    alarm: &Alarm,
) -> Response<ResponseBody> {
    let ConnectionContext { worker, link, peer } = &*site;
    let shared = &worker.shared;
    let client = shared
        .gate
        .client_of(*peer, request.headers(), request.version());
    let Some(cors) = &shared.config.cors else {
        return decided_answer(worker, link, client, request, alarm).await;
    };
    let page = Page::of(cors, request.headers());
    let mut answer = match page
        .as_ref()
        .and_then(|page| page.preflight(cors, &request))
    {
        Some(answer) => {
            let (asked, _empty) = request.into_parts();
            let log = log_for(worker, link);
            let told = shared.gate.respond_preflight(client, &asked, answer, log);
            pipeline::ours(told)
        }
        None => decided_answer(worker, link, client, request, alarm).await,
    };
    cors::stamp(page, answer.headers_mut());
    answer
}

/// What is told of a request, from its beginning on.
fn log_for(worker: &Worker, link: &Rc<ConnectionState>) -> RequestLog {
    let place = Place::new(Rc::clone(&worker.counters), worker.begin(), link.begin());
    RequestLog::new(&worker.shared.observers, Some(place))
}

/// Answers one request; a panic on the way is a refusal too.
async fn decided_answer(
    worker: &Worker,
    link: &Rc<ConnectionState>,
    client: Client,
    request: Request<IncomingBody>,
    alarm: &Alarm,
) -> Response<ResponseBody> {
    let log = log_for(worker, link);
    let mut path = pin!(pipeline::handle(worker, log, client, request, alarm));
    let answer = match steps::unless_panicked(path.as_mut()).await {
        Some(answer) => answer,
        None => pipeline::panicked(worker, log_for(worker, link), client),
    };
    if !answer.body().is_strangers() {
        link.admits();
    }
    answer
}

/// How HTTP/2 begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
