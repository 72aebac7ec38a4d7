//! GT's stand-in by itself, for what is put in front of it as a program of its own.

use std::net::SocketAddr;

use signalbox_gt_sim::{Handle, Simulator, Tenant};

use crate::gate::Running;

/// GT's stand-in; it ends when this is dropped.
#[derive(Debug)]
pub struct Simulated {
    address: SocketAddr,
    handle: Handle,
    _running: Running,
}

impl Simulated {
    /// Starts it.
    ///
    /// # Panics
    /// If there is no port to be had.
    #[must_use]
    pub fn start(tenant: Tenant) -> Self {
        let (running, (address, handle)) = Running::start("GT", |told| async move {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let simulator = Simulator::bind(any, tenant).await.expect("a free port");
            told.send((simulator.local_addr(), simulator.handle()));
            simulator.run(told.stop()).await;
        });
        Self {
            address,
            handle,
            _running: running,
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Looks into it.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }
}
