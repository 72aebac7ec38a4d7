//! What hyper's server reads: the reference.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use signalbox_gate::MAX_HEADERS;

use super::{Ending, LARGEST_HEAD, Seen};

/// What it reads of bytes that come in these pieces, and then no more.
pub(super) fn reads(pieces: &[&[u8]]) -> (Vec<Seen>, Ending) {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let io = Pieces::new(pieces);
    let service = service_fn(|request: Request<Incoming>| {
        let seen = Rc::clone(&seen);
        async move {
            let (head, mut body) = request.into_parts();
            let at = seen.borrow().len();
            seen.borrow_mut().push(Seen::of(&head));
            let mut content = Vec::new();
            while let Some(frame) =
                std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
            {
                // A body that cannot be read ends where that shows.
                let Ok(frame) = frame else {
                    seen.borrow_mut()[at].content.clone_from(&content);
                    std::future::pending::<()>().await;
                    continue;
                };
                content.extend_from_slice(&frame.into_data().unwrap_or_default());
                seen.borrow_mut()[at].content.clone_from(&content);
            }
            seen.borrow_mut()[at].is_whole = true;
            let mut answer = Response::new(Empty::<Bytes>::new());
            // Of a `CONNECT` that is granted no further request comes; none is.
            *answer.status_mut() = StatusCode::NOT_FOUND;
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_header_size(LARGEST_HEAD)
        .serve_connection(io, service);
    let ending = match run(pin!(connection)) {
        Some(Ok(())) => Ending::Closed,
        Some(Err(_)) => Ending::Refused,
        None => Ending::Open,
    };
    (seen.take(), ending)
}

/// What it writes of an answer to this request.
pub(super) fn writes(request: &[u8], answer: impl Fn() -> Response<Parts>) -> Vec<u8> {
    let io = Pieces::new(&[request]);
    let written = Rc::clone(&io.written);
    let service = service_fn(|_: Request<Incoming>| {
        let answer = answer();
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(io, service);
    let _ = run(pin!(connection));
    written.take()
}

/// Runs it until it has ended, or waits for what never comes.
fn run<F: Future>(mut connection: Pin<&mut F>) -> Option<F::Output> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    loop {
        woken.0.store(false, Relaxed);
        match connection.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(ended) => return Some(ended),
            Poll::Pending if !woken.0.load(Relaxed) => return None,
            Poll::Pending => {}
        }
    }
}

/// A body of these pieces.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) left: VecDeque<Bytes>,
    /// Whether it says how long it is.
    pub(super) says_length: bool,
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.left.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.says_length && self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.left.iter().map(|piece| piece.len() as u64).sum();
        match self.says_length {
            true => SizeHint::with_exact(length),
            false => SizeHint::default(),
        }
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// Gives one piece at a time, and after the last nothing more.
struct Pieces {
    left: VecDeque<Vec<u8>>,
    written: Rc<RefCell<Vec<u8>>>,
}

impl Pieces {
    fn new(pieces: &[&[u8]]) -> Self {
        Self {
            left: pieces.iter().map(|piece| piece.to_vec()).collect(),
            written: Rc::default(),
        }
    }
}

impl Read for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(mut piece) = self.left.pop_front() else {
            return Poll::Pending;
        };
        context.waker().wake_by_ref();
        let rest = piece.split_off(piece.len().min(buffer.remaining()));
        if !rest.is_empty() {
            self.left.push_front(rest);
        }
        buffer.put_slice(&piece);
        Poll::Ready(Ok(()))
    }
}

impl Write for Pieces {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.borrow_mut().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
