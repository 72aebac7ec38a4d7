//! A gate in a proxy of plain hyper, which speaks HTTP/1.1 and HTTP/2 to its clients.
//!
//! `GT_KEY=gtak_… hyper_proxy 127.0.0.1:8080 http://127.0.0.1:9000/api/tenant policy.yaml keys.yaml`

use std::sync::Arc;

use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use signalbox_gate::{Gate, Peer};
use signalbox_tower::{PolicyLayer, TokioRuntime, Upstream};
use tokio::{net::TcpListener, runtime::Handle, task::JoinSet};
use tower_layer::Layer;

pub mod setup;

/// Serves every connection, for ever; `gt` is GT without its path.
pub async fn serve(gate: Arc<Gate>, gt: &str, listener: TcpListener) -> Result<(), setup::Failure> {
    let policy = PolicyLayer::new(gate, Upstream::parse(gt)?)
        .with_runtime(TokioRuntime::from(Handle::current()));
    // One pool of connections to GT for all clients.
    let gt = Client::builder(TokioExecutor::new()).build_http();
    let mut connections = JoinSet::new();
    loop {
        let (socket, address) = listener.accept().await?;
        let policy = policy
            .clone()
            .with_peer(move |_| Some(Peer::plain(address)));
        let service = TowerToHyperService::new(policy.layer(gt.clone()));
        connections.spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // What goes wrong on a connection ends it, and nothing else.
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), setup::Failure> {
    let setup = setup::Setup::from_args()?;
    let listener = TcpListener::bind(&setup.listen).await?;
    serve(setup.gate, &setup.origin, listener).await
}
