//! One request at a time to the collector: a connection for each, over TLS that is always verified.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::config::{Scheme, TraceSettings, UpstreamUrl};
use crate::file_watcher;

/// Why no span could ever reach the collector.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectorError {
    /// Its host is neither a DNS name nor an address.
    #[error("`{0}` is not a host name")]
    Host(String),
    /// The file with further headers cannot be used.
    #[error("`{}` is no file of `name: value` lines", .0.display())]
    Headers(PathBuf),
    /// The file with certificate authorities cannot be used, or the system has none.
    #[error("there are no certificate authorities to trust{}", file(.0.as_deref()))]
    Authorities(Option<PathBuf>),
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// The environment asks for what this build cannot do.
    #[error("the exporter cannot be set up")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
    /// A thread was not to be had.
    #[error("cannot start the exporting thread")]
    Thread(#[source] io::Error),
}

fn file(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| format!(" in `{}`", path.display()))
}

/// Why one request did not reach it.
#[derive(Debug, thiserror::Error)]
enum Unreached {
    #[error("the collector did not answer in time")]
    TooLate,
    #[error("the headers for the collector cannot be read")]
    Headers,
}

/// The collector, and what it takes to speak to it.
#[derive(Clone)]
pub(crate) struct Collector {
    url: UpstreamUrl,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    headers_file: Option<PathBuf>,
    timeout: Duration,
}

impl Collector {
    pub(crate) fn new(settings: &TraceSettings) -> Result<Self, CollectorError> {
        let mut url = settings.endpoint.clone();
        if url.base_path.is_empty() {
            // Where OTLP has it.
            url.base_path = "/v1/traces".to_owned();
        }
        let tls = match url.scheme {
            Scheme::Http => None,
            Scheme::Https => {
                let name = ServerName::try_from(url.host.clone());
                let name = name.map_err(|_| CollectorError::Host(url.host.clone()))?;
                let config = tls_config(settings.ca_file.as_deref())?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
        };
        let collector = Self {
            url,
            tls,
            headers_file: settings.headers_file.clone(),
            timeout: settings.timeout.duration(),
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
        head.headers
            .extend(self.headers().ok_or(Unreached::Headers)?);
        let host = HeaderValue::try_from(self.url.authority())?;
        head.headers.insert(header::HOST, host);
        head.uri = self.url.base_path.parse()?;
        let request = Request::from_parts(head, Full::new(body));
        let socket = TcpStream::connect((&*self.url.host, self.url.port)).await?;
        match &self.tls {
            None => exchange(socket, request).await,
            Some((connector, name)) => {
                exchange(connector.connect(name.clone(), socket).await?, request).await
            }
        }
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
        Box::pin(async move {
            let sent = timeout(self.timeout, self.send(request)).await;
            sent.map_err(|_elapsed| Unreached::TooLate)?
        })
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut answer = pin!(async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await?;
        Ok::<_, HttpError>(Response::from_parts(head, body.to_bytes()))
    });
    // The connection is driven as long as the answer is read, and no longer.
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = connection => {
            ended?;
            answer.await
        }
    }
}

fn header_line(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value))
}

fn tls_config(ca_file: Option<&Path>) -> Result<ClientConfig, CollectorError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(CollectorError::Tls)?
        .with_root_certificates(roots(ca_file)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, CollectorError> {
    let unusable = || CollectorError::Authorities(ca_file.map(Path::to_owned));
    let mut roots = RootCertStore::empty();
    match ca_file {
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Some(file) => {
            let pem = std::fs::read(file).map_err(|_| unusable())?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|_| unusable())?;
                roots.add(certificate).map_err(|_| unusable())?;
            }
        }
    }
    if roots.is_empty() {
        return Err(unusable());
    }
    Ok(roots)
}

/// A collector answers with a few bytes.
const LARGEST_ANSWER: usize = 1 << 20;
const LARGEST_HEADERS: u64 = 64 << 10;
