//! The inner service of one request.

use std::future::poll_fn;

use http::request::Parts;
use http::{Request, Response};
use tower_service::Service;

use crate::request_body::RequestBody;

/// The inner service of one request: it was polled ready for the first call, and is for each other.
#[derive(Debug)]
pub(crate) struct Inner<S> {
    service: S,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Ready,
    Called,
    Failed,
}

/// GT was not reached, or its response did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InnerError {
    /// Nothing was sent.
    NotReady,
    /// The request may have been sent.
    Lost,
}

impl<S> Inner<S> {
    pub(crate) const fn new(service: S, has_failed: bool) -> Self {
        let state = match has_failed {
            true => State::Failed,
            false => State::Ready,
        };
        Self { service, state }
    }

    /// Sends a request to GT.
    pub(crate) async fn call<B, R>(
        &mut self,
        head: Parts,
        body: RequestBody<B>,
    ) -> Result<Response<R>, InnerError>
    where
        S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    {
        match std::mem::replace(&mut self.state, State::Called) {
            State::Ready => {}
            State::Called => poll_fn(|context| self.service.poll_ready(context))
                .await
                .map_err(|_error| InnerError::NotReady)?,
            State::Failed => return Err(InnerError::NotReady),
        }
        let response = self.service.call(Request::from_parts(head, body));
        response.await.map_err(|_error| InnerError::Lost)
    }
}
