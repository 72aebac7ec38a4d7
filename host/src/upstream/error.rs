//! Why GT gave no answer.

use signalbox_gate::BodyFailure;
use signalbox_http::refusal::{Code, Refusal};

use super::http1::Http1Error;
use super::tls::CertificateProblem;

/// Why an exchange on a connection failed, in the words of its version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ExchangeError {
    #[error(transparent)]
    Http1(#[from] Http1Error),
    #[error(transparent)]
    Http2(#[from] hyper::Error),
    /// The stream was reset as if nobody wanted more of it.
    #[error("the upstream ended its answer before its end")]
    CutShort,
}

/// Why GT gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum UpstreamError {
    /// Every place in the pool stayed taken.
    #[error("all upstream connections are in use")]
    Busy,
    /// GT's certificate cannot be trusted. Nothing was sent.
    #[error("the upstream's certificate is not taken: {0}")]
    Certificate(CertificateProblem, #[source] std::io::Error),
    /// The client's own body failed while it was being passed on.
    #[error("the client's body did not arrive whole")]
    ClientBody(BodyFailure),
    /// No connection.
    #[error("cannot connect to the upstream: is it running, and is its address right?")]
    Connect(#[source] std::io::Error),
    /// No connection in time.
    #[error(
        "connecting to the upstream took too long: is it running, and does the way lead there?"
    )]
    ConnectTimeout,
    /// The request was sent and no answer began in time.
    #[error("the upstream did not begin to answer in time")]
    FirstByteTimeout,
    /// The connection ended after the request, or a part of it, was sent.
    #[error("the upstream connection was lost before the answer")]
    Lost(#[source] ExchangeError),
    /// What came back is not HTTP, or not the version that was agreed on.
    #[error("the upstream does not speak HTTP as it should")]
    Protocol(#[source] ExchangeError),
    /// GT said that it did not begin with the request, whose body is gone.
    #[error("the upstream refused the request before it began with it")]
    Refused(#[source] ExchangeError),
    /// The name has no address.
    #[error(
        "the upstream's name cannot be resolved: check it, and the name servers of this machine"
    )]
    Resolve(#[source] std::io::Error),
}

impl UpstreamError {
    /// A stable word for the log and the metrics.
    pub(crate) const fn cause(&self) -> &'static str {
        match self {
            Self::Busy => "pool_busy",
            Self::Certificate(..) => "certificate",
            Self::ClientBody(_) => "client_body",
            Self::Connect(_) => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::FirstByteTimeout => "first_byte_timeout",
            Self::Lost(_) => "lost",
            Self::Protocol(_) => "protocol",
            Self::Refused(_) => "refused",
            Self::Resolve(_) => "resolve",
        }
    }

    /// What the client is told.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Busy => Refusal::of(Code::Overloaded),
            Self::ClientBody(failure) => failure.refusal(),
            // Nothing was sent: the client's library may try again by itself.
            Self::Certificate(..)
            | Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Refused(_)
            | Self::Resolve(_) => Refusal::of(Code::UpstreamUnreachable).retry_after(1),
            Self::FirstByteTimeout => Refusal::of(Code::UpstreamTimeout),
            Self::Lost(_) => Refusal::new(
                Code::UpstreamUnreachable,
                "The connection to GT was lost after the request was sent. It may have had an effect.",
            ),
            Self::Protocol(_) => Refusal::of(Code::UpstreamProtocol),
        }
    }
}
