//! Requests for a key set.
//!
//! No redirect is followed: who may say what the keys are is what the operator wrote.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};
use signalbox_http_client::{ClientError, Connection, Limits, Roots, Scheme, Tls, TlsError, Url};

/// A way to a key set.
pub(super) struct Fetch {
    url: Url,
    tls: Option<Tls>,
}

/// Why a key set could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Another status than 200. Redirects are not followed.
    #[error("the server answers {0}")]
    Status(StatusCode),
    /// There is no answer, or it is none of a key set.
    #[error(transparent)]
    Unanswered(#[from] ClientError),
}

impl Fetch {
    pub(super) fn new(url: Url, ca_file: Option<&Path>) -> Result<Self, TlsError> {
        let tls = match url.origin.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(Tls::new(Roots::read(ca_file)?)?),
        };
        Ok(Self { url, tls })
    }

    /// The set as it came, of at most so many bytes.
    pub(super) async fn get(&self, most: u64) -> Result<Vec<u8>, FetchError> {
        let mut request = Request::new(String::new());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, json);
        let limits = Limits::new(TIME, most);
        let connection = Connection::open(&self.url, self.tls.as_ref(), limits).await?;
        let answer = connection.send(request).await?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body().whole().await?),
            status => Err(FetchError::Status(status)),
        }
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fetch({})", self.url.origin)
    }
}

/// A key set is a few KiB. At start the host waits so long for all of them, once.
const TIME: Duration = Duration::from_secs(5);
