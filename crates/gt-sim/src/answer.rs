//! Answers and their bodies.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use serde_json::Value;

/// The body of every answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, Cut>;

/// Something a body waits for.
pub(crate) type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why a connection ends without a (whole) answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cut {
    #[error("the connection is closed as asked")]
    Close,
    #[error("the connection is reset as asked")]
    Reset,
    #[error("the connection ends with bytes given by the test")]
    Raw(Vec<u8>),
    #[error("the request's body did not arrive")]
    Request(#[source] hyper::Error),
}

pub(crate) fn json(value: &Value) -> Response<Body> {
    bytes("application/json", value.to_string())
}

pub(crate) fn bytes(content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    of_type(content_type, whole(body))
}

pub(crate) fn of_type(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(crate) fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}
