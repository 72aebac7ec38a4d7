//! `signalbox.yaml` as it is written, where a value says too little alone: it needs another one
//! beside it, or the folder of the file. All others are read as what they are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;
use signalbox_gate::{Digest, WrittenKeyLimits};

use super::authz::WrittenAuthz;
use super::decisions::WrittenDecisions;
use super::ext_proc::WrittenExtProc;
use super::traces::Traces;
use super::value::{Text, address, host_names, path, threads};
use super::{
    AdminTls, AnswerHeaders, CorsSettings, ForwardedSettings, HealthCheck, Http2, Limits,
    ListenerTls, Problem, RecordSettings, Span, SwapSettings, Times, UpstreamUrl, UsageSettings,
    swapping,
};
use crate::policy_sources::sources::PolicySource;
use crate::yaml::{WrittenNames, present, required, word};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default, deserialize_with = "address")]
    pub(super) listen: Option<SocketAddr>,
    #[serde(default, deserialize_with = "present")]
    pub(super) tls: Option<ListenerTls>,
    #[serde(default, deserialize_with = "present")]
    pub(super) http2: Option<bool>,
    #[serde(default, deserialize_with = "host_names")]
    pub(super) host_names: Vec<String>,
    #[serde(default)]
    pub(super) forwarded: ForwardedSettings,
    #[serde(default, deserialize_with = "present")]
    pub(super) cors: Option<CorsSettings>,
    #[serde(default, deserialize_with = "present")]
    pub(super) admin: Option<Admin>,
    #[serde(default, deserialize_with = "present")]
    pub(super) authz: Option<WrittenAuthz>,
    #[serde(default, deserialize_with = "present")]
    pub(super) ext_proc: Option<WrittenExtProc>,
    pub(super) upstream: Spanned<Upstream>,
    #[serde(deserialize_with = "swapping::policies")]
    pub(super) policies: BTreeMap<String, PolicySource>,
    #[serde(deserialize_with = "path")]
    pub(super) keys: PathBuf,
    #[serde(default)]
    pub(super) jwt: BTreeMap<String, Spanned<super::jwt::Written>>,
    #[serde(default, deserialize_with = "path")]
    pub(super) state: Option<PathBuf>,
    #[serde(default, deserialize_with = "path")]
    pub(super) spool_dir: Option<PathBuf>,
    #[serde(default)]
    pub(super) swap: SwapSettings,
    #[serde(default, deserialize_with = "present")]
    pub(super) signatures: Option<Signatures>,
    #[serde(default)]
    pub(super) registry: Registry,
    #[serde(default, deserialize_with = "threads")]
    pub(super) workers: Option<NonZeroUsize>,
    #[serde(default)]
    pub(super) key_limits: WrittenKeyLimits,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) times: Times,
    #[serde(default)]
    pub(super) decisions: WrittenDecisions,
    #[serde(default)]
    pub(super) answer_headers: AnswerHeaders,
    #[serde(default)]
    pub(super) records: RecordSettings,
    #[serde(default, deserialize_with = "present")]
    pub(super) traces: Option<Traces>,
    #[serde(default)]
    pub(super) usage: UsageSettings,
    #[serde(default, deserialize_with = "path")]
    pub(super) prices: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Admin {
    #[serde(default, deserialize_with = "address")]
    pub(super) listen: Option<SocketAddr>,
    #[serde(default, deserialize_with = "host_names")]
    pub(super) hosts: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) operate_token_sha256: Option<TokenDigest>,
    #[serde(default, deserialize_with = "present")]
    pub(super) view_token_sha256: Option<Spanned<TokenDigest>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) tls: Option<AdminTls>,
}

/// The SHA-256 of a token for the admin listener.
#[derive(Debug)]
pub(super) struct TokenDigest(pub(super) Digest);

impl<'de> Deserialize<'de> for TokenDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digest = |text: &str| Digest::from_hex(text).map(Self).ok_or(Problem::Digest);
        word(deserializer, digest)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    #[serde(default, deserialize_with = "present")]
    pub(super) url: Option<Spanned<UpstreamUrl>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) urls: Option<Spanned<Vec<Spanned<UpstreamUrl>>>>,
    #[serde(default, deserialize_with = "path")]
    pub(super) ca_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "path")]
    pub(super) routes_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) plaintext: bool,
    #[serde(default)]
    pub(super) http2: Http2,
    #[serde(default, deserialize_with = "present")]
    pub(super) health: Option<HealthCheck>,
    pub(super) credentials: Spanned<Credentials>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    #[serde(default, deserialize_with = "present")]
    pub(super) inference: Option<Spanned<Source>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) upload: Option<Spanned<Source>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) conversation: Option<Spanned<Source>>,
    #[serde(default)]
    pub(super) others: BTreeMap<String, Spanned<Source>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    #[serde(default, deserialize_with = "present")]
    pub(super) file: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) env: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signatures {
    #[serde(default, deserialize_with = "present")]
    pub(super) required: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub(super) environment: Option<Spanned<String>>,
    pub(super) signers: Spanned<BTreeMap<String, Spanned<Signer>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signer {
    #[serde(default, deserialize_with = "present")]
    pub(super) key_file: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) key: Option<String>,
    #[serde(deserialize_with = "required")]
    pub(super) policies: WrittenNames,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Registry {
    #[serde(default, deserialize_with = "present")]
    pub(super) interval: Option<Span>,
    #[serde(default, deserialize_with = "present")]
    pub(super) username: Option<Spanned<Text>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) password_file: Option<Spanned<Text>>,
    #[serde(default, deserialize_with = "swapping::registries")]
    pub(super) plaintext: Vec<String>,
    #[serde(default, deserialize_with = "path")]
    pub(super) ca_file: Option<PathBuf>,
}
