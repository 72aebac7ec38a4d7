//! Listeners for proxies: whoever can call one gets GT's key, so it says who may.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::value::{Text, not_blank, once, path, some, wrong, wrong_at};
use super::{ConfigError, Problem, TlsFiles};
use crate::yaml::{Position, list, word};

/// Where proxies connect, and who may: a Unix socket whose file says so, or certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivateListen {
    /// A Unix socket.
    Unix(UnixSocket),
    /// A TCP address with mutual TLS.
    MutualTls(MutualTls),
}

/// A Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnixSocket {
    /// Its file.
    pub path: PathBuf,
    /// The group whose members may connect too; `None` lets only the host's own user.
    pub group: Option<String>,
}

/// A TCP address with mutual TLS. The files are PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MutualTls {
    /// Where proxies connect.
    pub address: SocketAddr,
    /// The certificate, and those between it and an authority.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// Authorities one of which has to vouch for a proxy's certificate.
    pub client_ca_file: PathBuf,
    /// Names (DNS names or URIs, such as SPIFFE ids) one of which it has to be issued for.
    pub names: Vec<String>,
}

impl UnixSocket {
    /// A socket for the host's own user.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path, group: None }
    }
}

impl MutualTls {
    pub(crate) fn files(&self) -> TlsFiles<'_> {
        TlsFiles {
            cert_file: &self.cert_file,
            key_file: &self.key_file,
            client_ca_file: Some(&self.client_ca_file),
            client_names: &self.names,
        }
    }
}

/// `listen` of such a listener: `unix:PATH` or `ADDRESS:PORT`.
#[derive(Debug)]
pub(super) enum Place {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, |text| match text.strip_prefix("unix:") {
            Some(path) => not_blank(path).map(|path| Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| Problem::Place),
        })
    }
}

/// `tls` of such a listener.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTls {
    #[serde(deserialize_with = "path")]
    cert_file: PathBuf,
    #[serde(deserialize_with = "path")]
    key_file: PathBuf,
    #[serde(deserialize_with = "path")]
    client_ca_file: PathBuf,
    #[serde(deserialize_with = "names")]
    names: Vec<String>,
}

/// What a section says of its listener.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) listen: Spanned<Place>,
    pub(super) group: Option<Spanned<Text>>,
    pub(super) tls: Option<Spanned<WrittenTls>>,
}

impl Written {
    /// The listener of `section`, if what is written says who may connect.
    pub(super) fn check(self, section: &str, folder: &Path) -> Result<PrivateListen, ConfigError> {
        let at = Position::of(&self.listen);
        match (self.listen.value, self.group, self.tls) {
            (Place::Unix(path), group, None) => Ok(PrivateListen::Unix(UnixSocket {
                path: folder.join(path),
                group: group.map(|group| group.value.0),
            })),
            (Place::Tcp(address), None, Some(tls)) => {
                let tls = tls.value;
                Ok(PrivateListen::MutualTls(MutualTls {
                    address,
                    cert_file: folder.join(tls.cert_file),
                    key_file: folder.join(tls.key_file),
                    client_ca_file: folder.join(tls.client_ca_file),
                    names: tls.names,
                }))
            }
            (Place::Unix(_), _, Some(tls)) => {
                Err(wrong(&format!("{section}.tls"), &tls, Problem::SocketTls))
            }
            (Place::Tcp(_), Some(group), _) => {
                let key = format!("{section}.group");
                Err(wrong(&key, &group, Problem::GroupOfPort))
            }
            (Place::Tcp(_), None, None) => {
                let key = format!("{section}.listen");
                Err(wrong_at(&key, at, Problem::OpenPort))
            }
        }
    }
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = list(deserializer, |text, before| {
        if !is_peer_name(text) {
            return Err(Problem::PeerName);
        }
        once(text.to_owned(), before)
    })?;
    some(names)
}

/// A DNS name in lower case, or a URI: as a certificate has it. No wildcard: it would let in names
/// nobody has thought of.
fn is_peer_name(text: &str) -> bool {
    if let Some((scheme, rest)) = text.split_once("://") {
        let is_scheme = scheme.bytes().all(|b| b.is_ascii_lowercase());
        return !scheme.is_empty()
            && is_scheme
            && !rest.is_empty()
            && text.bytes().all(|b| b.is_ascii_graphic());
    }
    let is_dns = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    (1..=253).contains(&text.len()) && text.bytes().all(is_dns)
}

#[cfg(test)]
mod tests;
