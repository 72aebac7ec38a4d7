//! A proxy of plain hyper, with the gate as a tower layer and without it: what `cargo xtask bench --doors` compares. On
//! one thread; it says where it listens.
//!
//! `hyper_doors plain|layer GT POLICY KEYS`, with GT as an address and its key in `BENCH_GT_KEY`.

use std::{env, fs, net::SocketAddr};

use http::{HeaderValue, Request, Uri, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{net::TcpListener, task::JoinSet};

#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which the layer is wanted"
)]
#[path = "../../crates/tower/examples/hyper_proxy.rs"]
mod hyper_proxy;

use hyper_proxy::setup::{Failure, gate};

#[expect(clippy::print_stdout, reason = "a program that says where it listens")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [what, gt, policy, keys] = &words[..] else {
        return Err("usage: hyper_doors plain|layer GT POLICY KEYS".into());
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("port {}", listener.local_addr()?.port());
    if what == "plain" {
        return plain(gt.parse()?, listener).await;
    }
    let (policy, keys) = (fs::read_to_string(policy)?, fs::read_to_string(keys)?);
    let gate = gate("/api/tenant", &env::var("BENCH_GT_KEY")?, &keys, &policy)?;
    hyper_proxy::serve(gate, &format!("http://{gt}"), listener).await
}

/// The same proxy without the layer: it sends on what comes.
async fn plain(gt: SocketAddr, listener: TcpListener) -> Result<(), Failure> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let host = HeaderValue::try_from(gt.to_string())?;
    let mut connections = JoinSet::new();
    loop {
        let (socket, _address) = listener.accept().await?;
        let (client, host) = (client.clone(), host.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
            let uri = format!("http://{gt}{path}").parse::<Uri>();
            *request.uri_mut() = uri.unwrap_or_default();
            request.headers_mut().insert(header::HOST, host.clone());
            client.request(request)
        });
        connections.spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // What goes wrong on a connection ends it, and nothing else.
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
