//! The calls of a connection, handed over to whoever serves them.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use envoy_types::pb::envoy::service::ext_proc::v3::ProcessingRequest;
use envoy_types::pb::envoy::service::ext_proc::v3::external_processor_server::{
    ExternalProcessor, ExternalProcessorServer,
};
use tokio::sync::mpsc;
use tonic::codegen::{Body, Service, StdError, http};
use tonic::{Request, Response, Status, Streaming};

use crate::answers::{self, Answer, Answers};
use crate::door::Door;
use crate::exchange;

/// What a message may have at most.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a message, which has the whole body of a request.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // The largest JSON body by default, and what is around it.
        Self { message: 64 << 20 }
    }
}

impl Limits {
    /// For bodies of up to so many bytes.
    #[must_use]
    pub const fn for_bodies(bytes: usize) -> Self {
        Self {
            message: bytes.saturating_add(1 << 20),
        }
    }
}

/// The calls of a connection, as a service for hyper's HTTP/2. Each is handed over as a [`Call`].
#[derive(Clone)]
pub struct GrpcServer {
    processor: ExternalProcessorServer<Handover>,
}

/// A call that waits for somebody to serve it. Dropped, it ends with an error.
#[derive(Debug)]
pub struct Call(Kind);

#[derive(Debug)]
enum Kind {
    Process(Streaming<ProcessingRequest>, mpsc::Sender<Answer>),
}

#[derive(Clone, Debug)]
struct Handover(mpsc::UnboundedSender<Call>);

impl GrpcServer {
    /// A service, and its calls.
    #[must_use]
    pub fn new(limits: Limits) -> (Self, mpsc::UnboundedReceiver<Call>) {
        let (sender, calls) = mpsc::unbounded_channel();
        let processor = ExternalProcessorServer::new(Handover(sender))
            .max_decoding_message_size(limits.message)
            .max_encoding_message_size(limits.message);
        (Self { processor }, calls)
    }
}

impl Call {
    /// Serves it to its end.
    pub async fn serve<D: Door>(self, door: &D) {
        match self.0 {
            Kind::Process(incoming, answers) => exchange::process(door, incoming, answers).await,
        }
    }
}

#[tonic::async_trait]
impl ExternalProcessor for Handover {
    type ProcessStream = Answers;

    async fn process(
        &self,
        request: Request<Streaming<ProcessingRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let (sender, answers) = answers::channel();
        let call = Call(Kind::Process(request.into_inner(), sender));
        let handed = self.0.send(call);
        handed.map_err(|_gone| Status::unavailable("the gate ends"))?;
        Ok(Response::new(answers))
    }
}

impl<B> Service<http::Request<B>> for GrpcServer
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        self.processor.call(request)
    }
}

impl fmt::Debug for GrpcServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GrpcServer")
    }
}
