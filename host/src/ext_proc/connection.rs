//! One connection of Envoy: HTTP/2, and a stream of gRPC for each request.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use signalbox_ext_proc::{GrpcServer, Limits};
use signalbox_swap::error_chain;
use tonic::codegen::Service as _;

use super::door::HostDoor;
use crate::listener::client_io::ConnectionState;
use crate::listener::private::PrivateConnection;
use crate::server::phase::Phase;
use crate::server::worker::Worker;

/// Serves a connection to its end.
pub(crate) async fn serve(worker: &Rc<Worker>, connection: PrivateConnection) {
    let config = &worker.shared.config;
    let stream = match connection.open(config.times.handshake.duration()).await {
        Ok(stream) => stream,
        Err(error) => {
            let metrics = &worker.shared.observers.metrics;
            metrics.connection_refused("handshake");
            tracing::warn!(
                error = error_chain(&error),
                "refused a caller of `ext_proc`"
            );
            return;
        }
    };
    let door = Rc::new(HostDoor {
        worker: Rc::clone(worker),
        link: ConnectionState::new(),
        upstream: worker.shared.upstream.hosts.authority(),
    });
    let largest = usize::try_from(config.limits.json_body.bytes()).unwrap_or(usize::MAX);
    let (server, mut calls) = GrpcServer::new(Limits::for_bodies(largest));
    let service = service_fn(|request| server.clone().call(request));
    let mut served = pin!(
        http2::Builder::new(OnWorker)
            .timer(TokioTimer::new())
            .keep_alive_interval(ALIVE)
            .keep_alive_timeout(ALIVE)
            // The limit of requests is the gate's: one connection is a whole proxy.
            .max_concurrent_streams(config.limits.requests)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service)
    );
    let mut is_leaving = false;
    loop {
        tokio::select! {
            ended = &mut served => {
                if let Err(error) = ended {
                    tracing::debug!(error = error_chain(&error), "lost a connection of `ext_proc`");
                }
                return;
            }
            Some(call) = calls.recv() => {
                let door = Rc::clone(&door);
                // The `LocalSet` of the worker owns it; a panic in it ends its stream with an error.
                tokio::task::spawn_local(async move { call.serve(&*door).await });
            }
            () = door.enters(Phase::Draining), if !is_leaving => {
                is_leaving = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Runs what hyper wants to run beside a connection on its worker.
#[derive(Clone, Copy)]
struct OnWorker;

impl<F: Future<Output: 'static> + 'static> Executor<F> for OnWorker {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

/// A proxy that is not there any more is noticed within twice this.
const ALIVE: Duration = Duration::from_secs(20);
/// The whole of most bodies.
const STREAM_WINDOW: u32 = 1 << 20;
/// What one proxy can make us hold of what it sends.
const CONNECTION_WINDOW: u32 = 16 << 20;
