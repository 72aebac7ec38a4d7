//! Where GT is.

use std::fmt;

use serde::{Deserialize, Deserializer};
use signalbox_http_client::{self as client, Origin, Url};

use crate::yaml::word;

/// GT's base, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamUrl {
    /// Where GT is, and how to speak to it.
    pub origin: Origin,
    /// What comes before `/v1/…`: empty, or with a leading and without a trailing slash.
    pub base_path: String,
}

/// Why a base is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Not `scheme://host…`.
    #[error("write it like `https://tenant.example:3002/api/tenant`")]
    Syntax,
    /// Neither `http` nor `https`.
    #[error("the scheme is `https`, or `http`")]
    Scheme,
    /// A name or a password before the host.
    #[error(
        "a user name or password does not belong here: GT takes bearer keys, see `upstream.credentials`"
    )]
    UserInfo,
    /// `?…` or `#…`.
    #[error("a base has no query and no fragment")]
    Query,
    /// A path that is not plain segments.
    #[error("the path may hold only letters, digits, `-`, `_`, `.`, `~` and single slashes")]
    Path,
    /// GT keys would cross a network in the clear.
    #[error(
        "plain http would send GT keys in the clear: use https, or say `upstream.plaintext: true`"
    )]
    Plaintext,
}

impl UpstreamUrl {
    /// Takes a base apart. A final `/` or `/v1` is dropped: routes are appended as `/v1/…`.
    ///
    /// # Errors
    /// If `text` is not the base of an HTTP API.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let url = base(text)?;
        Ok(Self {
            origin: url.origin,
            base_path: base_path(url.target.path())?,
        })
    }
}

impl<'de> Deserialize<'de> for UpstreamUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, Self::parse)
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.origin, self.base_path)
    }
}

impl From<client::UrlError> for UrlError {
    fn from(error: client::UrlError) -> Self {
        match error {
            client::UrlError::Login => Self::UserInfo,
            client::UrlError::Scheme => Self::Scheme,
            _ => Self::Syntax,
        }
    }
}

/// A URL that is the beginning of others.
pub(super) fn base(text: &str) -> Result<Url, UrlError> {
    if text.contains(['?', '#']) {
        return Err(UrlError::Query);
    }
    Ok(text.parse::<Url>()?)
}

fn base_path(path: &str) -> Result<String, UrlError> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = path.strip_suffix("/v1").unwrap_or(path);
    let is_plain = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
    };
    match path.strip_prefix('/') {
        None if path.is_empty() => Ok(String::new()),
        Some(segments) if segments.split('/').all(is_plain) => Ok(path.to_owned()),
        _ => Err(UrlError::Path),
    }
}

#[cfg(test)]
mod tests {
    use signalbox_gate::is_loopback;

    use super::*;

    #[test]
    fn a_base_is_taken_apart() {
        for (text, host, port, path, authority) in [
            (
                "https://t.example:3002/api/tenant",
                "t.example",
                3002,
                "/api/tenant",
                "t.example:3002",
            ),
            (
                "https://T.example/api/tenant/",
                "t.example",
                443,
                "/api/tenant",
                "t.example",
            ),
            (
                "https://t.example/api/tenant/v1",
                "t.example",
                443,
                "/api/tenant",
                "t.example",
            ),
            (
                "https://t.example/api/tenant/v1/",
                "t.example",
                443,
                "/api/tenant",
                "t.example",
            ),
            (
                "http://127.0.0.1:9000",
                "127.0.0.1",
                9000,
                "",
                "127.0.0.1:9000",
            ),
            ("http://[::1]:9000/", "::1", 9000, "", "[::1]:9000"),
            ("http://localhost/v1", "localhost", 80, "", "localhost"),
        ] {
            let url = UpstreamUrl::parse(text).unwrap();
            let origin = &url.origin;
            assert_eq!((origin.host.as_str(), origin.port), (host, port), "{text}");
            assert_eq!(url.base_path, path, "{text}");
            assert_eq!(origin.authority(), authority, "{text}");
            assert_eq!(UpstreamUrl::parse(&url.to_string()), Ok(url));
        }
    }

    #[test]
    fn what_is_no_base_is_refused() {
        for (text, error) in [
            ("", UrlError::Syntax),
            ("tenant.example", UrlError::Syntax),
            ("/api/tenant", UrlError::Syntax),
            ("https://", UrlError::Syntax),
            ("https://t.example:", UrlError::Syntax),
            ("https://t.example:0", UrlError::Syntax),
            ("https://t.example:99999", UrlError::Syntax),
            ("ftp://t.example", UrlError::Scheme),
            ("https://u:p@t.example", UrlError::UserInfo),
            ("https://t.example/?a=b", UrlError::Query),
            ("https://t.example/#x", UrlError::Query),
            ("https://t.example/a//b", UrlError::Path),
            ("https://t.example/a/../b", UrlError::Path),
            ("https://t.example/a%2fb", UrlError::Path),
        ] {
            assert_eq!(UpstreamUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn loopback_is_known_by_name_and_address() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "example.com",
            "10.0.0.1",
            "localhost.example.com",
            "0.0.0.0",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
