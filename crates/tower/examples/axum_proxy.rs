//! A gate in an axum server, beside routes of its own.
//!
//! `GT_KEY=gtak_… axum_proxy 127.0.0.1:8080 http://127.0.0.1:9000/api/tenant policy.yaml keys.yaml`

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, extract::ConnectInfo, routing::get};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use signalbox_gate::{Gate, Peer};
use signalbox_tower::{PolicyLayer, TokioRuntime, Upstream, UpstreamError};
use tokio::{net::TcpListener, runtime::Handle};
use tower_layer::Layer;

pub mod setup;

/// What is none of its own routes goes through the gate to GT.
pub fn app(gate: Arc<Gate>, gt: &str) -> Result<Router, UpstreamError> {
    let policy = PolicyLayer::new(gate, Upstream::parse(gt)?)
        .with_runtime(TokioRuntime::from(Handle::current()))
        .with_peer(|head| {
            let ConnectInfo(address) = head.extensions.get::<ConnectInfo<SocketAddr>>()?;
            Some(Peer::plain(*address))
        });
    let gt = Client::builder(TokioExecutor::new()).build_http();
    let router = Router::new().route("/healthz", get(|| async { "ok\n" }));
    Ok(router.fallback_service(policy.layer(gt)))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), setup::Failure> {
    let setup = setup::Setup::from_args()?;
    let app = app(setup.gate, &setup.origin)?;
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(TcpListener::bind(setup.listen).await?, app).await?)
}
