//! What is tested: an address of somebody's proxy.

use std::{
    net::{SocketAddr, TcpStream, ToSocketAddrs as _},
    str::FromStr,
    time::Duration,
};

use anyhow::Context as _;
use http::Uri;
use serde_json::Value;
use signalbox_conformance::Door;

/// An address that was found for a URL.
#[derive(Clone, Debug)]
pub(super) struct Target {
    url: String,
    address: SocketAddr,
}

/// Why a text is no target.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadTarget {
    #[error("write it like `http://127.0.0.1:8080`: plain HTTP, a host and no path")]
    Form,
    #[error("no address is known for this host")]
    Unknown,
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let uri: Uri = text.parse().map_err(|_| BadTarget::Form)?;
        let is_plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
        let authority = uri
            .authority()
            .filter(|_| is_plain && uri.query().is_none());
        let authority = authority.ok_or(BadTarget::Form)?;
        let host = authority.host().trim_matches(['[', ']']);
        let place = (host, authority.port_u16().unwrap_or(80));
        let mut found = place.to_socket_addrs().map_err(|_| BadTarget::Unknown)?;
        let address = found.next().ok_or(BadTarget::Unknown)?;
        Ok(Self {
            url: text.to_owned(),
            address,
        })
    }
}

impl Target {
    /// Whether anybody listens.
    pub(super) fn reach(&self) -> anyhow::Result<()> {
        let reached = TcpStream::connect_timeout(&self.address, PATIENCE);
        let reached = reached.with_context(|| format!("nobody listens at {}", self.url));
        reached.map(drop)
    }
}

impl Door for Target {
    fn address(&self) -> SocketAddr {
        self.address
    }

    /// Exchanges with swaps are left out.
    fn swap(&self, _policy: &str, _component: &[u8]) {}

    fn record(&self, _decision: &str) -> Option<Value> {
        None
    }

    fn keeps_records(&self) -> bool {
        false
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
