//! The bytes under one client connection.
//!
//! What a client is still sending when its connection ends is read for a moment, because a socket closed
//! over unread bytes takes the answer with it.

mod connection_state;
mod http1_body;
mod linger;
mod socket;
mod transport;

pub(crate) use connection_state::{ConnectionState, Exchange};
pub(crate) use http1_body::Http1Body;
pub(crate) use linger::Linger;
pub(crate) use socket::{PeekableSocket, Socket};
pub(crate) use transport::{Output, Shared as SharedTransport, Transport};
