//! Signalbox in a proxy on [Pingora](https://docs.rs/pingora): what each hook of `ProxyHttp` does for the gate.
//!
//! A proxy has a [`PolicyGate`], an [`Exchange`] in the context of each request, and calls from its own hooks those
//! of the same name here. All of them are needed: what one decides, another acts on. The head that goes to GT is made in
//! [`PolicyGate::upstream_request_filter`]; without it the client's own would go there, its token included.
//!
//! | hook of `ProxyHttp` | here |
//! | --- | --- |
//! | `request_filter` | every check, the policy, and as much of the body as the policy has to know; refuses |
//! | `upstream_request_filter` | the head for GT |
//! | `request_body_filter` | the body for GT: what was read, with the model's name replaced, then the rest |
//! | `upstream_response_filter` | the head for the client |
//! | `response_body_filter` | GT's body for the client, restamped |
//! | `error_while_proxy` | what may be sent once more, and what may not |
//! | `fail_to_proxy` | the refusal, in the gate's words, or the end of a stream |
//!
//! `examples/pingora_proxy.rs` is a whole proxy.
//!
//! # How a body is passed on
//!
//! Pingora sends the head upstream before it asks the filter for the body, and the head depends on the model. So
//! `request_filter` reads the body as far as the gate wants it. What was read there Pingora passes on only from its buffer
//! for retries, which holds 64 KiB: for a body whose length is known the buffer is switched on for its end, whatever its
//! size. A body without a length that has to be read whole and is larger than the buffer is refused with 413.
//!
//! # What Pingora cannot
//!
//! - Its hooks are called when something comes. While GT is quiet nobody looks whether a key or a policy has ended:
//!   that is noticed at the next byte, or when `read_timeout` of the peer is over.
//! - Over HTTP/2 upstream the end of a body may come without a call: connect to GT with HTTP/1.1, which is the default.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod client_body;
mod exchange;
mod failure;
mod head;
mod model_lists;
mod models;
mod policy_gate;
mod request;
mod respond;
mod response;
mod times;
mod upload;

pub use exchange::Exchange;
pub use policy_gate::PolicyGate;
pub use times::Times;
