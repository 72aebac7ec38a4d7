//! Where GT is, as the inner service wants to be told.

use std::error::Error;
use std::fmt;

use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri, header, request};

/// Where GT is, as the inner service wants to be told.
///
/// - `https://gt.example`: requests have absolute URIs, for a client that connects by them.
/// - `gt.example` or `gt.example:8080`: requests have a path only, for a service that is connected.
///
/// Either way the request's `host` is this authority. GT's path before `/v1/…` is not said here, but in
/// [`Settings::base_path`](signalbox_gate::Settings::base_path).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    scheme: Option<Scheme>,
    authority: Authority,
    host: HeaderValue,
}

/// Why a text does not say where GT is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpstreamError {
    /// It is no URI, or has no host.
    NoHost,
    /// It has a user, a path or a query.
    NotAnOrigin,
    /// Its scheme is neither `http` nor `https`.
    Scheme,
}

impl Upstream {
    /// Reads `https://gt.example`, `gt.example:8080` and their like.
    ///
    /// # Errors
    /// If it says anything else, or more.
    pub fn parse(text: &str) -> Result<Self, UpstreamError> {
        let uri: Uri = text.parse().map_err(|_invalid| UpstreamError::NoHost)?;
        let is_origin = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let parts = uri.into_parts();
        let authority = parts.authority.ok_or(UpstreamError::NoHost)?;
        if !is_origin || authority.as_str().contains('@') {
            return Err(UpstreamError::NotAnOrigin);
        }
        match parts.scheme.as_ref().map(Scheme::as_str) {
            None | Some("http" | "https") => {}
            Some(_) => return Err(UpstreamError::Scheme),
        }
        let host = HeaderValue::from_str(authority.as_str());
        Ok(Self {
            scheme: parts.scheme,
            host: host.map_err(|_invalid| UpstreamError::NoHost)?,
            authority,
        })
    }

    /// Says in the head of a request where it goes. `None` if its target is none.
    pub(crate) fn address(&self, mut head: request::Parts) -> Option<request::Parts> {
        head.headers.insert(header::HOST, self.host.clone());
        if let Some(scheme) = &self.scheme {
            let mut parts = head.uri.into_parts();
            parts.scheme = Some(scheme.clone());
            parts.authority = Some(self.authority.clone());
            head.uri = Uri::from_parts(parts).ok()?;
        }
        Some(head)
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoHost => "the upstream names no host: write it as `https://gt.example`",
            Self::NotAnOrigin => {
                "the upstream has more than scheme, host and port: GT's path is a setting of the gate"
            }
            Self::Scheme => "the upstream's scheme is neither `http` nor `https`",
        })
    }
}

impl Error for UpstreamError {}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn addressed(upstream: &str) -> (String, String) {
        let (head, ()) = Request::get("/api/tenant/v1/models?a=b")
            .header("host", "")
            .body(())
            .unwrap()
            .into_parts();
        let head = Upstream::parse(upstream).unwrap().address(head).unwrap();
        let host = head.headers["host"].to_str().unwrap().to_owned();
        (head.uri.to_string(), host)
    }

    #[test]
    fn a_scheme_makes_absolute_uris() {
        let (uri, host) = addressed("https://gt.example:8443/");
        assert_eq!(uri, "https://gt.example:8443/api/tenant/v1/models?a=b");
        assert_eq!(host, "gt.example:8443");
    }

    #[test]
    fn without_a_scheme_the_target_is_a_path() {
        let (uri, host) = addressed("gt.example:8080");
        assert_eq!(uri, "/api/tenant/v1/models?a=b");
        assert_eq!(host, "gt.example:8080");
    }

    #[test]
    fn only_an_origin_is_one() {
        for (text, error) in [
            ("", UpstreamError::NoHost),
            ("/v1", UpstreamError::NoHost),
            ("a b", UpstreamError::NoHost),
            ("http://gt.example/api", UpstreamError::NotAnOrigin),
            ("http://gt.example/?a", UpstreamError::NotAnOrigin),
            ("http://user@gt.example", UpstreamError::NotAnOrigin),
            ("ftp://gt.example", UpstreamError::Scheme),
        ] {
            assert_eq!(Upstream::parse(text), Err(error), "{text}");
        }
    }
}
