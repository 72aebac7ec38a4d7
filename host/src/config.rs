//! `signalbox.yaml`: what a host is told once, at start.
//!
//! [`Config`] is the checked form: nothing downstream looks at text again. Every key, its default
//! and the reason for it are in `docs/configuration.md`; the reasons of limits and times stand beside
//! their defaults. Relative paths are relative to the file. A key that is there has a value: blank and null are
//! errors, and what is missing opens nothing.
//!
//! A value that can be read alone is read as what it is, where its type stands; what needs another
//! value beside it is in `config/file.rs` as it is written, and checked in `config/check.rs`.

mod authz;
mod check;
mod clients;
mod decisions;
mod error;
mod ext_proc;
mod file;
mod jwt;
mod private;
mod records;
mod settings;
mod swapping;
mod traces;
mod upstream;
mod url;
mod usage;
mod value;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use authz::AuthzConfig;
pub use clients::{CorsSettings, ListenerTls};
pub use decisions::Decisions;
pub use error::{ConfigError, Problem};
pub use ext_proc::ExtProcConfig;
pub use jwt::{ClaimNames, IssuerSettings, JwtAlgorithm, KeySetSource, ProfileChoice};
pub use private::{MutualTls, PrivateListen, UnixSocket};
pub use records::{ClientAddress, RecordSettings};
pub use settings::{AnswerHeaders, Limits, Times};
pub use signalbox_gate::{Announce, ForwardedHeader, ForwardedSettings, KeyLimits};
pub use signalbox_gate::{NotASize, NotASpan, Size, Span};
pub use signalbox_runtime::Isolation;
pub use swapping::{
    RegistryLogin, RegistrySettings, SignatureSettings, SignerConfig, SignerKey, SwapSettings,
};
pub use traces::TraceSettings;
pub use upstream::{CredentialSource, HealthCheck, Http2, UpstreamConfig};
pub use url::{UpstreamUrl, UrlError};
pub use usage::UsageSettings;

pub(crate) use clients::TlsFiles;
pub(crate) use signalbox_gate::is_loopback;
pub(crate) use signalbox_gate::is_name;

use serde::Deserialize;
use signalbox_gate::Digest;
use signalbox_gate::OwnHosts;
use signalbox_runtime::{Cache, CompileIn};
use value::path;

use crate::policy_sources::sources::{AsIs, PolicySource, Sources};

/// What a host is told at start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where clients connect; `None` if they connect to a proxy, and only it connects here.
    pub listen: Option<SocketAddr>,
    /// TLS for clients; `None` speaks plaintext.
    pub tls: Option<ListenerTls>,
    /// Whether clients may speak HTTP/2.
    pub http2: bool,
    /// Names this host is known by, for absolute-form targets; the listening address and loopback
    /// are known without being written.
    pub host_names: Vec<String>,
    /// Whose word on a client's address is taken.
    pub forwarded: ForwardedSettings,
    /// Which pages of browsers may call; `None` lets none.
    pub cors: Option<CorsSettings>,
    /// The admin listener; `None` opens none.
    pub admin: Option<AdminConfig>,
    /// The listener for proxies that ask before they send a request on; `None` opens none.
    pub authz: Option<AuthzConfig>,
    /// The listener for Envoy, and for what speaks its protocols; `None` opens none.
    pub ext_proc: Option<ExtProcConfig>,
    /// GT.
    pub upstream: UpstreamConfig,
    /// Policy name to where it is found.
    pub policies: BTreeMap<String, PolicySource>,
    /// How what lies there becomes a component.
    pub sources: Arc<dyn Sources>,
    /// Whether to start from the sources, whatever [`Config::state`] says is live.
    pub from_source: bool,
    /// The keyring.
    pub keys: KeySource,
    /// Issuers whose JWTs name callers.
    pub jwt: Vec<IssuerSettings>,
    /// Where live policies are remembered; `None` remembers nothing.
    pub state: Option<PathBuf>,
    /// Where forms are held that do not fit into memory.
    pub spool_dir: PathBuf,
    /// Where machine code is kept between starts of a host without [`Config::state`], which has a
    /// place for it; `None` keeps none.
    pub code_cache: Option<Cache>,
    /// Where policies are compiled that are not documents.
    pub compile: CompileIn,
    /// How policies are replaced while they serve.
    pub swap: SwapSettings,
    /// Who may vouch for a policy.
    pub signatures: SignatureSettings,
    /// How registries are asked.
    pub registry: RegistrySettings,
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
    /// Where traces go; `None` makes none.
    pub traces: Option<TraceSettings>,
    /// What is done to know how many tokens requests take.
    pub usage: UsageSettings,
    /// What tokens cost; `None` turns none into money.
    pub prices: Option<PathBuf>,
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
    /// TLS on this listener; `None` speaks plaintext.
    pub tls: Option<AdminTls>,
}

/// TLS on the admin listener. The files are PEM.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct AdminTls {
    /// The certificate, and those between it and an authority.
    #[serde(deserialize_with = "path")]
    pub cert_file: PathBuf,
    /// Its private key.
    #[serde(deserialize_with = "path")]
    pub key_file: PathBuf,
    /// Authorities one of which has to vouch for a client's certificate; `None` asks for none.
    #[serde(default, deserialize_with = "path")]
    pub client_ca_file: Option<PathBuf>,
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
        let file = crate::yaml::read(text).map_err(|error| ConfigError::unread(text, error))?;
        check::check(file, folder)
    }

    /// What a file may say: the keys and what each of them takes.
    #[must_use]
    pub fn shape() -> signalbox_gate::yaml::Shape {
        signalbox_gate::yaml::Shape::of::<file::File>()
    }

    /// A configuration made by a program: the defaults, no admin listener, no policy files.
    #[must_use]
    pub fn new(url: UpstreamUrl, keys: KeySource) -> Self {
        Self {
            listen: Some(DEFAULT_LISTEN),
            tls: None,
            http2: true,
            host_names: Vec::new(),
            forwarded: ForwardedSettings::default(),
            cors: None,
            admin: None,
            authz: None,
            ext_proc: None,
            upstream: UpstreamConfig::new(url),
            policies: BTreeMap::new(),
            sources: Arc::new(AsIs),
            from_source: false,
            keys,
            jwt: Vec::new(),
            state: None,
            spool_dir: std::env::temp_dir(),
            code_cache: None,
            compile: CompileIn::default(),
            swap: SwapSettings::default(),
            signatures: SignatureSettings::default(),
            registry: RegistrySettings::default(),
            workers: None,
            key_limits: KeyLimits::default(),
            limits: Limits::default(),
            times: Times::default(),
            decisions: Decisions::default(),
            answer_headers: AnswerHeaders::default(),
            records: RecordSettings::default(),
            traces: None,
            usage: UsageSettings::default(),
            prices: None,
        }
    }

    /// Whether an authority (`host` or `host:port`) names this host.
    #[must_use]
    pub fn is_own_host(&self, authority: &str) -> bool {
        self.own_hosts().contain(authority)
    }

    /// The names this host is known by.
    #[must_use]
    pub fn own_hosts(&self) -> OwnHosts {
        OwnHosts {
            address: self.listen.map(|listen| listen.ip()),
            names: self.host_names.clone(),
        }
    }
}

impl AdminConfig {
    /// Whether one of the tokens is published in the documentation.
    #[must_use]
    pub fn has_demo_token(&self) -> bool {
        let demo = Digest::of(DEMO_ADMIN_TOKEN);
        self.operate_token == Some(demo) || self.view_token == Some(demo)
    }

    /// An admin listener that nothing but the open routes can be asked of yet.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            hosts: Vec::new(),
            operate_token: None,
            view_token: None,
            tls: None,
        }
    }

    /// Whether an authority (`host` or `host:port`) names this listener.
    #[must_use]
    pub fn is_own_host(&self, authority: &str) -> bool {
        let names = OwnHosts {
            address: Some(self.listen.ip()),
            names: self.hosts.clone(),
        };
        names.contain(authority)
    }
}

/// The token of `signalbox demo`: everyone knows it.
pub const DEMO_ADMIN_TOKEN: &str = "signalbox-demo";
/// Loopback: a gate is opened to others on purpose, not by leaving a line out.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const DEFAULT_ADMIN_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);

#[cfg(test)]
mod tests;
