//! A door that is another proxy, whose decisions a host makes.

use std::net::SocketAddr;

use serde_json::Value;

use super::{Door, HostDoor};
use crate::proxy::Proxy;

/// A proxy, and the host it asks.
#[derive(Debug)]
pub struct ProxiedDoor {
    // The proxy ends before what it asks.
    proxy: Proxy,
    host: HostDoor,
}

impl ProxiedDoor {
    /// A proxy that runs and asks this host.
    #[must_use]
    pub const fn new(proxy: Proxy, host: HostDoor) -> Self {
        Self { proxy, host }
    }
}

impl Door for ProxiedDoor {
    fn address(&self) -> SocketAddr {
        self.proxy.address()
    }

    fn swap(&self, policy: &str, component: &[u8]) {
        self.host.swap(policy, component);
    }

    fn record(&self, decision: &str) -> Option<Value> {
        self.host.record(decision)
    }
}
