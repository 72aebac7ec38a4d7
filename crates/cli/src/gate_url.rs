//! Where clients reach the gate.

use http::Uri;

/// The gate's address without any base: what stands before `/v1/…` and `/api/tenant/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GateUrl {
    root: String,
    is_exposed: bool,
}

/// Why a text is no address of a gate.
#[derive(Debug, thiserror::Error)]
#[error(
    "write it like `https://gate.example`: a scheme and a host, without a user, a query or a fragment"
)]
pub(crate) struct BadGateUrl;

impl GateUrl {
    /// For clap. A base that a client may use is taken off: the gate takes every form of it.
    pub(crate) fn parse(text: &str) -> Result<Self, BadGateUrl> {
        let uri: Uri = text.parse().map_err(|_| BadGateUrl)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(BadGateUrl);
        };
        let is_plain = match scheme {
            "http" => true,
            "https" => false,
            _ => return Err(BadGateUrl),
        };
        let is_legal = |also: &'static [u8]| {
            move |byte: u8| byte.is_ascii_alphanumeric() || also.contains(&byte)
        };
        let fits = authority.as_str().bytes().all(is_legal(b".-:[]"))
            && uri.path().bytes().all(is_legal(b"/-._~"))
            && !uri.path().contains("//")
            && !authority.host().is_empty();
        if !fits || uri.query().is_some() || text.contains('#') {
            return Err(BadGateUrl);
        }
        let path = uri.path().trim_end_matches('/');
        let path = path.strip_suffix("/v1").unwrap_or(path);
        let path = path.strip_suffix("/api/tenant").unwrap_or(path);
        Ok(Self {
            root: format!("{scheme}://{authority}{path}"),
            is_exposed: is_plain && !is_loopback(authority.host()),
        })
    }

    /// For paths that begin with `/v1`.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// For clients that add `/chat/completions` to it.
    pub(crate) fn base(&self) -> String {
        format!("{}/v1", self.root)
    }

    /// For code that adds `/v1/chat/completions` to it.
    pub(crate) fn gt_base(&self) -> String {
        format!("{}/api/tenant", self.root)
    }

    /// Whether keys would cross a network in the clear.
    pub(crate) const fn is_exposed(&self) -> bool {
        self.is_exposed
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_a_client_may_use_is_the_same_gate() {
        for base in [
            "",
            "/",
            "/v1",
            "/v1/",
            "/api/tenant",
            "/api/tenant/v1",
            "/api/tenant/v1/",
        ] {
            let url = GateUrl::parse(&format!("https://gate.example:8443{base}")).unwrap();
            assert_eq!(url.base(), "https://gate.example:8443/v1");
            assert_eq!(url.gt_base(), "https://gate.example:8443/api/tenant");
        }
        let below = GateUrl::parse("https://proxy.example/gate/v1").unwrap();
        assert_eq!(below.base(), "https://proxy.example/gate/v1");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "gate.example",
            "ftp://gate",
            "https://",
            "https://u:p@gate",
            "https://gate?x=1",
            "https://gate/#v1",
            "https://gate/a b",
            "https://gate/'x",
            "https://gate//v1",
            "/v1",
            "https://gate/$(id)",
            "",
        ] {
            assert!(GateUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_are_exposed_by_plain_http_to_another_machine() {
        let is_exposed = |text| GateUrl::parse(text).unwrap().is_exposed();
        assert!(is_exposed("http://gate.example"));
        for safe in [
            "https://gate.example",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost",
        ] {
            assert!(!is_exposed(safe), "{safe}");
        }
    }
}
