//! GT's hosts: where each is, what it takes to trust it, and how it stands. Shared by all workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::uri::Authority;
use http::{HeaderValue, Uri, uri};
use rustls::pki_types::ServerName;
use signalbox_http_client::Scheme;
use signalbox_swap::error_chain;

use super::error::UpstreamError;
use super::guards::Open;
use super::outlier::{Availability, OutlierDetector};
use super::tls::{Trust, TrustError};
use crate::config::{Http2, UpstreamConfig, UpstreamUrl};
use crate::observe::health::Health;
use crate::observe::metrics::{Connections, HostMetrics, Metrics};
use crate::observe::status::UpstreamStatus;
use crate::upstream::resolve::Resolve;

/// GT's hosts, in the order of the configuration.
#[derive(Debug)]
pub(crate) struct Hosts {
    pub(super) list: Vec<Arc<Host>>,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) http2: Http2,
    pub(super) connections: Connections,
    trust: Option<Arc<Trust>>,
    health: Arc<Health>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) url: UpstreamUrl,
    /// The value of `host`.
    pub(super) authority: HeaderValue,
    /// The same, as HTTP/2 has it.
    pub(super) uri_authority: Authority,
    /// Whom the certificate has to name, and how that is known; `None` speaks plaintext.
    pub(super) tls: Option<(Arc<Trust>, ServerName<'static>)>,
    /// What readiness calls it: where GT is, is not for everybody.
    part: String,
    standing: OutlierDetector,
    open: Arc<AtomicUsize>,
    metrics: HostMetrics,
}

/// Why no connection to GT can ever come about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The host is neither a DNS name nor an address, or cannot stand in a header.
    #[error("`{0}` is not a host name")]
    Host(String),
    /// There is none, or they do not have the same path.
    #[error("the upstream needs at least one URL, and all of them the same path")]
    Urls,
    /// Its certificate could never be verified.
    #[error("no certificate of GT could be verified")]
    Trust(#[from] TrustError),
}

impl Hosts {
    pub(crate) fn new(
        config: &UpstreamConfig,
        health: &Arc<Health>,
        metrics: &Metrics,
    ) -> Result<Self, TargetError> {
        let urls = &config.urls;
        let is_one_tenant = |url: &UpstreamUrl| url.base_path == base_of(urls);
        if urls.is_empty() || !urls.iter().all(is_one_tenant) {
            return Err(TargetError::Urls);
        }
        let is_tls = urls.iter().any(|url| url.origin.scheme == Scheme::Https);
        let trust = is_tls
            .then(|| Trust::load(config.ca_file.as_deref(), config.http2).map(Arc::new))
            .transpose()?;
        let epoch = Instant::now();
        let host = |(index, url): (usize, &UpstreamUrl)| {
            let part = match urls.len() {
                1 => "upstream".to_owned(),
                _ => format!("upstream {}", index + 1),
            };
            let metrics = metrics.upstream_host(&url.origin.authority());
            Host::new(url, part, trust.as_ref(), metrics, epoch).map(Arc::new)
        };
        Ok(Self {
            list: urls
                .iter()
                .enumerate()
                .map(host)
                .collect::<Result<_, _>>()?,
            resolver: Arc::clone(&config.resolver),
            http2: config.http2,
            connections: metrics.upstreams.clone(),
            trust,
            health: Arc::clone(health),
        })
    }

    /// What stands before `/v1/…`, the same at every host.
    /// What goes into `host` where a proxy sends the requests: all hosts are one tenant's.
    pub(crate) fn authority(&self) -> HeaderValue {
        let first = self.list.first();
        first.map_or_else(
            || HeaderValue::from_static(""),
            |host| host.authority.clone(),
        )
    }

    pub(crate) fn base_path(&self) -> &str {
        self.list.first().map_or("", |host| &host.url.base_path)
    }

    /// How GT's certificates are verified, if it has any.
    pub(crate) fn trust(&self) -> Option<&Trust> {
        self.trust.as_deref()
    }

    /// How each stands.
    pub(crate) fn status(&self) -> Vec<UpstreamStatus> {
        // Where none is well, all are tried.
        let is_any_used = self.list.iter().any(|host| host.standing.is_used());
        let status = |host: &Arc<Host>| UpstreamStatus {
            url: host.url.to_string(),
            used: host.standing.is_used() || !is_any_used,
            connections: host.open.load(Ordering::Relaxed),
        };
        self.list.iter().map(status).collect()
    }

    /// A host could not be connected to, or lost a request. What is held against it is said in
    /// readiness until it answers; it is left out only if there is another to go to.
    pub(super) fn failed(&self, host: &Host, error: &UpstreamError) {
        let left_out = match Fault::of(host, error) {
            Fault::None => return,
            Fault::Loss => match self.has_other(host).then(|| host.standing.loses()) {
                Some(Some(pause)) => Some(pause),
                // It may have been the request's own fault: that alone is no state of the host.
                Some(None) | None => return,
            },
            Fault::Host if self.has_other(host) => Some(host.standing.fails()),
            Fault::Host | Fault::Names => {
                host.standing.doubt();
                None
            }
        };
        let reason = format!("the last time it was tried: {}", error_chain(error));
        self.health.degrade(&host.part, reason);
        if let Some(pause) = left_out {
            self.leave_out(host, error.cause(), pause);
        }
    }

    /// A host answered.
    pub(super) fn answered(&self, host: &Host) {
        if host.standing.answers() {
            self.well_again(host);
        }
    }

    /// A host did not answer a question of our own, for the so-manieth time.
    pub(super) fn failed_check(&self, host: &Host, most: u32, why: &str) {
        if host.standing.fails_check(most) {
            let reason = format!("it fails its health check: {why}");
            self.health.degrade(&host.part, reason);
            if self.has_other(host) {
                self.leave_out(host, "health", Duration::MAX);
            }
        }
    }

    /// It answered one.
    pub(super) fn passed_check(&self, host: &Host) {
        if host.standing.passes_check() {
            self.well_again(host);
        }
    }

    fn leave_out(&self, host: &Host, cause: &'static str, pause: Duration) {
        host.metrics.left_out(cause);
        let seconds = (pause != Duration::MAX).then_some(pause.as_secs());
        tracing::warn!(upstream = %host.url, cause, seconds, "a GT host is left out");
    }

    fn well_again(&self, host: &Host) {
        self.health.recover(&host.part);
        host.metrics.used();
        tracing::info!(upstream = %host.url, "a GT host answers again");
    }

    /// Whether there is another host that is used.
    fn has_other(&self, host: &Host) -> bool {
        let mut others = self.list.iter().filter(|it| !std::ptr::eq(&***it, host));
        others.any(|other| other.standing.is_used())
    }
}

/// What a failure says of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing.
    None,
    /// It lost a request.
    Loss,
    /// It is not to be had.
    Host,
    /// The name servers are not, and it answers all the same.
    Names,
}

impl Fault {
    fn of(host: &Host, error: &UpstreamError) -> Self {
        match error {
            UpstreamError::Lost(_) | UpstreamError::Protocol(_) => Self::Loss,
            UpstreamError::Certificate(..)
            | UpstreamError::Connect(_)
            | UpstreamError::ConnectTimeout => Self::Host,
            UpstreamError::Resolve(_) if host.open.load(Ordering::Relaxed) > 0 => Self::Names,
            UpstreamError::Resolve(_) => Self::Host,
            UpstreamError::Busy
            | UpstreamError::ClientBody(_)
            | UpstreamError::FirstByteTimeout
            | UpstreamError::Refused(_) => Self::None,
        }
    }
}

impl Host {
    fn new(
        url: &UpstreamUrl,
        part: String,
        trust: Option<&Arc<Trust>>,
        metrics: HostMetrics,
        epoch: Instant,
    ) -> Result<Self, TargetError> {
        let (host, authority) = (url.origin.host.as_str(), url.origin.authority());
        let bad_host = || TargetError::Host(host.to_owned());
        let tls = match (url.origin.scheme, trust) {
            (Scheme::Https, Some(trust)) => {
                let name = ServerName::try_from(host.to_owned()).map_err(|_| bad_host())?;
                Some((Arc::clone(trust), name))
            }
            _ => None,
        };
        Ok(Self {
            authority: HeaderValue::try_from(&*authority).map_err(|_| bad_host())?,
            uri_authority: Authority::try_from(&*authority).map_err(|_| bad_host())?,
            url: url.clone(),
            tls,
            part,
            standing: OutlierDetector::new(epoch),
            open: Arc::default(),
            metrics,
        })
    }

    /// Whether this request may go there.
    pub(super) fn may_use(&self, trial: Duration) -> Availability {
        self.standing.may_use(trial)
    }

    /// Counts a connection until the guard is dropped.
    pub(super) fn opens(&self, connections: &Connections) -> Open {
        Open::new(&self.open, connections.open())
    }

    /// The same URI with scheme and authority, as HTTP/2 sends it.
    pub(super) fn absolute(&self, uri: Uri) -> Result<Uri, uri::InvalidUriParts> {
        let mut parts = uri.into_parts();
        parts.scheme = Some(match self.url.origin.scheme {
            Scheme::Http => uri::Scheme::HTTP,
            Scheme::Https => uri::Scheme::HTTPS,
        });
        parts.authority = Some(self.uri_authority.clone());
        Uri::from_parts(parts)
    }
}

fn base_of(urls: &[UpstreamUrl]) -> &str {
    urls.first().map_or("", |url| &url.base_path)
}
