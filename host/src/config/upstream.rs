//! GT: where it is, and how it is spoken to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::value::whole;
use super::{Problem, Span, UpstreamUrl};
use crate::upstream::resolve::{Resolve, SystemResolver};
use crate::yaml::word;
use signalbox_gate::Secret;

/// GT, and what opens it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UpstreamConfig {
    /// GT's base at each host of the one tenant: at least one, all with the same path.
    pub urls: Vec<UpstreamUrl>,
    /// Certificates to trust in place of the system's; read again when the file changes.
    pub ca_file: Option<PathBuf>,
    /// Whether HTTP/2 is spoken.
    pub http2: Http2,
    /// Whether hosts are asked how they are; `None` looks at how requests fare, and no further.
    pub health: Option<HealthCheck>,
    /// Credential name to where it is read; `inference`, `upload` and `conversation` are what a key
    /// uses unless it names another.
    pub credentials: BTreeMap<String, CredentialSource>,
    /// What GT asks of keys, route by route, in place of the table that comes with the host.
    pub routes_file: Option<PathBuf>,
    /// How the hosts' names become addresses.
    pub resolver: Arc<dyn Resolve>,
}

impl UpstreamConfig {
    /// One host, trusted by the system's authorities, without credentials yet.
    #[must_use]
    pub fn new(url: UpstreamUrl) -> Self {
        Self {
            urls: vec![url],
            ca_file: None,
            http2: Http2::default(),
            health: None,
            credentials: BTreeMap::new(),
            routes_file: None,
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// Whether HTTP/2 is spoken to GT.
///
/// Exhaustive on purpose: each is another handshake.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Http2 {
    /// Where GT chooses it in the TLS handshake; HTTP/1.1 else, and without TLS. The default: a
    /// client that goes away then costs a stream and not a connection with its handshake.
    #[default]
    Auto,
    /// Never.
    Off,
    /// Always, also without TLS: for a GT behind a proxy that speaks nothing else.
    PriorKnowledge,
}

/// How hosts are asked how they are.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HealthCheck {
    /// What is asked for, below GT's base.
    #[serde(deserialize_with = "request_path")]
    pub path: String,
    /// From one question to the next.
    pub interval: Span,
    /// For the whole answer.
    pub timeout: Span,
    /// Questions in a row that have to stay unanswered.
    #[serde(deserialize_with = "whole::<1, 100, _, _>")]
    pub failures: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            // The one route that every GT surely has and that costs it little.
            path: "/v1/models".to_owned(),
            // A host that went is noticed within half a minute, at six questions a minute.
            interval: Span::seconds(10),
            // What is slower than this for a short list has no room for a chat.
            timeout: Span::seconds(3),
            // One lost question is an accident.
            failures: 2,
        }
    }
}

fn request_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/".contains(&b);
    word(deserializer, |text| {
        let is_path = text.len() > 1 && text.starts_with('/') && text.bytes().all(is_plain);
        is_path.then(|| text.to_owned()).ok_or(Problem::Path)
    })
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
