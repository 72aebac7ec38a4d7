//! A request as it came.

use bytes::Bytes;
use http::request::Parts;

use crate::request::client::Client;
use crate::request::framed::Framed;

/// A request as it came.
#[derive(Debug)]
pub struct IncomingRequest {
    /// Its head, as the client sent it.
    pub head: Parts,
    /// Who sent it: see [`Gate::client_of`](crate::Gate::client_of).
    pub client: Client,
    /// Whether the head said in more than one way where the body ends, for doors whose HTTP library
    /// does not refuse that.
    pub framing: Framed,
    /// The length of the body; `None` if its end is not known yet, zero if there is none.
    pub declared: Option<u64>,
    /// The whole body, if it came with the head and is small. The door keeps it: if the gate does
    /// not look into it, it is what [`RestOfBody`](crate::RestOfBody) lets through first.
    pub whole: Option<Bytes>,
}

impl IncomingRequest {
    /// A request whose body the door has not looked at, and whose head says in one way where it ends.
    #[must_use]
    pub const fn new(head: Parts, client: Client, declared: Option<u64>) -> Self {
        Self {
            head,
            client,
            framing: Framed::Plainly,
            declared,
            whole: None,
        }
    }
}
