//! Why there is no answer.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why there is no answer, or not all of it.
///
/// Exhaustive on purpose: each caller has its own words and its own help for every one.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// The connection ended early.
    #[error("the connection was lost")]
    Lost(#[source] hyper::Error),
    /// What came is not HTTP/1, or its head is longer than allowed.
    #[error("the answer is not HTTP/1.1")]
    Protocol(#[source] hyper::Error),
    /// Nothing came for too long.
    #[error("the server was silent for {} s {phase}", limit.as_secs_f32())]
    Silent {
        /// During what.
        phase: Phase,
        /// The limit.
        limit: Duration,
    },
    /// All of it took too long.
    #[error("the server took longer than {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// No TLS, or not with whom we meant.
    #[error("cannot speak TLS")]
    Tls(#[source] io::Error),
    /// The body is longer than this, which is what is allowed.
    #[error("the answer has more than {0} bytes")]
    TooLong(u64),
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The head of an answer.
    Answer,
    /// More of its body.
    Body,
    /// A connection, TLS and all.
    Connect,
}

impl From<hyper::Error> for ClientError {
    fn from(error: hyper::Error) -> Self {
        // With TLS 1.3 a server says only behind the handshake that it wants a certificate.
        let io = error
            .source()
            .and_then(<dyn std::error::Error>::downcast_ref);
        let tls = io.and_then(|io: &io::Error| io.get_ref()?.downcast_ref::<rustls::Error>());
        match tls {
            Some(cause) => Self::Tls(io::Error::other(cause.clone())),
            None if error.is_parse() => Self::Protocol(error),
            None => Self::Lost(error),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Answer => "before it answered",
            Self::Body => "in the middle of an answer",
            Self::Connect => "while a connection was made",
        })
    }
}
