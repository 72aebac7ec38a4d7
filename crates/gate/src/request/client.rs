//! Who sent a request, as far as the network says.

use std::net::{IpAddr, SocketAddr};

use http::Version;

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it is.
    pub address: SocketAddr,
    /// Whether it came over TLS.
    pub is_tls: bool,
}

impl Peer {
    /// The other end of a connection without TLS.
    #[must_use]
    pub const fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            is_tls: false,
        }
    }
}

/// Who sent one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The client's address: the peer's own, or what a trusted hop says.
    pub address: IpAddr,
    /// Who the connection is from.
    pub peer: SocketAddr,
    /// Whether it came over TLS.
    pub is_tls: bool,
    /// The HTTP version of the request.
    pub version: Version,
}

impl Client {
    /// Who sent what never became a request.
    pub fn unheard(peer: Peer) -> Self {
        Self {
            address: peer.address.ip().to_canonical(),
            peer: peer.address,
            is_tls: peer.is_tls,
            version: Version::HTTP_11,
        }
    }
}
