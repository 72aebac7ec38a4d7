//! The door that is today's host, in this process.

use std::net::SocketAddr;

use serde_json::Value;
use signalbox_host::{Host, config::Config};

use super::{Door, Fixture};
use crate::{
    gate::{ADMIN_TOKEN, Running},
    http::Ask,
};

/// The host; it ends when this is dropped.
#[derive(Debug)]
pub struct HostDoor {
    address: SocketAddr,
    admin: SocketAddr,
    handle: signalbox_host::Handle,
    _running: Running,
}

impl HostDoor {
    /// Starts a host.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn open(fixture: &Fixture) -> Self {
        Self::open_as(fixture, fixture.configuration())
    }

    /// Starts a host with this configuration in place of the fixture's: that with something more.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn open_as(fixture: &Fixture, configuration: &str) -> Self {
        let config = Config::parse(configuration, &fixture.folder());
        let mut config = config.expect("the fixture is valid");
        config.code_cache = fixture.code();
        let policies = fixture.policies().to_vec();
        let (running, (address, admin, handle)) = Running::start("host", |told| async move {
            let host = Host::bind(config, policies).await.expect("the host starts");
            told.send((
                host.local_addr().expect("a listener for clients"),
                host.admin_addr(),
                host.handle(),
            ));
            host.run(told.stop()).await.expect("the host runs");
        });
        Self {
            address,
            admin: admin.expect("the fixture has an admin listener"),
            handle,
            _running: running,
        }
    }
}

impl Door for HostDoor {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn swap(&self, policy: &str, component: &[u8]) {
        self.handle
            .swap(policy, component)
            .expect("the policy is swapped");
    }

    fn record(&self, decision: &str) -> Option<Value> {
        let ask = Ask::get(&format!("/decisions/{decision}")).key(ADMIN_TOKEN);
        let answer = ask.send(self.admin);
        (answer.status == 200).then(|| answer.json())
    }
}
