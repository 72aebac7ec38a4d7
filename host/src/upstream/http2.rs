//! HTTP/2 to GT: many requests on one connection, each a stream that can end by itself.
//!
//! Dropping an answer resets its stream and leaves the connection to the others. A stream that GT
//! refuses (`REFUSED_STREAM`, or one beyond the last that a GOAWAY names) was not begun with, so
//! the request goes out again, if all of it is here. A connection that says nothing is asked for a
//! sign of life while there are streams on it.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::{Request, Response, Version, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, Connection, SendRequest};
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use signalbox_swap::error_chain;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::body::RequestBody;
use super::guards::Guards;
use super::hosts::Host;

/// A connection that requests share. It closes when nobody holds it any more.
pub(super) struct Http2 {
    sender: RefCell<SendRequest<Piped>>,
    /// How many streams GT takes at a time, and we put on one connection; `None` until it has said.
    granted: Box<dyn Fn() -> Option<usize>>,
    /// Rings when it may have, or when the connection has ended.
    said: Rc<Notify>,
    streams: Cell<usize>,
    /// Since when there is no stream on it.
    idle: Cell<Instant>,
    since: Instant,
}

/// A stream's place on its connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Stream(Rc<Http2>);

/// When a connection that has requests on it and says nothing is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct H2Pings {
    /// After so long it is asked for a sign of life.
    silence: Duration,
    /// And so long it may take to give one.
    patience: Duration,
}

impl Http2 {
    /// Begins on a stream of bytes. Its tasks end with the connection; the worker's `LocalSet`
    /// owns them, and each holds what is given back when the last has ended.
    pub(super) async fn begin<S>(
        stream: S,
        guards: Guards,
        signs: H2Pings,
    ) -> hyper::Result<Rc<Self>>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let said = Rc::new(Notify::new());
        let tasks = Tasks {
            guards: Rc::new(guards),
            turned: Rc::clone(&said),
        };
        let (sender, connection) = Builder::new(tasks.clone())
            .timer(TokioTimer::new())
            .initial_max_send_streams(UNSAID)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_header_list_size(MAX_HEAD)
            .keep_alive_interval(signs.silence)
            .keep_alive_timeout(signs.patience)
            .handshake(TokioIo::new(stream))
            .await?;
        let connection = Rc::new(RefCell::new(Some(connection)));
        tasks.execute(drive(Rc::clone(&connection)));
        let now = Instant::now();
        Ok(Rc::new(Self {
            sender: RefCell::new(sender),
            granted: Box::new(move || granted(&connection)),
            said,
            streams: Cell::new(0),
            idle: Cell::new(now),
            since: now,
        }))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.borrow().is_closed()
    }

    /// A place for one more stream, unless it has as many as GT takes.
    pub(super) fn open(self: &Rc<Self>) -> Option<Stream> {
        let streams = self.streams.get();
        // What GT does not take would wait in here for a stream to end, unseen.
        if streams >= (self.granted)().unwrap_or(1) {
            return None;
        }
        self.streams.set(streams + 1);
        Some(Stream(Rc::clone(self)))
    }

    /// Whether GT has not said yet how many streams it takes.
    pub(super) fn is_new(&self) -> bool {
        !self.is_closed() && (self.granted)().is_none()
    }

    /// Waits until it has, or has gone.
    pub(super) async fn settled(&self) {
        while self.is_new() {
            self.said.notified().await;
        }
    }

    /// For how long there has been no stream on it; `None` if there is one.
    pub(super) fn idle(&self, now: Instant) -> Option<Duration> {
        (self.streams.get() == 0).then(|| now.duration_since(self.idle.get()))
    }

    /// For how long it has been there.
    pub(super) fn age(&self, now: Instant) -> Duration {
        now.duration_since(self.since)
    }
}

impl Stream {
    /// Whether the connection is still there, as far as we know.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// The answer's head; or why there is none, and whether the request is as it was, because GT did
    /// not begin with it.
    pub(super) async fn send(
        &self,
        host: &Host,
        request: &mut Request<RequestBody>,
    ) -> Result<Response<Incoming>, (hyper::Error, bool)> {
        let taken = std::mem::replace(request, Request::new(RequestBody::Empty));
        let (mut head, body) = taken.into_parts();
        // Everything that is sent was checked to be a URI: this leaves it as it was.
        if let Ok(uri) = host.absolute(head.uri.clone()) {
            head.uri = uri;
        }
        head.version = Version::HTTP_2;
        // It is in `:authority`.
        head.headers.remove(header::HOST);
        // Most requests are here as a whole and cost little to keep for a second try.
        let again = body.again().map(|body| (head.clone(), body));
        let piped = Request::from_parts(head, Piped(body));
        let sent = self.0.sender.borrow_mut().try_send_request(piped);
        sent.await.map_err(|mut error| {
            let untaken = error
                .take_message()
                .map(|request| request.map(|Piped(body)| body));
            let error = error.into_error();
            let is_refused = || is_refused(&error);
            let again = || again.map(|(head, body)| Request::from_parts(head, body));
            let unsent = untaken.or_else(|| is_refused().then(again).flatten());
            let is_unsent = unsent.is_some();
            if let Some(unsent) = unsent {
                *request = unsent;
            }
            (error, is_unsent)
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let connection = &self.0;
        connection.streams.set(connection.streams.get() - 1);
        connection.idle.set(Instant::now());
    }
}

impl fmt::Debug for Http2 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Http2({} streams)", self.streams.get())
    }
}

/// Whether GT said that it did not begin with a request.
pub(super) fn is_refused(error: &hyper::Error) -> bool {
    of_h2(error).is_some_and(|error| {
        error.is_remote() && (error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM))
    })
}

/// Whether what came back is not HTTP/2.
pub(super) fn is_other_protocol(error: &hyper::Error) -> bool {
    of_h2(error).is_some_and(|error| error.is_library() && error.is_go_away())
}

fn of_h2(error: &hyper::Error) -> Option<&h2::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// `None` once it has ended: only when it is dropped, requests that it did not take come back.
type Shared<S> = Rc<RefCell<Option<Connection<TokioIo<S>, Piped, Tasks>>>>;

async fn drive<S>(connection: Shared<S>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let ended = poll_fn(|context| match &mut *connection.borrow_mut() {
        Some(connection) => Pin::new(connection).poll(context),
        None => Poll::Ready(Ok(())),
    });
    let ended = ended.await;
    drop(connection.borrow_mut().take());
    if let Err(error) = ended {
        tracing::debug!(error = error_chain(&error), "upstream connection ended");
    }
}

/// How many streams GT takes at a time, and we put on one connection; `None` until it has said.
fn granted<S>(connection: &Shared<S>) -> Option<usize>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let connection = connection.borrow();
    let granted = connection
        .as_ref()
        .map_or(0, Connection::current_max_send_streams);
    (granted != UNSAID).then(|| granted.min(MOST_STREAMS))
}

/// Runs a connection's tasks where it belongs.
#[derive(Clone, Debug)]
struct Tasks {
    guards: Rc<Guards>,
    turned: Rc<Notify>,
}

impl<F: Future<Output = ()> + 'static> Executor<F> for Tasks {
    /// Rings after each turn. The task that reads GT's SETTINGS is hyper's own, and hyper tells
    /// nobody: without this, whoever waits for them would wait until something else happens.
    fn execute(&self, task: F) {
        let Self { guards, turned } = self.clone();
        tokio::task::spawn_local(async move {
            let mut task = pin!(task);
            poll_fn(|context| {
                let polled = task.as_mut().poll(context);
                turned.notify_waiters();
                polled
            })
            .await;
            drop(guards);
        });
    }
}

/// A body whose failure resets its stream with the code that says what it is: nobody wants it.
#[derive(Debug)]
struct Piped(RequestBody);

impl Body for Piped {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let frame = Pin::new(&mut self.get_mut().0).poll_frame(context);
        frame.map(|frame| frame.map(|frame| frame.map_err(|_failure| Reason::CANCEL.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// More go onto another connection: one lost packet does not hold up all of a worker's answers.
const MOST_STREAMS: usize = 100;
/// In place of what GT has not said yet: no server takes just so many.
const UNSAID: usize = usize::MAX - 1;
/// What GT may send of an answer whose client does not read: memory that a slow reader costs us.
/// Events and JSON need a fraction; audio over 50 ms of distance still comes with 2.5 MB/s.
const STREAM_WINDOW: u32 = 128 << 10;
/// That of every stream together, so that clients that do not read hold up nobody else.
const CONNECTION_WINDOW: u32 = 100 * STREAM_WINDOW;
/// Of an upload, what waits here for GT's window: two pieces as clients send them. The rest stays
/// with the client.
const SEND_BUFFER: usize = 128 << 10;
/// As much as over HTTP/1.1.
const MAX_HEAD: u32 = 64 << 10;

impl Default for H2Pings {
    /// A GT that died without a word is noticed within half a minute, not after the first-byte time.
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(20),
            patience: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::{LocalSet, spawn_local};
    use tokio::time::timeout;

    use super::*;
    use crate::config::{UpstreamConfig, UpstreamUrl};
    use crate::observe::health::Health;
    use crate::observe::metrics::Metrics;
    use crate::upstream::hosts::Hosts;
    use signalbox_gate::Budget;

    fn hosts() -> Hosts {
        let url = UpstreamUrl::parse("http://127.0.0.1:9/api/tenant").unwrap();
        let metrics = Metrics::new(&Budget::new(1), &Budget::new(1), 0);
        let health = Arc::new(Health::default());
        Hosts::new(&UpstreamConfig::new(url), &health, &metrics).unwrap()
    }

    /// Takes a request, and then is not heard of again, although its connection stays.
    async fn dying(stream: tokio::io::DuplexStream) {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let _taken = connection.accept().await;
        pending::<()>().await;
    }

    /// Says what it grants only once a request has come, and nothing after that.
    async fn hesitating(mut stream: tokio::io::DuplexStream) {
        const PREFACE: usize = 24;
        const HEADERS: u8 = 1;
        stream.read_exact(&mut [0; PREFACE]).await.unwrap();
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length.try_into().unwrap()];
            stream.read_exact(&mut payload).await.unwrap();
            if head[3] == HEADERS {
                break;
            }
        }
        let empty_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        stream.write_all(&empty_settings).await.unwrap();
        pending::<()>().await;
    }

    fn run(trial: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, trial);
    }

    #[test]
    fn settings_that_come_after_a_request_are_seen_as_they_come() {
        run(async {
            let (near, far) = tokio::io::duplex(64 << 10);
            spawn_local(hesitating(far));
            let hosts = hosts();
            let host = Arc::clone(&hosts.list[0]);
            let guards = Guards::new(host.opens(&hosts.connections), None);
            let connection = Http2::begin(near, guards, H2Pings::default())
                .await
                .unwrap();
            let stream = connection.open().unwrap();
            spawn_local(async move {
                let mut request = Request::new(RequestBody::Empty);
                let _never = stream.send(&host, &mut request).await;
            });
            let settled = timeout(Duration::from_secs(10), connection.settled()).await;
            settled.expect("nobody is told");
            assert!(connection.open().is_some());
        });
    }

    #[test]
    fn a_connection_without_a_sign_of_life_is_given_up() {
        run(async {
            let (near, far) = tokio::io::duplex(64 << 10);
            spawn_local(dying(far));
            let hosts = hosts();
            let host = &hosts.list[0];
            let moment = Duration::from_millis(20);
            let signs = H2Pings {
                silence: moment,
                patience: moment,
            };
            let guards = Guards::new(host.opens(&hosts.connections), None);
            let connection = Http2::begin(near, guards, signs).await.unwrap();
            let stream = connection.open().unwrap();
            let mut request = Request::new(RequestBody::Empty);
            let sent = stream.send(host, &mut request);
            let sent = timeout(Duration::from_secs(30), sent).await;
            let (error, is_unsent) = sent.expect("it waits for ever").unwrap_err();
            assert!(error.is_timeout() && !is_unsent, "{error:?}");
            while !connection.is_closed() {
                tokio::task::yield_now().await;
            }
            assert!(connection.open().is_none());
        });
    }
}
