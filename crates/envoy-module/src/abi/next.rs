//! What a hook comes to.

use bytes::Bytes;
use http::Response;

/// What becomes of what a hook is about.
#[derive(Debug)]
pub(crate) enum Next {
    /// It goes on.
    Continue,
    /// It waits. Nothing of it is left with Envoy.
    Wait,
    /// It waits. Envoy keeps what of the body is here, and reads on as far as its buffer goes.
    Hold,
    /// It waits, and this is done: the stream may be over with that.
    Done(Done),
}

/// The last thing that a hook does.
#[derive(Debug)]
pub(crate) enum Done {
    /// The client gets this response.
    Respond(Response<Bytes>),
    /// The response that has begun ends with this.
    EndWith(Bytes),
    /// The stream is reset.
    Reset,
    /// The request that was held goes on.
    GoOn,
    /// The response that was held goes on.
    GoOnWithResponse,
}
