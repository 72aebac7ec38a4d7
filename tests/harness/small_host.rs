//! The small host of `crates/gate/examples`, before GT's stand-in, with the demo's first key and policy.

use std::net::SocketAddr;

use signalbox_gt_sim::{Handle, Simulator, Tenant};
use tokio::net::TcpListener;

use crate::{
    gate::{DEMO, GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD, Gate, Running, key_entry},
    http::{Answer, Ask},
    policies::runbook,
};

#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program, which nobody runs here"
)]
#[path = "../../crates/gate/examples/small_host.rs"]
pub(crate) mod example;

/// Something that serves GT through the demo's policy.
pub trait Serves {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// GT's stand-in behind it.
    fn gt(&self) -> &Handle;

    /// Asks it.
    fn ask(&self, ask: &Ask) -> Answer {
        ask.send(self.address())
    }
}

impl Serves for Gate {
    fn address(&self) -> SocketAddr {
        Self::address(self)
    }

    fn gt(&self) -> &Handle {
        Self::gt(self)
    }
}

/// A small host that runs, until this is dropped.
#[derive(Debug)]
pub struct SmallHost {
    // The host ends before what stands behind it.
    _host: Running,
    _gt: Running,
    address: SocketAddr,
    gt: Handle,
}

impl SmallHost {
    /// Starts both.
    ///
    /// # Panics
    /// If either does not come up.
    #[must_use]
    pub fn demo() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (gt, (upstream, handle)) = Running::start("gt", move |told| async move {
            let tenant = Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION);
            let simulator = Simulator::bind(any, tenant).await.expect("a free port");
            told.send((simulator.local_addr(), simulator.handle()));
            simulator.run(told.stop()).await;
        });
        let entry = key_entry("demo", DEMO, "preset: chat-embeddings, models: all");
        let keys = format!("keys:\n{entry}");
        let gate = example::gate("/api/tenant", GT_INFERENCE, &keys, &runbook("litellm"));
        let gate = gate.expect("the policy is taken");
        let (host, address) = Running::start("small host", move |told| async move {
            let listener = TcpListener::bind(any).await.expect("a free port");
            told.send(listener.local_addr().expect("it listens"));
            let serving = example::run(gate, upstream.to_string(), listener);
            tokio::select! {
                ended = serving => ended.expect("it serves for ever"),
                () = told.stop() => {}
            }
        });
        Self {
            _host: host,
            _gt: gt,
            address,
            gt: handle,
        }
    }
}

impl Serves for SmallHost {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn gt(&self) -> &Handle {
        &self.gt
    }
}
