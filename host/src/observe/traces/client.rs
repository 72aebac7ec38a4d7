//! One request at a time to the collector: a connection for each, over TLS that is always verified.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use opentelemetry_http::{HttpClient, HttpError};
use signalbox_http_client::{Connection, Limits, Roots, Scheme, Tls, TlsError, Url};

use crate::config::TraceSettings;
use crate::file_watcher;

/// Why no span could ever reach the collector.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectorError {
    /// The file with further headers cannot be used.
    #[error("`{}` is no file of `name: value` lines", .0.display())]
    Headers(PathBuf),
    /// The system trusts nobody.
    #[error("this system has no certificate authorities: name a `ca_file`")]
    NoAuthorities,
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// The environment asks for what this build cannot do.
    #[error("the exporter cannot be set up")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
    /// A thread was not to be had.
    #[error("cannot start the exporting thread")]
    Thread(#[source] io::Error),
}

/// A token may just be replaced.
#[derive(Debug, thiserror::Error)]
#[error("the headers for the collector cannot be read")]
struct UnreadHeaders;

/// The collector, and what it takes to speak to it.
#[derive(Clone)]
pub(crate) struct Collector {
    url: Url,
    tls: Option<Tls>,
    headers_file: Option<PathBuf>,
    limits: Limits,
}

impl Collector {
    pub(crate) fn new(settings: &TraceSettings) -> Result<Self, CollectorError> {
        let mut url = settings.endpoint.clone();
        if url.target == "/" {
            // Where OTLP has it.
            url.target = PathAndQuery::from_static("/v1/traces");
        }
        let tls = match url.origin.scheme {
            Scheme::Http => None,
            Scheme::Https => {
                let roots = Roots::read(settings.ca_file.as_deref())?;
                if roots.is_empty() {
                    return Err(CollectorError::NoAuthorities);
                }
                Some(Tls::new(roots)?)
            }
        };
        let collector = Self {
            url,
            tls,
            headers_file: settings.headers_file.clone(),
            limits: Limits::new(settings.timeout.duration(), LARGEST_ANSWER),
        };
        match (collector.headers(), &settings.headers_file) {
            (None, Some(file)) => Err(CollectorError::Headers(file.clone())),
            _ => Ok(collector),
        }
    }

    pub(super) fn url(&self) -> String {
        self.url.to_string()
    }

    /// The operator's headers; `None` if they cannot be read. Read each time, so that a token can
    /// be replaced.
    fn headers(&self) -> Option<HeaderMap> {
        let Some(file) = &self.headers_file else {
            return Some(HeaderMap::new());
        };
        let text = file_watcher::read_text(file, LARGEST_HEADERS).ok()?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(header_line).collect()
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (mut head, body) = request.into_parts();
        head.headers.extend(self.headers().ok_or(UnreadHeaders)?);
        let request = Request::from_parts(head, Full::new(body));
        let connection = Connection::open(&self.url, self.tls.as_ref(), self.limits).await?;
        let (head, body) = connection.send(request).await?.into_parts();
        Ok(Response::from_parts(head, body.whole().await?.into()))
    }
}

/// A name or a token would have no place in a log.
impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Collector({})", self.url)
    }
}

impl HttpClient for Collector {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(self.send(request))
    }
}

fn header_line(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value))
}

/// A collector answers with a few bytes.
const LARGEST_ANSWER: u64 = 1 << 20;
const LARGEST_HEADERS: u64 = 64 << 10;
