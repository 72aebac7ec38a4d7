//! A connection that speaks HTTP/2.
//!
//! What it may hold at most is the product of the numbers below: windows bound what a client may
//! send before it is read, the send buffer what waits for a slow reader. Resets in bulk and heads
//! without an end are h2's to stop: it ends the connection with `ENHANCE_YOUR_CALM`.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use signalbox_swap::error_chain;

use super::{Bounds, ConnectionContext, answer};
use crate::listener::client_io::{PeekableSocket, Wire};
use crate::request::response_body::ResponseBody;

/// Serves it to its end.
pub(super) async fn serve(bounds: &mut Bounds, site: Rc<ConnectionContext>, tap: PeekableSocket) {
    site.link.speaks_frames();
    bounds.may_be_told_early();
    let worker = Rc::clone(&site.worker);
    let wire = Wire::new(tap, Rc::clone(&site.link), &worker.shared, site.peer);
    // Boxed: what a stream holds while its answer is written is then the answer, and no longer the
    // room in which it was decided.
    let service = service_fn(move |request| Box::pin(framed_answer(Rc::clone(&site), request)));
    let limits = &worker.shared.config.limits;
    let head = u32::try_from(limits.head.bytes()).unwrap_or(u32::MAX / 2);
    let connection = http2::Builder::new(OnThisThread)
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection)
        // What is larger than `limits.head` is refused by us, in words; h2 answers a bare 431 to
        // what is too large for even that.
        .max_header_list_size(head.saturating_mul(2))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(ERRORS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .serve_connection(wire, service);
    let mut connection = pin!(connection);
    let leave = http2::Connection::graceful_shutdown;
    let mut ended = bounds.keep(connection.as_mut(), leave).await;
    if ended.is_none() {
        tracing::debug!("client connection told to end: no request for too long");
        connection.as_mut().graceful_shutdown();
        bounds.last_wait();
        ended = bounds.keep(connection, leave).await;
    }
    if let Some(Err(error)) = ended {
        tracing::debug!(error = error_chain(&error), "client connection ended");
    }
}

/// The answer to one request, in the words of HTTP/2.
async fn framed_answer(
    site: Rc<ConnectionContext>,
    mut request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    name_host(&mut request);
    let is_head = request.method() == Method::HEAD;
    let mut answer = answer(site, request).await?;
    // It says what becomes of the connection, which is said in frames here.
    answer.headers_mut().remove(header::CONNECTION);
    if !is_head {
        return Ok(answer);
    }
    if let Some(length) = answer.body().size_hint().exact() {
        let length = HeaderValue::from(length);
        answer.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    Ok(answer.map(ResponseBody::left_out))
}

/// `:authority` is what HTTP/1 has in `host`: whoever looks at the head finds it there. If both
/// are there, both stay and have to agree.
fn name_host(request: &mut Request<Incoming>) {
    if request.headers().contains_key(header::HOST) {
        return;
    }
    let authority = request.uri().authority();
    let host = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
}

/// Streams run beside their connection, on the thread of its worker; the `LocalSet` owns them.
#[derive(Clone, Copy, Debug)]
struct OnThisThread;

impl<F> Executor<F> for OnThisThread
where
    F: Future<Output = ()> + 'static,
{
    fn execute(&self, stream: F) {
        tokio::task::spawn_local(stream);
    }
}

/// An upload at 20 MB/s over 50 ms; the whole of most JSON bodies.
const STREAM_WINDOW: u32 = 1 << 20;
/// Two such uploads at a time, and the most a client can make us hold of what it sends.
const CONNECTION_WINDOW: u32 = 2 << 20;
/// What waits of one answer for a slow reader: as much as HTTP/1 has in its buffers.
const SEND_BUFFER: usize = 64 << 10;
/// Requests taken back before anybody looked at them; h2's own number, which stops rapid resets.
const RESETS: usize = 20;
/// Streams ended for errors of the client's; h2's own number.
const ERRORS: usize = 1_024;
/// A client that is gone without a word is noticed within these two together. A stream may be
/// silent for minutes, so nobody else would.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);
