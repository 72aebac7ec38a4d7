//! `signalbox.yaml`: what a host is told once, at start.
//!
//! [`Config`] is the checked form: nothing downstream looks at text again. Every key, its default
//! and the reason for it are in `docs/operating.md`; the reasons of limits and times stand beside
//! their defaults below. Relative paths are relative to the file. A key that is there has a value:
//! blank and null are errors, and what is missing opens nothing.

mod check;
mod error;
mod file;
mod units;
mod url;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

pub use error::{ConfigError, Problem};
pub use units::{Size, Span};
pub use url::{Scheme, UpstreamUrl, UrlError};

pub(crate) use check::{is_name, key_limits};
pub(crate) use file::KeyLimits as WrittenKeyLimits;
pub(crate) use url::is_loopback;

use crate::credentials::Secret;
use crate::digest::Digest;

/// What a host is told at start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Names this host is known by, for absolute-form targets; the listening address and loopback
    /// are known without being written.
    pub host_names: Vec<String>,
    /// The admin listener; `None` opens none.
    pub admin: Option<AdminConfig>,
    /// GT.
    pub upstream: UpstreamConfig,
    /// Policy name to document or component.
    pub policies: BTreeMap<String, PathBuf>,
    /// The keyring.
    pub keys: KeySource,
    /// Where live policies are remembered; `None` remembers nothing.
    pub state: Option<PathBuf>,
    /// Worker threads; `None` takes one a core.
    pub workers: Option<NonZeroUsize>,
    /// For keys that set no limit of their own.
    pub key_limits: KeyLimits,
    /// Of all requests together, and of one.
    pub limits: Limits,
    /// How long things may take.
    pub times: Times,
    /// Where and how policies decide.
    pub decisions: Decisions,
    /// What is said of the decision in answers.
    pub answer_headers: AnswerHeaders,
    /// What is kept of decisions.
    pub records: RecordSettings,
}

/// The admin listener.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdminConfig {
    /// Where operators connect.
    pub listen: SocketAddr,
    /// Names accepted in `host`, besides loopback and the listening address.
    pub hosts: Vec<String>,
    /// Digest of the token that may act; without it nothing may.
    pub operate_token: Option<Digest>,
    /// Digest of the token that may look; without it only the other may.
    pub view_token: Option<Digest>,
}

/// GT, and what opens it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UpstreamConfig {
    /// GT's base.
    pub url: UpstreamUrl,
    /// Certificates to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Credential name to where it is read; `inference`, `upload` and `conversation` are what a key
    /// uses unless it names another.
    pub credentials: BTreeMap<String, CredentialSource>,
}

/// Where a GT key is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// A file, read again when it changes.
    File(PathBuf),
    /// An environment variable, read once.
    Env(String),
    /// Handed over by the program, for `demo` and tests.
    Given(Secret),
}

/// Where the keyring is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// A file, read again when it changes.
    File(PathBuf),
    /// The text of a keyring, for `demo` and tests.
    Text(String),
}

/// What one key may use at a time. `None` sets no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLimits {
    /// Requests a minute.
    pub per_minute: Option<NonZeroU32>,
    /// Requests at a time.
    pub concurrent: Option<NonZeroU32>,
    /// Streamed answers at a time.
    pub streams: Option<NonZeroU32>,
    /// Bytes of one body. It has no "unlimited": the host's own limits hold as well.
    pub body: Size,
}

impl Default for KeyLimits {
    /// Finite, so that a key without limits is not a key without bounds.
    fn default() -> Self {
        Self {
            // A hundred a second: an order above what one busy application asks of a model API.
            per_minute: NonZeroU32::new(6_000),
            // A runaway client is held before it takes the host's 4,096.
            concurrent: NonZeroU32::new(256),
            streams: NonZeroU32::new(128),
            // A few images in base64, or a long conversation many times over.
            body: Size::mib(32),
        }
    }
}

/// Limits of all requests together, and of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Open client connections.
    pub connections: u32,
    /// Requests at a time, all keys together.
    pub requests: u32,
    /// Bytes of request line and headers.
    pub head: Size,
    /// Bytes of a JSON body.
    pub json_body: Size,
    /// Bytes of a streamed upload.
    pub upload_body: Size,
    /// Bytes held of a multipart body in memory until its model is known.
    pub multipart_memory: Size,
    /// Bytes held of a multipart body on disk until its model is known.
    pub multipart_disk: Size,
    /// Bytes held in memory, all requests together; a key at most a quarter.
    pub held_memory: Size,
    /// Bytes held on disk, all requests together; a key at most a quarter.
    pub held_disk: Size,
    /// Bytes read and thrown away after a refusal, so that the client sees it.
    pub discard: Size,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Each costs a few KiB and a file descriptor: well under the usual limit of 65,536.
            connections: 10_000,
            // Answers of minutes at hundreds of requests a second.
            requests: 4_096,
            // OpenAI clients send under 2 KiB; proxies before us may add tracing and cookies.
            head: Size::of(64 << 10),
            json_body: Size::mib(32),
            // Uploads stream: only GT's own limit matters, which is not documented.
            upload_body: Size::mib(1_024),
            multipart_memory: Size::mib(1),
            multipart_disk: Size::mib(64),
            held_memory: Size::mib(512),
            held_disk: Size::mib(4_096),
            discard: Size::mib(32),
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// For a request's head to come.
    pub head: Span,
    /// Between two pieces of a request's body.
    pub body_idle: Span,
    /// For all of a request's body.
    pub body_total: Span,
    /// To connect to GT, TLS included.
    pub connect: Span,
    /// For GT's first byte.
    pub first_byte: Span,
    /// Between two pieces of GT's answer.
    pub answer_idle: Span,
    /// A client connection without a request.
    pub connection_idle: Span,
    /// A connection to GT without a request.
    pub upstream_idle: Span,
    /// GT's own model list.
    pub models_cache: Span,
    /// Reading on after a refusal.
    pub discard: Span,
    /// Between readiness off and no more accepting.
    pub readiness_off: Span,
    /// For open requests to end after that.
    pub drain: Span,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            // A head is one packet or two: whoever takes longer holds a connection on purpose.
            head: Span::seconds(30),
            body_idle: Span::seconds(30),
            // 1 GiB at 10 Mbit/s.
            body_total: Span::seconds(15 * 60),
            connect: Span::seconds(5),
            // The OpenAI SDKs wait 600 s: they must give up first, so that nothing is answered twice.
            first_byte: Span::seconds(620),
            answer_idle: Span::seconds(300),
            // Longer than the 60 s after which load balancers close.
            connection_idle: Span::seconds(75),
            // Shorter than the 5 s after which Node and uvicorn close: no request meets a closing one.
            upstream_idle: Span::seconds(4),
            // A client that lists models on each page does not double GT's load.
            models_cache: Span::seconds(5),
            discard: Span::seconds(5),
            // Load balancers ask every few seconds.
            readiness_off: Span::seconds(5),
            drain: Span::seconds(120),
        }
    }
}

/// Where and how policies decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decisions {
    /// Threads for policies that are not trusted; `None` takes one a core.
    pub threads: Option<NonZeroUsize>,
    /// Decisions that may wait for such a thread.
    pub queue: usize,
    /// Most memory a policy may have.
    pub memory: Size,
    /// Whether a policy that is not trusted gets a fresh instance.
    pub isolation: Isolation,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            threads: None,
            // At 10 ms each, the last of a full queue waits about a second on two threads.
            queue: 256,
            // A million models of the engine's tables.
            memory: Size::mib(256),
            isolation: Isolation::Request,
        }
    }
}

/// Whether a policy that is not trusted gets a fresh instance for each decision.
///
/// Exhaustive on purpose: the runtime knows these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// A fresh one: nothing of one request can reach another.
    Request,
    /// One instance decides many requests: for interpreters that start slowly and are trusted.
    Reuse,
}

/// What is said of the decision in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerHeaders {
    /// `x-signalbox-decision`
    pub decision: bool,
    /// `x-signalbox-policy`
    pub policy: bool,
}

impl Default for AnswerHeaders {
    fn default() -> Self {
        Self {
            decision: true,
            policy: true,
        }
    }
}

/// What is kept of decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordSettings {
    /// How many are kept in memory for `/decisions/{id}`; zero keeps none.
    pub keep: usize,
    /// Whether each is logged.
    pub log: bool,
    /// Lower-case names of headers whose values are kept as they are; all others are hashed.
    pub headers: Vec<String>,
}

impl Default for RecordSettings {
    fn default() -> Self {
        // Some seconds of a busy host in about a MiB: enough to look up what just happened.
        Self {
            keep: 1_024,
            log: true,
            headers: Vec::new(),
        }
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or says something that cannot be used.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the text of a file that lies in `folder`.
    ///
    /// # Errors
    /// If it says something that cannot be used.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let file = crate::yaml::read(text).map_err(ConfigError::Syntax)?;
        check::check(file, folder)
    }

    /// A configuration made by a program: the defaults, no admin listener, no policy files.
    #[must_use]
    pub fn new(url: UpstreamUrl, keys: KeySource) -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            host_names: Vec::new(),
            admin: None,
            upstream: UpstreamConfig {
                url,
                ca_file: None,
                credentials: BTreeMap::new(),
            },
            policies: BTreeMap::new(),
            keys,
            state: None,
            workers: None,
            key_limits: KeyLimits::default(),
            limits: Limits::default(),
            times: Times::default(),
            decisions: Decisions::default(),
            answer_headers: AnswerHeaders::default(),
            records: RecordSettings::default(),
        }
    }

    /// Whether an authority (`host` or `host:port`) names this host.
    #[must_use]
    pub fn is_own_host(&self, authority: &str) -> bool {
        names_host(authority, self.listen, &self.host_names)
    }
}

impl AdminConfig {
    /// An admin listener that nothing but the open routes can be asked of yet.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            hosts: Vec::new(),
            operate_token: None,
            view_token: None,
        }
    }

    /// Whether an authority (`host` or `host:port`) names this listener.
    #[must_use]
    pub fn is_own_host(&self, authority: &str) -> bool {
        names_host(authority, self.listen, &self.hosts)
    }
}

/// Loopback, the listening address, or one of the names.
fn names_host(authority: &str, listen: SocketAddr, names: &[String]) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else {
        return false;
    };
    let host = authority.host().trim_matches(['[', ']']);
    !authority.as_str().contains('@')
        && (is_loopback(host)
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address == listen.ip())
            || names.iter().any(|name| name.eq_ignore_ascii_case(host)))
}

/// Loopback: a gate is opened to others on purpose, not by leaving a line out.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const DEFAULT_ADMIN_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);

#[cfg(test)]
mod tests;
