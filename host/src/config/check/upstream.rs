//! `upstream`: from what is written to what can be used.

use std::collections::BTreeMap;
use std::path::Path;

use serde_saphyr::Spanned;
use signalbox_http_client::{Origin, Scheme};
use signalbox_policy::Purpose;

use super::super::file;
use super::super::is_name;
use super::super::value::{wrong, wrong_at};
use super::super::{
    ConfigError, CredentialSource, Problem, UpstreamConfig, UpstreamUrl, UrlError, is_loopback,
};
use crate::yaml::Position;

pub(super) fn upstream(
    written: Spanned<file::Upstream>,
    folder: &Path,
) -> Result<UpstreamConfig, ConfigError> {
    let at = Position::of(&written);
    let written = written.value;
    let is_plaintext = written.plaintext;
    let urls = match (written.url, written.urls) {
        (Some(one), None) => vec![url("upstream.url", &one, is_plaintext)?],
        (None, Some(many)) => urls(&many, is_plaintext)?,
        _ => return Err(wrong_at("upstream.url", at, Problem::OneOrMany)),
    };
    let unset = UpstreamConfig::new(urls.first().cloned().ok_or_else(|| {
        // `urls` has at least one.
        wrong_at("upstream.urls", at, Problem::Empty)
    })?);
    Ok(UpstreamConfig {
        urls,
        ca_file: written.ca_file.map(|file| folder.join(file)),
        routes_file: written.routes_file.map(|file| folder.join(file)),
        http2: written.http2,
        health: written.health,
        credentials: credentials(written.credentials, folder)?,
        ..unset
    })
}

fn url(
    key: &str,
    url: &Spanned<UpstreamUrl>,
    is_plaintext: bool,
) -> Result<UpstreamUrl, ConfigError> {
    let origin = &url.value.origin;
    let is_plain = origin.scheme == Scheme::Http;
    if is_plain && !is_loopback(origin.host.as_str()) && !is_plaintext {
        return Err(wrong(key, url, UrlError::Plaintext.into()));
    }
    Ok(url.value.clone())
}

/// Several hosts of one tenant: what is sent to one can be sent to the others as it is.
fn urls(
    written: &Spanned<Vec<Spanned<UpstreamUrl>>>,
    is_plaintext: bool,
) -> Result<Vec<UpstreamUrl>, ConfigError> {
    const KEY: &str = "upstream.urls";
    let mut urls: Vec<UpstreamUrl> = Vec::new();
    for text in &written.value {
        let url = url(KEY, text, is_plaintext)?;
        let (host, port) = (&url.origin.host, url.origin.port);
        let is_same = |other: &Origin| (&other.host, other.port) == (host, port);
        if urls.iter().any(|other| is_same(&other.origin)) {
            return Err(wrong(KEY, text, Problem::Twice));
        }
        if urls.iter().any(|other| other.base_path != url.base_path) {
            return Err(wrong(KEY, text, Problem::OtherPath));
        }
        if urls.len() == MOST_HOSTS {
            return Err(wrong(KEY, text, Problem::TooManyHosts(MOST_HOSTS)));
        }
        urls.push(url);
    }
    if urls.is_empty() {
        return Err(wrong(KEY, written, Problem::Empty));
    }
    Ok(urls)
}

fn credentials(
    written: Spanned<file::Credentials>,
    folder: &Path,
) -> Result<BTreeMap<String, CredentialSource>, ConfigError> {
    let at = Position::of(&written);
    let written = written.value;
    let mut credentials = BTreeMap::new();
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
    for (name, text) in written.others {
        let key = format!("upstream.credentials.others.{name}");
        if credentials.contains_key(&name) || Purpose::from_word(&name).is_some() {
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
    Ok(credentials)
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

/// A tenant has two or three; each is looked at for every request, and is a label of metrics.
const MOST_HOSTS: usize = 16;
