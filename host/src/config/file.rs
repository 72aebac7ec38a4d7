//! `signalbox.yaml` as it is written: names and nesting, nothing checked yet.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;
use signalbox_gate::WrittenKeyLimits;

use super::traces::Traces;
use crate::yaml::{WrittenNames, present, required};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default, deserialize_with = "present")]
    pub(super) listen: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) tls: Option<ListenerTls>,
    #[serde(default, deserialize_with = "present")]
    pub(super) http2: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub(super) host_names: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) forwarded: Option<Forwarded>,
    #[serde(default, deserialize_with = "present")]
    pub(super) cors: Option<Cors>,
    #[serde(default, deserialize_with = "present")]
    pub(super) admin: Option<Admin>,
    #[serde(deserialize_with = "required")]
    pub(super) upstream: Spanned<Upstream>,
    #[serde(deserialize_with = "required")]
    pub(super) policies: Spanned<BTreeMap<String, Spanned<String>>>,
    #[serde(deserialize_with = "required")]
    pub(super) keys: Spanned<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) jwt: Option<BTreeMap<String, Spanned<super::jwt::Written>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) state: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) swap: Option<Swap>,
    #[serde(default, deserialize_with = "present")]
    pub(super) signatures: Option<Signatures>,
    #[serde(default, deserialize_with = "present")]
    pub(super) registry: Option<Registry>,
    #[serde(default, deserialize_with = "present")]
    pub(super) workers: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) key_limits: Option<WrittenKeyLimits>,
    #[serde(default, deserialize_with = "present")]
    pub(super) limits: Option<Limits>,
    #[serde(default, deserialize_with = "present")]
    pub(super) times: Option<Times>,
    #[serde(default, deserialize_with = "present")]
    pub(super) decisions: Option<Decisions>,
    #[serde(default, deserialize_with = "present")]
    pub(super) answer_headers: Option<AnswerHeaders>,
    #[serde(default, deserialize_with = "present")]
    pub(super) records: Option<DecisionLog>,
    #[serde(default, deserialize_with = "present")]
    pub(super) traces: Option<Traces>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenerTls {
    #[serde(deserialize_with = "required")]
    pub(super) cert_file: Spanned<String>,
    #[serde(deserialize_with = "required")]
    pub(super) key_file: Spanned<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forwarded {
    #[serde(default, deserialize_with = "present")]
    pub(super) trust: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) read: Option<ForwardedHeader>,
    #[serde(default, deserialize_with = "present")]
    pub(super) send: Option<Announce>,
}

/// The words of `forwarded.read`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ForwardedHeader {
    XForwardedFor,
    Forwarded,
}

/// The words of `forwarded.send`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Announce {
    None,
    XForwarded,
    Forwarded,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cors {
    #[serde(deserialize_with = "required")]
    pub(super) origins: Spanned<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) headers: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) max_age: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Admin {
    #[serde(default, deserialize_with = "present")]
    pub(super) listen: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) hosts: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) operate_token_sha256: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) view_token_sha256: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) tls: Option<AdminTls>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminTls {
    #[serde(deserialize_with = "required")]
    pub(super) cert_file: Spanned<String>,
    #[serde(deserialize_with = "required")]
    pub(super) key_file: Spanned<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) client_ca_file: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    #[serde(default, deserialize_with = "present")]
    pub(super) url: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) urls: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) ca_file: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) plaintext: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub(super) http2: Option<Http2>,
    #[serde(default, deserialize_with = "present")]
    pub(super) health: Option<Health>,
    #[serde(deserialize_with = "required")]
    pub(super) credentials: Spanned<Credentials>,
}

/// The words of `upstream.http2`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Http2 {
    Auto,
    Off,
    PriorKnowledge,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Health {
    #[serde(default, deserialize_with = "present")]
    pub(super) path: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) interval: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) timeout: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) failures: Option<Spanned<u64>>,
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
    #[serde(default, deserialize_with = "present")]
    pub(super) others: Option<BTreeMap<String, Spanned<Source>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    #[serde(default, deserialize_with = "present")]
    pub(super) file: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) env: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Swap {
    #[serde(default, deserialize_with = "present")]
    pub(super) keep: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) cases: Option<BTreeMap<String, Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) watch: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub(super) shadow_cpu: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signatures {
    #[serde(default, deserialize_with = "present")]
    pub(super) required: Option<bool>,
    #[serde(deserialize_with = "required")]
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
    pub(super) interval: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) username: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) password_file: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) plaintext: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) ca_file: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    #[serde(default, deserialize_with = "present")]
    pub(super) connections: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) connections_per_client: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) streams_per_connection: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) requests: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) upstream_connections: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) head: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) json_body: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) upload_body: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) multipart_memory: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) multipart_disk: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) held_memory: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) held_disk: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) discard: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Times {
    #[serde(default, deserialize_with = "present")]
    pub(super) handshake: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) head: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) body_idle: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) body_total: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) connect: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) first_byte: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) answer_idle: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) sse_comment: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) connection_idle: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) upstream_idle: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) upstream_max_age: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) models_cache: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) discard: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) readiness_off: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) drain: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decisions {
    #[serde(default, deserialize_with = "present")]
    pub(super) threads: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) queue: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) memory: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) isolation: Option<Isolation>,
}

/// The words of `decisions.isolation`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Isolation {
    Request,
    Reuse,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerHeaders {
    #[serde(default, deserialize_with = "present")]
    pub(super) decision: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub(super) policy: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionLog {
    #[serde(default, deserialize_with = "present")]
    pub(super) keep: Option<Spanned<u64>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) log: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub(super) headers: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) access: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub(super) client_address: Option<ClientAddress>,
}

/// The words of `records.client_address`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ClientAddress {
    Whole,
    Network,
    Hashed,
    Hidden,
}
