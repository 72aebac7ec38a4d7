//! What a connection is made of: a socket, or TLS on one.

use std::fmt;

use rustix::io::Errno;
use rustix::net::RecvFlags;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A stream of bytes in both directions.
pub(in crate::upstream) trait Io:
    AsyncRead + AsyncWrite + Unpin + fmt::Debug
{
    /// Whether the system has nothing of it: no bytes, and no end. What the runtime was told may be
    /// a turn old.
    fn is_silent(&self) -> bool;
}

impl Io for TcpStream {
    fn is_silent(&self) -> bool {
        let mut byte = [0];
        let looked = rustix::net::recv(self, &mut byte, RecvFlags::PEEK);
        looked.is_err_and(|error| error == Errno::AGAIN)
    }
}

impl Io for TlsStream<TcpStream> {
    fn is_silent(&self) -> bool {
        self.get_ref().0.is_silent()
    }
}
