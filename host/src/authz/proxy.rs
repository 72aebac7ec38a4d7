//! Who asks, what it shows of a client's request, and what it can do.

use signalbox_gate::ResponseReach;

/// Who asks.
///
/// Exhaustive on purpose: each is told what it can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    NginxNjs(Shown),
    Nginx,
    Traefik,
    Caddy,
    Haproxy,
}

/// What is shown of a client's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Head,
    Body,
}

/// The headers that tell of a client's request.
#[derive(Clone, Copy, Debug)]
pub(super) struct OriginalHeaders {
    pub(super) method: &'static str,
    pub(super) uri: &'static str,
    pub(super) length: &'static str,
    pub(super) coding: &'static str,
}

impl Proxy {
    /// Who asks at this path.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/nginx-njs/body" => Self::NginxNjs(Shown::Body),
            "/nginx-njs/head" => Self::NginxNjs(Shown::Head),
            "/nginx" => Self::Nginx,
            "/traefik" => Self::Traefik,
            "/caddy" => Self::Caddy,
            "/haproxy" => Self::Haproxy,
            _ => return None,
        })
    }

    pub(super) const fn shows(self) -> Shown {
        match self {
            Self::NginxNjs(shown) => shown,
            Self::Traefik => Shown::Body,
            Self::Nginx | Self::Caddy | Self::Haproxy => Shown::Head,
        }
    }

    /// Whether it says of a request without a length that chunks follow. Caddy takes that for its own affair.
    pub(super) fn tells_of_chunks(self) -> bool {
        self != Self::Caddy
    }

    /// Whether it sends the body it is told to, and not its client's.
    pub(super) fn rewrites_body(self) -> bool {
        self == Self::NginxNjs(Shown::Body)
    }

    pub(super) const fn reach(self) -> ResponseReach {
        match self {
            Self::NginxNjs(_) => ResponseReach::Restamps,
            Self::Nginx | Self::Traefik | Self::Caddy | Self::Haproxy => ResponseReach::Passes,
        }
    }

    /// Whether its client can be answered by the gate with a success.
    pub(super) const fn shows_answers(self) -> bool {
        match self {
            Self::NginxNjs(_) | Self::Caddy | Self::Haproxy => true,
            // To these a success means that the request goes on.
            Self::Nginx | Self::Traefik => false,
        }
    }

    /// Whether it sends the method and the target it is told to, and not its client's.
    pub(super) const fn rewrites_target(self) -> bool {
        !matches!(self, Self::Traefik)
    }

    /// Whether it has to be configured for each header that it sends on.
    pub(super) const fn lists_headers(self) -> bool {
        matches!(self, Self::Nginx | Self::Caddy)
    }

    pub(super) const fn headers(self) -> OriginalHeaders {
        match self {
            Self::NginxNjs(_) | Self::Nginx => OriginalHeaders {
                method: "x-original-method",
                uri: "x-original-uri",
                length: "x-original-content-length",
                coding: "x-original-transfer-encoding",
            },
            Self::Traefik | Self::Caddy | Self::Haproxy => OriginalHeaders {
                method: "x-forwarded-method",
                uri: "x-forwarded-uri",
                length: "x-forwarded-content-length",
                coding: "x-forwarded-transfer-encoding",
            },
        }
    }
}
