//! The calls of a connection, handed over to whoever serves them.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use envoy_types::pb::envoy::service::auth::v3::authorization_server::{
    Authorization, AuthorizationServer,
};
use envoy_types::pb::envoy::service::auth::v3::{CheckRequest, CheckResponse};
use envoy_types::pb::envoy::service::ext_proc::v3::ProcessingRequest;
use envoy_types::pb::envoy::service::ext_proc::v3::external_processor_server::{
    ExternalProcessor, ExternalProcessorServer,
};
use tokio::sync::{mpsc, oneshot};
use tonic::codegen::{Body, Service, StdError, http};
use tonic::{Request, Response, Status, Streaming};

use crate::answers::{self, Answer, Answers};
use crate::authorization::{check, unless_cut};
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
    authorization: AuthorizationServer<Handover>,
}

/// A call that waits for somebody to serve it. Dropped, it ends with an error.
#[derive(Debug)]
pub struct Call(Kind);

#[derive(Debug)]
enum Kind {
    Process(Box<Streaming<ProcessingRequest>>, mpsc::Sender<Answer>),
    Check(Box<CheckRequest>, oneshot::Sender<CheckResponse>),
}

#[derive(Clone, Debug)]
struct Handover(mpsc::UnboundedSender<Call>);

impl GrpcServer {
    /// A service, and its calls.
    #[must_use]
    pub fn new(limits: Limits) -> (Self, mpsc::UnboundedReceiver<Call>) {
        let (sender, calls) = mpsc::unbounded_channel();
        let handover = Handover(sender);
        let processor = ExternalProcessorServer::new(handover.clone())
            .max_decoding_message_size(limits.message)
            .max_encoding_message_size(limits.message);
        let authorization = AuthorizationServer::new(handover)
            .max_decoding_message_size(limits.message)
            .max_encoding_message_size(limits.message);
        let server = Self {
            processor,
            authorization,
        };
        (server, calls)
    }
}

impl Call {
    /// Serves it to its end.
    pub async fn serve<D: Door>(self, door: &D) {
        match self.0 {
            Kind::Process(incoming, answers) => exchange::process(door, *incoming, answers).await,
            Kind::Check(request, tell) => {
                if let Some(answer) = unless_cut(door, check(door, *request)).await {
                    // Envoy may not wait for it any more.
                    let _ = tell.send(answer);
                }
            }
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
        let call = Call(Kind::Process(Box::new(request.into_inner()), sender));
        let handed = self.0.send(call);
        handed.map_err(|_gone| Status::unavailable("the gate ends"))?;
        Ok(Response::new(answers))
    }
}

#[tonic::async_trait]
impl Authorization for Handover {
    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let (tell, told) = oneshot::channel();
        let call = Call(Kind::Check(Box::new(request.into_inner()), tell));
        let gone = || Status::unavailable("the gate ends");
        self.0.send(call).map_err(|_gone| gone())?;
        // Nobody answers: Envoy refuses what is not answered.
        told.await.map(Response::new).map_err(|_gone| gone())
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
        match request.uri().path().starts_with(AUTHORIZATION) {
            true => self.authorization.call(request),
            // It answers what nobody knows as gRPC has it.
            false => self.processor.call(request),
        }
    }
}

impl fmt::Debug for GrpcServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GrpcServer")
    }
}

const AUTHORIZATION: &str = "/envoy.service.auth.v3.Authorization/";
