//! From what is written to what can be used.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use serde_saphyr::Spanned;

use super::file::{self, File};
use super::{
    AdminConfig, AnswerHeaders, Config, ConfigError, CredentialSource, DEFAULT_ADMIN_LISTEN,
    DEFAULT_LISTEN, Decisions, Isolation, KeyLimits, KeySource, Limits, Problem, RecordSettings,
    Scheme, Size, Span, Times, UpstreamConfig, UpstreamUrl, UrlError,
};
use crate::digest::Digest;
use crate::yaml::Position;

pub(super) fn check(file: File, folder: &Path) -> Result<Config, ConfigError> {
    let keys = path("keys", &file.keys, folder)?;
    Ok(Config {
        listen: file
            .listen
            .map_or(Ok(DEFAULT_LISTEN), |text| address("listen", &text))?,
        host_names: host_names("host_names", file.host_names)?,
        admin: file.admin.map(admin).transpose()?,
        upstream: upstream(file.upstream, folder)?,
        policies: policies(&file.policies, folder)?,
        keys: KeySource::File(keys),
        state: file
            .state
            .map(|text| path("state", &text, folder))
            .transpose()?,
        workers: threads("workers", file.workers)?,
        key_limits: key_limits("key_limits", file.key_limits, KeyLimits::default())?,
        limits: limits(file.limits.unwrap_or_default())?,
        times: times(file.times.unwrap_or_default())?,
        decisions: decisions(file.decisions.unwrap_or_default())?,
        answer_headers: answer_headers(&file.answer_headers.unwrap_or_default()),
        records: records(file.records.unwrap_or_default())?,
    })
}

/// Whether `text` can name a policy, a credential or a group: safe in labels, headers and paths.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The limits of a key, over those it does not set.
pub(crate) fn key_limits(
    key: &str,
    written: Option<file::KeyLimits>,
    unset: KeyLimits,
) -> Result<KeyLimits, ConfigError> {
    let written = written.unwrap_or_default();
    let limit = |name: &str, text: Option<Spanned<String>>, unset| match text {
        None => Ok(unset),
        Some(text) if text.value == "unlimited" => Ok(None),
        Some(text) => match number(&text.value) {
            Some(number) => Ok(Some(number)),
            None => Err(wrong(
                &format!("{key}.{name}"),
                &text,
                Problem::Limit(LARGEST_LIMIT),
            )),
        },
    };
    let body = match &written.body_mb {
        None => unset.body,
        Some(text) => number(&text.value)
            .filter(|mib| mib.get() <= LARGEST_BODY_MB)
            .map(|mib| Size::mib(mib.get()))
            .ok_or_else(|| {
                wrong(
                    &format!("{key}.body_mb"),
                    text,
                    Problem::Bounded(LARGEST_BODY_MB),
                )
            })?,
    };
    Ok(KeyLimits {
        per_minute: limit("per_minute", written.per_minute, unset.per_minute)?,
        concurrent: limit("concurrent", written.concurrent, unset.concurrent)?,
        streams: limit("streams", written.streams, unset.streams)?,
        body,
    })
}

fn number(text: &str) -> Option<NonZeroU32> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit());
    is_plain
        .then(|| text.parse().ok())
        .flatten()
        .filter(|n: &NonZeroU32| n.get() <= LARGEST_LIMIT)
}

fn admin(written: file::Admin) -> Result<AdminConfig, ConfigError> {
    let listen = written.listen.map_or(Ok(DEFAULT_ADMIN_LISTEN), |text| {
        address("admin.listen", &text)
    })?;
    let token = |key: &str, text: &Option<Spanned<String>>| {
        let Some(text) = text else { return Ok(None) };
        let digest = Digest::from_hex(&text.value);
        digest
            .map(Some)
            .ok_or_else(|| wrong(key, text, Problem::Digest))
    };
    let operate_token = token("admin.operate_token_sha256", &written.operate_token_sha256)?;
    let view_token = token("admin.view_token_sha256", &written.view_token_sha256)?;
    if let (Some(text), true) = (
        &written.view_token_sha256,
        operate_token.is_some() && operate_token == view_token,
    ) {
        return Err(wrong("admin.view_token_sha256", text, Problem::SameToken));
    }
    let hosts = host_names("admin.hosts", written.hosts)?;
    Ok(AdminConfig {
        listen,
        hosts,
        operate_token,
        view_token,
    })
}

fn upstream(
    written: Spanned<file::Upstream>,
    folder: &Path,
) -> Result<UpstreamConfig, ConfigError> {
    let written = written.value;
    let refused = |problem: UrlError| wrong("upstream.url", &written.url, problem.into());
    let url = UpstreamUrl::parse(&written.url.value).map_err(refused)?;
    if url.scheme == Scheme::Http && !url.is_loopback() && written.plaintext != Some(true) {
        return Err(refused(UrlError::Plaintext));
    }
    let ca_file = written
        .ca_file
        .map(|text| path("upstream.ca_file", &text, folder))
        .transpose()?;
    let at = Position::of(&written.credentials);
    let written = written.credentials.value;
    let mut credentials = std::collections::BTreeMap::new();
    let defaults = [
        ("inference", written.inference),
        ("upload", written.upload),
        ("conversation", written.conversation),
    ];
    for (name, text) in defaults {
        if let Some(text) = text {
            let key = format!("upstream.credentials.{name}");
            credentials.insert(name.to_owned(), source(&key, text, folder)?);
        }
    }
    for (name, text) in written.others.unwrap_or_default() {
        let key = format!("upstream.credentials.others.{name}");
        if credentials.contains_key(&name) || signalbox_policy::Purpose::from_word(&name).is_some()
        {
            return Err(wrong(&key, &text, Problem::ReservedName));
        }
        if !is_name(&name) {
            return Err(wrong(&key, &text, Problem::Name));
        }
        credentials.insert(name, source(&key, text, folder)?);
    }
    if credentials.is_empty() {
        return Err(wrong_at("upstream.credentials", at, Problem::Empty));
    }
    Ok(UpstreamConfig {
        url,
        ca_file,
        credentials,
    })
}

fn source(
    key: &str,
    written: Spanned<file::Source>,
    folder: &Path,
) -> Result<CredentialSource, ConfigError> {
    let at = Position::of(&written);
    match (written.value.file, written.value.env) {
        (Some(text), None) | (None, Some(text)) if text.trim().is_empty() => {
            Err(wrong_at(key, at, Problem::Blank))
        }
        (Some(file), None) => Ok(CredentialSource::File(folder.join(file))),
        (None, Some(name)) if is_variable(&name) => Ok(CredentialSource::Env(name)),
        _ => Err(wrong_at(key, at, Problem::Source)),
    }
}

/// A value pasted in place of a name would have no place in an error message.
fn is_variable(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with("gtak_")
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn policies(
    written: &Spanned<std::collections::BTreeMap<String, Spanned<String>>>,
    folder: &Path,
) -> Result<std::collections::BTreeMap<String, PathBuf>, ConfigError> {
    if written.value.is_empty() {
        return Err(wrong_at("policies", Position::of(written), Problem::Empty));
    }
    let entry = |(name, text): (&String, &Spanned<String>)| {
        let key = format!("policies.{name}");
        if !is_name(name) {
            return Err(wrong(&key, text, Problem::Name));
        }
        Ok((name.clone(), path(&key, text, folder)?))
    };
    written.value.iter().map(entry).collect()
}

fn limits(written: file::Limits) -> Result<Limits, ConfigError> {
    let unset = Limits::default();
    Ok(Limits {
        connections: count("limits.connections", written.connections, unset.connections)?,
        requests: count("limits.requests", written.requests, unset.requests)?,
        head: size("limits.head", written.head, unset.head)?,
        json_body: size("limits.json_body", written.json_body, unset.json_body)?,
        upload_body: size("limits.upload_body", written.upload_body, unset.upload_body)?,
        multipart_memory: size(
            "limits.multipart_memory",
            written.multipart_memory,
            unset.multipart_memory,
        )?,
        multipart_disk: size(
            "limits.multipart_disk",
            written.multipart_disk,
            unset.multipart_disk,
        )?,
        held_memory: size("limits.held_memory", written.held_memory, unset.held_memory)?,
        held_disk: size("limits.held_disk", written.held_disk, unset.held_disk)?,
        discard: size("limits.discard", written.discard, unset.discard)?,
    })
}

fn times(written: file::Times) -> Result<Times, ConfigError> {
    let unset = Times::default();
    Ok(Times {
        head: span("times.head", written.head, unset.head)?,
        body_idle: span("times.body_idle", written.body_idle, unset.body_idle)?,
        body_total: span("times.body_total", written.body_total, unset.body_total)?,
        connect: span("times.connect", written.connect, unset.connect)?,
        first_byte: span("times.first_byte", written.first_byte, unset.first_byte)?,
        answer_idle: span("times.answer_idle", written.answer_idle, unset.answer_idle)?,
        connection_idle: span(
            "times.connection_idle",
            written.connection_idle,
            unset.connection_idle,
        )?,
        upstream_idle: span(
            "times.upstream_idle",
            written.upstream_idle,
            unset.upstream_idle,
        )?,
        models_cache: span(
            "times.models_cache",
            written.models_cache,
            unset.models_cache,
        )?,
        discard: span("times.discard", written.discard, unset.discard)?,
        readiness_off: span(
            "times.readiness_off",
            written.readiness_off,
            unset.readiness_off,
        )?,
        drain: span("times.drain", written.drain, unset.drain)?,
    })
}

fn decisions(written: file::Decisions) -> Result<Decisions, ConfigError> {
    let unset = Decisions::default();
    let queue = range("decisions.queue", written.queue, 1, 65_536)?;
    Ok(Decisions {
        threads: threads("decisions.threads", written.threads)?,
        queue: queue
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(unset.queue),
        memory: size("decisions.memory", written.memory, unset.memory)?,
        isolation: match written.isolation {
            None => unset.isolation,
            Some(file::Isolation::Request) => Isolation::Request,
            Some(file::Isolation::Reuse) => Isolation::Reuse,
        },
    })
}

fn answer_headers(written: &file::AnswerHeaders) -> AnswerHeaders {
    let unset = AnswerHeaders::default();
    AnswerHeaders {
        decision: written.decision.unwrap_or(unset.decision),
        policy: written.policy.unwrap_or(unset.policy),
    }
}

fn records(written: file::Records) -> Result<RecordSettings, ConfigError> {
    let unset = RecordSettings::default();
    let keep = range("records.keep", written.keep, 0, 1_000_000)?;
    let mut headers = Vec::new();
    for name in written.headers.unwrap_or_default() {
        let lower = name.value.to_ascii_lowercase();
        if http::HeaderName::from_bytes(lower.as_bytes()).is_err() {
            return Err(wrong("records.headers", &name, Problem::Name));
        }
        if SECRET_HEADERS.contains(&&*lower) {
            return Err(wrong("records.headers", &name, Problem::SecretHeader));
        }
        headers.push(lower);
    }
    Ok(RecordSettings {
        keep: keep
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(unset.keep),
        log: written.log.unwrap_or(unset.log),
        headers,
    })
}

fn address(key: &str, text: &Spanned<String>) -> Result<SocketAddr, ConfigError> {
    text.value
        .parse()
        .map_err(|_| wrong(key, text, Problem::Address))
}

fn host_names(
    key: &str,
    written: Option<Vec<Spanned<String>>>,
) -> Result<Vec<String>, ConfigError> {
    let is_host = |text: &str| {
        let is_dns = (1..=253).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        is_dns || text.parse::<std::net::IpAddr>().is_ok()
    };
    let mut names: Vec<String> = Vec::new();
    for text in written.unwrap_or_default() {
        let name = text.value.to_ascii_lowercase();
        if !is_host(&name) {
            return Err(wrong(key, &text, Problem::HostName));
        }
        if names.contains(&name) {
            return Err(wrong(key, &text, Problem::Twice));
        }
        names.push(name);
    }
    Ok(names)
}

fn path(key: &str, text: &Spanned<String>, folder: &Path) -> Result<PathBuf, ConfigError> {
    if text.value.trim().is_empty() {
        return Err(wrong(key, text, Problem::Blank));
    }
    Ok(folder.join(&text.value))
}

fn size(key: &str, text: Option<Spanned<String>>, unset: Size) -> Result<Size, ConfigError> {
    let Some(text) = text else { return Ok(unset) };
    Size::parse(&text.value).ok_or_else(|| wrong(key, &text, Problem::Size))
}

fn span(key: &str, text: Option<Spanned<String>>, unset: Span) -> Result<Span, ConfigError> {
    let Some(text) = text else { return Ok(unset) };
    Span::parse(&text.value).ok_or_else(|| wrong(key, &text, Problem::Span))
}

fn count(key: &str, written: Option<Spanned<u64>>, unset: u32) -> Result<u32, ConfigError> {
    let number = range(key, written, 1, LARGEST_LIMIT.into())?;
    Ok(number.and_then(|n| u32::try_from(n).ok()).unwrap_or(unset))
}

fn threads(key: &str, written: Option<Spanned<u64>>) -> Result<Option<NonZeroUsize>, ConfigError> {
    let number = range(key, written, 1, 1_024)?;
    Ok(number
        .and_then(|n| usize::try_from(n).ok())
        .and_then(NonZeroUsize::new))
}

fn range(
    key: &str,
    written: Option<Spanned<u64>>,
    least: u64,
    most: u64,
) -> Result<Option<u64>, ConfigError> {
    match written {
        Some(number) if (least..=most).contains(&number.value) => Ok(Some(number.value)),
        Some(number) => Err(wrong(key, &number, Problem::Range(least, most))),
        None => Ok(None),
    }
}

fn wrong<T>(key: &str, at: &Spanned<T>, problem: Problem) -> ConfigError {
    wrong_at(key, Position::of(at), problem)
}

fn wrong_at(key: &str, position: Position, problem: Problem) -> ConfigError {
    ConfigError::Value {
        position,
        key: key.to_owned(),
        problem,
    }
}

/// A million of anything a key may have at once or in a minute; more is a slip of the keyboard.
const LARGEST_LIMIT: u32 = 1_000_000;
/// 4 GiB.
const LARGEST_BODY_MB: u32 = 4_096;
/// Never kept as they are, whatever the configuration says.
const SECRET_HEADERS: [&str; 7] = [
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-api-key",
    "x-gt-conversation-id",
];
