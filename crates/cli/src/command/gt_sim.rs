//! `signalbox gt-sim`: the simulator alone.

use std::net::SocketAddr;

use anyhow::Context as _;
use signalbox_gt_sim::{Simulator, Tenant};

use crate::{exit::Exit, output, shutdown};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
    listen: SocketAddr,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let [inference, upload, conversation] = KEYS;
    runtime.block_on(async {
        let simulator = Simulator::bind(
            arguments.listen,
            Tenant::demo_with_keys(inference, upload, conversation),
        )
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
        output::talk(&format!(
            "GT simulator: http://{}/api/tenant/v1 (Ctrl-C ends it)\n\
             published: support-agent, gt-small; dataset: reference-briefs\n\
             keys: {inference}, {upload}, {conversation}",
            simulator.local_addr()
        ));
        simulator.run(shutdown::requested()?).await;
        Ok(Exit::Ok)
    })
}

/// Not secrets: the simulator guards nothing.
const KEYS: [&str; 3] = [
    "gtak_sim_inference",
    "gtak_sim_upload",
    "gtak_sim_conversation",
];
