//! A connection that speaks HTTP/2.
//!
//! What it may hold at most is the product of the numbers below: windows bound what a client may
//! send before it is read, the send buffer what waits for a slow socket. Resets in bulk and heads
//! without an end are h2's to stop: it ends the connection with `ENHANCE_YOUR_CALM`.
//!
//! Streams are in `http2/stream.rs`: they are h2's own, because whoever lets one answer wait must
//! lose that answer and no other.

mod answer;
mod liveness;
mod stream;

use std::cell::Cell;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use signalbox_swap::error_chain;

use super::{Bounds, ConnectionContext};
use crate::config::Limits;
use crate::listener::client_io::{ConnectionState, PeekableSocket};
use liveness::Liveness;

/// Serves it to its end.
pub(super) async fn serve(bounds: &mut Bounds, site: Rc<ConnectionContext>, tap: PeekableSocket) {
    site.link.speaks_frames();
    bounds.may_be_told_early();
    let is_leaving = Cell::new(false);
    let mut connection = pin!(accept(site, tap, &is_leaving));
    let mut ended = bounds
        .keep(connection.as_mut(), |_| is_leaving.set(true), |_| false)
        .await;
    if ended == Err(super::TimeOver::Idle) {
        tracing::debug!("client connection told to end: no request for too long");
        is_leaving.set(true);
        bounds.last_wait();
        ended = bounds.keep(connection, |_| {}, |_| false).await;
    }
    match ended {
        Ok(None) => {}
        Ok(Some(error)) => tracing::debug!(error, "client connection ended"),
        Err(over) => tracing::debug!(?over, "client connection closed"),
    }
}

/// Takes streams until there are no more; why that was, if it is a flaw.
async fn accept(
    site: Rc<ConnectionContext>,
    tap: PeekableSocket,
    is_leaving: &Cell<bool>,
) -> Option<String> {
    let limits = &site.worker.shared.config.limits;
    let mut handshake = settings(limits).handshake::<_, Bytes>(tap);
    let handshake = poll_fn(|context| {
        let connection = Pin::new(&mut handshake).poll(context);
        read_on(&site.link, connection.is_pending(), context);
        connection
    });
    let mut connection = match handshake.await {
        Ok(connection) => connection,
        Err(error) => return Some(error_chain(&error)),
    };
    let mut liveness = connection.ping_pong().map(Liveness::new);
    let mut is_told = false;
    loop {
        let next = poll_fn(|context| {
            if is_leaving.get() && !is_told {
                is_told = true;
                connection.graceful_shutdown();
            }
            if let Some(liveness) = &mut liveness
                && liveness.poll(context).is_ready()
            {
                return Poll::Ready(None);
            }
            let next = connection.poll_accept(context);
            read_on(&site.link, next.is_pending(), context);
            next
        });
        match next.await {
            Some(Ok((request, respond))) => {
                let stream = stream::serve(Rc::clone(&site), request, respond);
                // The `LocalSet` of the worker owns it.
                tokio::task::spawn_local(stream);
            }
            Some(Err(error)) => return Some(error_chain(&error)),
            None => return None,
        }
    }
}

/// Where all that was read is given out, more is read: after the streams that were taken.
fn read_on(link: &ConnectionState, is_given_out: bool, context: &Context<'_>) {
    if is_given_out && link.may_read() {
        context.waker().wake_by_ref();
    }
}

fn settings(limits: &Limits) -> h2::server::Builder {
    let head = u32::try_from(limits.head.bytes()).unwrap_or(u32::MAX / 2);
    let mut settings = h2::server::Builder::new();
    settings
        .max_concurrent_streams(limits.streams_per_connection)
        // What is larger than `limits.head` is refused by us, in words; h2 answers a bare 431 to
        // what is too large for even that.
        .max_header_list_size(head.saturating_mul(2))
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(Some(ERRORS));
    settings
}

/// An upload at 20 MB/s over 50 ms; the whole of most JSON bodies.
const STREAM_WINDOW: u32 = 1 << 20;
/// Two such uploads at a time, and the most a client can make us hold of what it sends.
const CONNECTION_WINDOW: u32 = 2 << 20;
/// What waits of one answer for a slow socket: as much as HTTP/1 has in its buffers.
const SEND_BUFFER: usize = 64 << 10;
/// Requests taken back before anybody looked at them; h2's own number, which stops rapid resets.
const RESETS: usize = 20;
/// Streams ended for errors of the client's; h2's own number.
const ERRORS: usize = 1_024;
