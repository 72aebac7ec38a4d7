//! A connection that speaks HTTP/1.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

use http::{Request, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::rt::Write as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use signalbox_gate::{Framed, MAX_HEADERS};
use signalbox_swap::error_chain;

use super::answer_slot::AnswerSlot;
use super::{Bounds, ConnectionContext, TimeOver, answer};
use crate::listener::client_io::{ConnectionState, PeekableSocket, Wire};
use crate::request::incoming_body::IncomingBody;

/// Serves it to its end.
pub(super) async fn serve(bounds: &mut Bounds, site: Rc<ConnectionContext>, tap: PeekableSocket) {
    let (worker, link) = (Rc::clone(&site.worker), Rc::clone(&site.link));
    let wire = Wire::new(tap, Rc::clone(&link), &worker.shared, site.peer);
    let slot = Rc::new(AnswerSlot::default());
    let open = Rc::clone(&slot);
    let service = service_fn(move |mut request: Request<Incoming>| {
        note_framing(&site.link, &mut request);
        let (site, open) = (Rc::clone(&site), Rc::clone(&open));
        async move {
            let answer = answer(site, request.map(IncomingBody::Http1)).await;
            Ok::<_, Infallible>(answer.map(|body| open.put(body)))
        }
    });
    if bounds.came_late() {
        bounds.ends_by_itself();
    }
    let head = worker.shared.config.limits.head.in_memory();
    let mut connection = http1::Builder::new()
        // What was in the backlog gets its one answer.
        .keep_alive(!bounds.came_late())
        // Our own clock tells a slow head from an idle connection.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_header_size(head)
        .max_buf_size(head.max(MIN_BUFFER) * 2)
        .serve_connection(wire, service);
    let ended = bounds
        .keep(
            Pin::new(&mut connection),
            http1::Connection::graceful_shutdown,
            |now| slot.ends(&worker.shared.gate, now),
        )
        .await;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::debug!(error = error_chain(&error), "client connection ended");
        }
        Err(TimeOver::Stalled) => {
            slot.stalled();
            tracing::debug!("client connection closed: it takes nothing");
        }
        Err(TimeOver::Idle) => {
            tracing::debug!("client connection closed: no request for too long");
            if link.has_half_a_head() {
                let mut wire = connection.into_parts().io;
                wire.refuse_slow_head();
                // Whoever does not take it does without.
                let _ = poll_fn(|context| Pin::new(&mut wire).poll_shutdown(context)).await;
            }
        }
    }
}

/// Where the head says in two ways how long the body is, or may have done so unseen, the request
/// carries that along. Of those without chunks hyper has compared all lengths itself.
fn note_framing(link: &ConnectionState, request: &mut Request<Incoming>) {
    let framed = link.frames(request.body().size_hint().exact());
    if framed != Framed::Plainly && request.headers().contains_key(header::TRANSFER_ENCODING) {
        request.extensions_mut().insert(framed);
    }
}

/// Bodies are read in pieces of up to this size.
const MIN_BUFFER: usize = 64 << 10;
