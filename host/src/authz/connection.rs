//! One connection of a proxy: questions and their answers.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use http::{HeaderValue, Request, Response, header};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use signalbox_gate::{MAX_HEADERS, Peer};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_swap::error_chain;

use super::exchange;
use super::original::{self, Original};
use super::proxy::Proxy;
use crate::listener::client_io::ConnectionState;
use crate::listener::private::PrivateConnection;
use crate::observe::request_log::{Place, RequestLog};
use crate::request::pipeline;
use crate::request::response_body::ResponseBody;
use crate::request::steps;
use crate::server::phase::{Phase, Phases};
use crate::server::worker::Worker;

/// Serves a connection to its end.
pub(crate) async fn serve(worker: &Rc<Worker>, connection: PrivateConnection) {
    let config = &worker.shared.config;
    let stream = match connection.open(config.times.handshake.duration()).await {
        Ok(stream) => stream,
        Err(error) => {
            let metrics = &worker.shared.observers.metrics;
            metrics.connection_refused("handshake");
            tracing::warn!(error = error_chain(&error), "refused a caller of `authz`");
            return;
        }
    };
    let link = ConnectionState::new();
    let service =
        service_fn(|request| async { Ok::<_, Infallible>(answer(worker, &link, request).await) });
    let largest_head = usize::try_from(config.limits.head.bytes()).unwrap_or(usize::MAX);
    let mut served = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            // Also from one question to the next: a proxy keeps its connections.
            .header_read_timeout(config.times.connection_idle.duration())
            // The proxy's own headers come beside the client's.
            .max_headers(MAX_HEADERS + OWN_HEADERS)
            .max_buf_size(largest_head.saturating_add(OWN_HEAD))
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        served = &mut served => return told(served),
        () = draining(&worker.phases) => {}
    }
    served.as_mut().graceful_shutdown();
    told(served.await);
}

fn told(served: hyper::Result<()>) {
    if let Err(error) = served {
        tracing::debug!(error = error_chain(&error), "lost a connection of `authz`");
    }
}

/// Waits until the worker takes nothing new.
async fn draining(phases: &Rc<Phases>) {
    let mut listener = None;
    poll_fn(|context| {
        if phases.current() >= Phase::Draining {
            return Poll::Ready(());
        }
        listener = Some(phases.listen(context.waker()));
        Poll::Pending
    })
    .await;
    drop(listener);
}

/// What the proxy is told.
async fn answer(
    worker: &Worker,
    link: &Rc<ConnectionState>,
    request: Request<Incoming>,
) -> Response<ResponseBody> {
    let log = || {
        let place = Place::new(Rc::clone(&worker.counters), worker.begin(), link.begin());
        RequestLog::new(&worker.shared.observers, Some(place))
    };
    let (head, incoming) = request.into_parts();
    let peer = original::peer(&head.headers);
    let proxy = Proxy::of(head.uri.path());
    let refuse = |refusal| worker.shared.gate.refuse_malformed(peer, refusal, log());
    let Some(proxy) = proxy else {
        let respond = refuse(Refusal::new(Code::ProxyCannotRewrite, NO_PROXY));
        return pipeline::ours(respond);
    };
    let length = incoming.size_hint().exact();
    let original = match Original::read(proxy, head, length) {
        Ok(original) => original,
        Err(refusal) => return exchange::respond(proxy, refuse(refusal)),
    };
    let client = client(worker, peer, &original);
    let mut path = pin!(exchange::answer(
        worker,
        log(),
        client,
        proxy,
        original,
        incoming
    ));
    let mut answer = match steps::unless_panicked(path.as_mut()).await {
        Some(answer) => answer,
        None => pipeline::panicked(worker, log(), client),
    };
    if worker.phases.current() >= Phase::Leaving {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
    answer
}

fn client(worker: &Worker, peer: Peer, original: &Original) -> signalbox_gate::Client {
    let head = &original.head;
    worker
        .shared
        .gate
        .client_of(peer, &head.headers, head.version)
}

const NO_PROXY: &str =
    "The proxy before this gate asks at a path that is none of a proxy's. Tell the operator.";
/// What a proxy says of a request, at most.
const OWN_HEADERS: usize = 32;
const OWN_HEAD: usize = 64 << 10;
