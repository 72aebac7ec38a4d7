//! One client connection: hyper on it, the times it may take, and its way out.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::answer::{AnswerBody, Held};
use crate::client::{Client, Peer};
use crate::phase::Phase;
use crate::request_path;
use crate::wire::{Link, Wire};
use crate::worker::Worker;

/// Serves a connection to its end.
pub(crate) async fn serve(worker: &Rc<Worker>, socket: TcpStream, peer: Peer) {
    let link = Link::new();
    let service = service_fn(|request| {
        let client = Client::of(peer, &request);
        answer(Rc::clone(worker), Rc::clone(&link), client, request)
    });
    let came_late = worker.phases.current() >= Phase::Draining;
    let head = worker.shared.config.limits.head.in_memory();
    let connection = http1::Builder::new()
        // What was in the backlog gets its one answer.
        .keep_alive(!came_late)
        // Our own clock tells a slow head from an idle connection.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_header_size(head)
        .max_buf_size(head.max(MIN_BUFFER) * 2)
        .serve_connection(Wire::new(socket, Rc::clone(&link)), service);
    let mut connection = pin!(connection);
    let times = &worker.shared.config.times;
    let patience = Patience {
        head: times.head.duration(),
        idle: if came_late {
            LATE
        } else {
            times.connection_idle.duration()
        },
    };
    let mut clock = pin!(sleep(patience.stride()));
    let mut listener = None;
    let mut was_told = came_late;
    let ended = poll_fn(|context| {
        listener.get_or_insert_with(|| worker.phases.listen(context.waker()));
        if worker.phases.current() >= Phase::Draining && !was_told {
            was_told = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(ended) = connection.as_mut().poll(context) {
            return Poll::Ready(Some(ended));
        }
        patience.poll(&link, clock.as_mut(), context).map(|()| None)
    });
    match ended.await {
        Some(Ok(())) => {}
        Some(Err(error)) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "client connection ended"
            );
        }
        None => tracing::debug!("client connection closed: no request for too long"),
    }
}

/// How long a client may take with its next request.
#[derive(Clone, Copy, Debug)]
struct Patience {
    head: Duration,
    idle: Duration,
}

impl Patience {
    /// Ready once the client has let its time pass.
    ///
    /// The timer runs in strides no longer than any of the times, and what is due is worked out
    /// when one ends: a request does not touch the timer.
    fn poll(self, link: &Link, mut clock: Pin<&mut Sleep>, context: &mut Context<'_>) -> Poll<()> {
        while clock.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            let due = link.deadline(self.head, self.idle);
            if due.is_some_and(|due| due <= now) {
                return Poll::Ready(());
            }
            let next = now + self.stride();
            clock.as_mut().reset(due.map_or(next, |due| due.min(next)));
        }
        Poll::Pending
    }

    /// Never nothing, or the clock would not stop.
    fn stride(self) -> Duration {
        self.head.min(self.idle).max(Duration::from_millis(1))
    }
}

/// Answers one request; a panic on the way is a refusal too.
async fn answer(
    worker: Rc<Worker>,
    link: Rc<Link>,
    client: Client,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let mut path = pin!(request_path::serve(
        &worker,
        Held::new(&worker, &link, client),
        request
    ));
    let walked = poll_fn(|context| {
        // Whatever the request held is dropped with it; nothing of it is looked at again.
        match catch_unwind(AssertUnwindSafe(|| path.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_panic) => Poll::Ready(None),
        }
    });
    let answer = match walked.await {
        Some(answer) => answer,
        None => request_path::panicked(Held::new(&worker, &link, client)),
    };
    link.answered();
    Ok(answer)
}

/// Twice what the chattiest clients send through proxies.
const MAX_HEADERS: usize = 128;
/// For the request of a connection that waited in the backlog.
const LATE: Duration = Duration::from_secs(5);
/// Bodies are read in pieces of up to this size.
const MIN_BUFFER: usize = 64 << 10;
