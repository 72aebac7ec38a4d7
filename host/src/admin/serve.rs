//! Connections of the admin listener.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use signalbox_runtime::Digest;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::api::{AdminApi, Peer};
use super::shares::{Displaced, Place, Shares};
use crate::listener::tls::Certificates;

/// Answers until `stopped` resolves. Transactions under way then are waited for and told of;
/// everybody else is cut.
pub(super) async fn serve(
    listener: TcpListener,
    mut certificates: Option<Certificates>,
    desk: Arc<AdminApi>,
    mut stopped: oneshot::Receiver<()>,
) {
    let (leave, leaving) = watch::channel(false);
    let mut connections = JoinSet::new();
    let shares = Arc::new(Shares::default());
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    let tls = certificates.as_ref().map(Certificates::acceptor);
                    let (place, displaced) = shares.enter();
                    let (desk, leaving) = (Arc::clone(&desk), leaving.clone());
                    let served = connection(stream, from, place, tls, desk, leaving);
                    connections.spawn(unless_displaced(served, displaced, from));
                    // The others read what has come before the next one may displace them.
                    yield_now().await;
                }
                // Out of descriptors, or a client that left: neither is a reason to stop.
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            _ = look.tick(), if certificates.is_some() => if let Some(outcome) = certificates.as_mut().and_then(Certificates::poll) {
                desk.overview.certificates(&outcome);
            },
        }
    }
    drop(listener);
    let _ = leave.send(true);
    desk.works.finish().await;
    let last_words = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(LAST_WORDS, last_words).await;
}

/// Serves a connection until a newer one gets its place.
async fn unless_displaced(
    served: impl Future<Output = ()>,
    displaced: Displaced,
    from: SocketAddr,
) {
    tokio::select! {
        biased;
        () = served => {}
        _ = displaced => tracing::debug!(%from, "closed a connection to the admin listener for a newer one"),
    }
}

async fn connection(
    stream: TcpStream,
    from: SocketAddr,
    place: Place,
    tls: Option<TlsAcceptor>,
    desk: Arc<AdminApi>,
    leaving: watch::Receiver<bool>,
) {
    // Steps of a swap are small, and somebody watches them.
    let _ = stream.set_nodelay(true);
    let mut peer = Peer {
        address: from.ip(),
        certificate: None,
        place,
    };
    let Some(acceptor) = tls else {
        return converse(stream, peer, desk, leaving).await;
    };
    let shaken = timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await;
    let Ok(Ok(stream)) = shaken else {
        tracing::debug!(%from, "no TLS with a client of the admin listener");
        return;
    };
    let shown = stream.get_ref().1.peer_certificates();
    peer.certificate = shown
        .and_then(<[_]>::first)
        .map(|certificate| Digest::of(certificate).to_string());
    converse(stream, peer, desk, leaving).await;
}

/// Answers requests of one connection.
async fn converse<S>(stream: S, peer: Peer, desk: Arc<AdminApi>, mut leaving: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (desk, peer) = (&desk, &peer);
    let service = service_fn(move |request: Request<Incoming>| async move {
        Ok::<_, Infallible>(desk.answer(peer, request).await)
    });
    let mut served = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_SIZE)
            .serve_connection(TokioIo::new(stream), service)
    );
    let leave = async {
        if leaving.wait_for(|is_time| *is_time).await.is_err() {
            // Whoever would have said so is gone, and this task goes with it.
            pending::<()>().await;
        }
    };
    tokio::select! {
        _ = &mut served => return,
        () = leave => {}
        () = sleep(CONNECTION_TIME) => {}
    }
    // The request under way is answered still: a swap may take a while, and so may its upload.
    served.as_mut().graceful_shutdown();
    let _ = timeout(REQUEST_TIME, served).await;
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// A changed file is noticed once it has stood still from one look to the next.
const LOOK: Duration = Duration::from_secs(1);
/// A few packets; whoever takes longer holds a place on purpose.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
const HEAD_TIME: Duration = Duration::from_secs(10);
/// The least hyper takes.
const HEAD_SIZE: usize = 8_192;
/// Scrapers come every 15 to 60 s and connect again without notice. A connection that is never
/// closed must not keep a place.
const CONNECTION_TIME: Duration = Duration::from_secs(300);
/// For the last request on it: five minutes of upload, and a transaction of many policies.
const REQUEST_TIME: Duration = Duration::from_secs(900);
/// For answers to go out after the last transaction has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
