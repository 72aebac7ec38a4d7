//! A listener for proxies, behind which GT's key is handed out: a Unix socket whose file says who may
//! connect, or mutual TLS with certificates for certain names. There is no third way.

mod proxy_listener;
mod socket_file;
mod stream;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::config::{PrivateListen, UnixSocket};
use crate::listener::tls::{ClientTls, TlsError};
pub(crate) use proxy_listener::{ProxyListener, ProxyThread};
use socket_file::SocketFile;
pub(crate) use stream::PrivateStream;

/// A private listener that is bound, and accepts nothing yet.
#[derive(Debug)]
pub(crate) struct PrivateListener {
    socket: Bound,
    tls: Option<Arc<ClientTls>>,
}

#[derive(Debug)]
enum Bound {
    Unix(UnixListener, SocketFile),
    Tcp(TcpListener, SocketAddr),
}

/// Where a private listener is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivateAddress {
    /// The file of a Unix socket.
    Unix(PathBuf),
    /// A TCP address with mutual TLS; with the port the system chose if the configuration says 0.
    MutualTls(SocketAddr),
}

/// Why there can be no private listener.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateListenError {
    /// Somebody listens there.
    #[error("somebody listens on `{}` already", .0.display())]
    InUse(PathBuf),
    /// What is there is no socket.
    #[error("`{}` is not a socket: it is not replaced", .0.display())]
    NotASocket(PathBuf),
    /// There is no such group.
    #[error("there is no group `{0}`")]
    Group(String),
    /// The file of a socket cannot be made.
    #[error("cannot listen on `{}`", path.display())]
    Socket {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The certificates cannot be used.
    #[error("the certificates cannot be used")]
    Tls(#[from] TlsError),
}

impl PrivateListener {
    /// Takes the place, and reads the certificates if there are to be any. `protocols` are those a
    /// caller may choose among by ALPN, best first.
    pub(crate) fn bind(
        listen: &PrivateListen,
        protocols: &'static [&'static [u8]],
    ) -> Result<Self, PrivateListenError> {
        let (socket, tls) = match listen {
            PrivateListen::Unix(socket) => (unix(socket)?, None),
            PrivateListen::MutualTls(mutual) => {
                let tls = ClientTls::of(mutual.files(), protocols)?;
                let address = mutual.address;
                let bound = tcp(address);
                let bound =
                    bound.map_err(|cause| PrivateListenError::Address { address, cause })?;
                (bound, Some(Arc::new(tls)))
            }
        };
        Ok(Self { socket, tls })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> PrivateAddress {
        match &self.socket {
            Bound::Unix(_, file) => PrivateAddress::Unix(file.path().to_owned()),
            Bound::Tcp(_, address) => PrivateAddress::MutualTls(*address),
        }
    }

    /// Its certificates, for whoever looks whether they have changed.
    pub(crate) const fn tls(&self) -> Option<&Arc<ClientTls>> {
        self.tls.as_ref()
    }

    /// Accepts from now on, in the runtime this is called in.
    pub(crate) fn start(self) -> io::Result<PrivateAcceptor> {
        let socket = match self.socket {
            Bound::Unix(listener, file) => {
                listener.set_nonblocking(true)?;
                Accepting::Unix(tokio::net::UnixListener::from_std(listener)?, file)
            }
            Bound::Tcp(listener, _) => {
                listener.set_nonblocking(true)?;
                Accepting::Tcp(tokio::net::TcpListener::from_std(listener)?)
            }
        };
        Ok(PrivateAcceptor {
            socket,
            tls: self.tls,
        })
    }
}

/// A private listener at work. Dropping it closes it, and takes the file of its socket away.
#[derive(Debug)]
pub(crate) struct PrivateAcceptor {
    socket: Accepting,
    tls: Option<Arc<ClientTls>>,
}

#[derive(Debug)]
enum Accepting {
    Unix(
        tokio::net::UnixListener,
        #[expect(dead_code, reason = "taken away when it is dropped")] SocketFile,
    ),
    Tcp(tokio::net::TcpListener),
}

/// A connection of which nothing is known yet. It may be opened in another runtime.
#[derive(Debug)]
pub(crate) enum PrivateConnection {
    Unix(UnixStream),
    /// Its handshake has not begun.
    MutualTls(TcpStream, Arc<ClientTls>),
}

impl PrivateAcceptor {
    /// The next connection. May be given up and called again.
    pub(crate) async fn accept(&self) -> io::Result<PrivateConnection> {
        match (&self.socket, &self.tls) {
            (Accepting::Unix(listener, _), _) => {
                let (stream, _) = listener.accept().await?;
                Ok(PrivateConnection::Unix(stream.into_std()?))
            }
            (Accepting::Tcp(listener), Some(tls)) => {
                let (stream, _) = listener.accept().await?;
                // Answers are small; with an error it just is so.
                let _ = stream.set_nodelay(true);
                let stream = stream.into_std()?;
                Ok(PrivateConnection::MutualTls(stream, Arc::clone(tls)))
            }
            // A port without certificates is never made.
            (Accepting::Tcp(_), None) => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }
}

impl PrivateConnection {
    /// The connection, once its caller has shown who it is; `within` is the time for that.
    pub(crate) async fn open(self, within: Duration) -> io::Result<PrivateStream> {
        match self {
            Self::Unix(stream) => tokio::net::UnixStream::from_std(stream).map(PrivateStream::Unix),
            Self::MutualTls(stream, tls) => {
                let stream = tokio::net::TcpStream::from_std(stream)?;
                let shaken = timeout(within, tls.acceptor().accept(stream)).await??;
                Ok(PrivateStream::MutualTls(Box::new(shaken)))
            }
        }
    }
}

impl fmt::Display for PrivateAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::MutualTls(address) => write!(formatter, "https://{address}"),
        }
    }
}

fn unix(socket: &UnixSocket) -> Result<Bound, PrivateListenError> {
    let (listener, file) = SocketFile::bind(socket)?;
    Ok(Bound::Unix(listener, file))
}

fn tcp(address: SocketAddr) -> io::Result<Bound> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    Ok(Bound::Tcp(listener, address))
}

#[cfg(test)]
mod tests;
