//! The service that asks first.

use std::convert::Infallible;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::config::Config;
use crate::exchange::handle;
use crate::inner::Inner;
use crate::request_body::RequestBody;
use crate::response_body::ResponseBody;

/// A service that lets through what its gate lets through, and answers the rest by itself.
///
/// It never fails: whatever goes wrong is a response. Where the inner service could not be made ready,
/// the request that follows is checked as always, and refused where it would have gone on.
#[derive(Clone, Debug)]
pub struct Policy<S> {
    inner: S,
    /// Whether the last call of `poll_ready` came back with an error.
    has_failed: bool,
    config: Arc<Config>,
}

impl<S> Policy<S> {
    pub(crate) const fn new(inner: S, config: Arc<Config>) -> Self {
        Self {
            inner,
            has_failed: false,
            config,
        }
    }
}

impl<S, B, R> Service<Request<B>> for Policy<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    R: Body + Send + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = Infallible;
    type Future = ResponseFuture<R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.has_failed = ready!(self.inner.poll_ready(context)).is_err();
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<R> {
        // The one that is ready goes with the request; its copy has to be asked anew.
        let copy = self.inner.clone();
        let ready = mem::replace(&mut self.inner, copy);
        let inner = Inner::new(ready, mem::take(&mut self.has_failed));
        let config = Arc::clone(&self.config);
        ResponseFuture(Box::pin(handle(config, inner, request)))
    }
}

/// The response to come. Dropped, the exchange ends and gives back what it held.
pub struct ResponseFuture<R>(Pin<Box<dyn Future<Output = Response<ResponseBody<R>>> + Send>>);

impl<R> Future for ResponseFuture<R> {
    type Output = Result<Response<ResponseBody<R>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(Ok)
    }
}

impl<R> fmt::Debug for ResponseFuture<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ResponseFuture")
    }
}
