//! References into a registry: `oci://host[:port]/name`, then `:tag` or `@sha256:…`.

use std::fmt;
use std::str::FromStr;

use signalbox_http_client::Host;

use crate::digest::ManifestDigest;

/// Where a component lies. Written `oci://host[:port]/name:tag` or `oci://host[:port]/name@sha256:…`;
/// without either it is the tag `latest`, and is shown with it.
///
/// Unlike with image tools, the first part is always a registry and never left out: there is no
/// registry nobody named.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    host: Host,
    port: Option<u16>,
    name: String,
    version: Version,
}

/// Which of a repository's manifests.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Version {
    Digest(ManifestDigest),
    Tag(String),
}

/// Why text is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// What follows `@` is not a SHA-256.
    #[error("`{0}` is not a digest")]
    Digest(String),
    /// What stands where the registry belongs is not a host.
    #[error("`{0}` is not a host with an optional port")]
    Host(String),
    /// Something stands before an `@` in the host. It may be a password, so it is not shown.
    #[error("a reference carries no login")]
    Login,
    /// The repository's name is not one registries take.
    #[error("`{0}` is not a repository's name")]
    Name(String),
    /// It does not begin with `oci://`.
    #[error("a reference begins with `oci://`")]
    Scheme,
    /// The tag is not one registries take.
    #[error("`{0}` is not a tag")]
    Tag(String),
    /// It names a tag and a digest, which may differ.
    #[error("a reference names a tag or a digest, not both")]
    TagAndDigest,
}

impl Reference {
    /// The registry, as `host` or `host:port`.
    #[must_use]
    pub fn registry(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    pub(crate) const fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) const fn port(&self) -> Option<u16> {
        self.port
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn version(&self) -> &Version {
        &self.version
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let rest = text.strip_prefix(SCHEME).ok_or(ReferenceError::Scheme)?;
        let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
        if place.contains('@') {
            return Err(ReferenceError::Login);
        }
        let (host, port) =
            Host::with_port(place).ok_or_else(|| ReferenceError::Host(place.into()))?;
        let (name, version) = match path.split_once('@') {
            Some((name, _)) if name.contains(':') => return Err(ReferenceError::TagAndDigest),
            Some((name, digest)) => {
                let read = ManifestDigest::read(digest);
                let digest = read.ok_or_else(|| ReferenceError::Digest(digest.into()))?;
                (name, Version::Digest(digest))
            }
            None => {
                let (name, tag) = path.split_once(':').unwrap_or((path, LATEST));
                if !is_tag(tag) {
                    return Err(ReferenceError::Tag(tag.into()));
                }
                (name, Version::Tag(tag.into()))
            }
        };
        if !is_name(name) {
            return Err(ReferenceError::Name(name.into()));
        }
        Ok(Self {
            host,
            port,
            name: name.into(),
            version,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}/{}", self.registry(), self.name)?;
        match &self.version {
            Version::Digest(digest) => write!(formatter, "@{digest}"),
            Version::Tag(tag) => write!(formatter, ":{tag}"),
        }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => digest.fmt(formatter),
            Self::Tag(tag) => formatter.write_str(tag),
        }
    }
}

impl ReferenceError {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Digest(_) => "write `@sha256:` and 64 lower-case hexadecimal digits",
            Self::Host(_) => "write `oci://host/name:tag` or `oci://host:port/name:tag`",
            Self::Login => "put the login into the configuration, under `registry`",
            Self::Name(_) => "lower-case letters and digits, joined by `.`, `_`, `-` and `/`",
            Self::Scheme => "write `oci://host/name:tag` or `oci://host/name@sha256:…`",
            Self::Tag(_) => {
                "up to 128 letters, digits, `.`, `_` and `-`, not beginning with `.` or `-`"
            }
            Self::TagAndDigest => "keep the digest to pin a policy, or the tag to follow it",
        }
    }
}

fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.split('/').all(is_name_part)
}

/// Letters and digits in groups that one `.`, one or two `_`, or any number of `-` join.
fn is_name_part(part: &str) -> bool {
    let mut joints = part.split(|letter| matches!(letter, 'a'..='z' | '0'..='9'));
    // Before the first letter and after the last one there is no joint.
    let Some("") = joints.next() else {
        return false;
    };
    let Some("") = joints.next_back() else {
        return false;
    };
    joints.all(|joint| {
        matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-')
    })
}

const SCHEME: &str = "oci://";
const LATEST: &str = "latest";

#[cfg(test)]
mod tests;
