//! Connections of the admin listener.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::route::Desk;

/// Answers until `stopped` resolves; whoever is being answered then is cut.
pub(super) async fn serve(
    listener: TcpListener,
    desk: Arc<Desk>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&desk)));
                }
                // Out of descriptors, or a client that left: neither is a reason to stop.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, desk: Arc<Desk>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (head, _unread) = request.into_parts();
        let answer = desk.answer(&head);
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), service);
    // A connection without a whole request, or one that is never closed, must not keep a place.
    let _ = tokio::time::timeout(CONNECTION_TIME, served).await;
}

/// Probes, scrapers and a few people; more wait in the backlog.
const MOST_CONNECTIONS: usize = 64;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const HEAD_TIME: Duration = Duration::from_secs(10);
/// The least hyper takes.
const HEAD_SIZE: usize = 8_192;
/// Scrapers come every 15 to 60 s and connect again without notice.
const CONNECTION_TIME: Duration = Duration::from_secs(300);
