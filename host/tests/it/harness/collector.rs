//! A collector of traces: takes OTLP over HTTP and reads what came.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;

use super::within;

/// A collector of traces.
#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    came: Arc<Mutex<Vec<Export>>>,
}

/// One export.
#[derive(Clone)]
pub(crate) struct Export {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) request: ExportTraceServiceRequest,
}

/// What it does with an export.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    Takes,
    Refuses,
    Stalls,
}

impl Collector {
    pub(crate) fn start(manner: Manner) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        let came: Arc<Mutex<Vec<Export>>> = Arc::default();
        let kept = Arc::clone(&came);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                loop {
                    let (socket, _) = listener.accept().await.unwrap();
                    let kept = Arc::clone(&kept);
                    tokio::task::spawn_local(async move {
                        let answer = service_fn(|request| take(request, manner, &kept));
                        let served =
                            http1::Builder::new().serve_connection(TokioIo::new(socket), answer);
                        // A host that gives up closes the connection.
                        let _ = served.await;
                    });
                }
            });
        });
        let address = told.recv().unwrap();
        Self { address, came }
    }

    pub(crate) fn exports(&self) -> Vec<Export> {
        self.came.lock().unwrap().clone()
    }

    /// The spans that came, once there are so many.
    pub(crate) fn spans(&self, count: usize) -> Vec<Span> {
        let spans = || -> Vec<Span> {
            let exports = self.exports();
            let resources = exports
                .iter()
                .flat_map(|export| &export.request.resource_spans);
            let scopes = resources.flat_map(|resource| &resource.scope_spans);
            scopes.flat_map(|scope| scope.spans.clone()).collect()
        };
        within(|| spans().len() >= count);
        let spans = spans();
        assert_eq!(spans.len(), count, "{spans:?}");
        spans
    }
}

/// An attribute of a span as text; `None` if it has none of that name.
pub(crate) fn attribute(span: &Span, key: &str) -> Option<String> {
    let mut named = span.attributes.iter().filter(|pair| pair.key == key);
    let pair = named.next()?;
    assert!(named.next().is_none(), "`{key}` twice");
    match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{key}: {other:?}"),
    }
}

async fn take(
    request: Request<Incoming>,
    manner: Manner,
    kept: &Mutex<Vec<Export>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    kept.lock().unwrap().push(Export {
        path: head.uri.path().to_owned(),
        headers: head.headers,
        request: ExportTraceServiceRequest::decode(bytes.clone()).unwrap(),
        bytes,
    });
    let mut answer = Response::new(Full::default());
    match manner {
        Manner::Takes => {}
        Manner::Refuses => *answer.status_mut() = StatusCode::BAD_REQUEST,
        Manner::Stalls => std::future::pending().await,
    }
    Ok(answer)
}
