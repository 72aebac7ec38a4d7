//! The client, held to hyper's reading of the same bytes and tried alone.

mod corpus;
mod differential;
mod exchange;
mod peer;

use std::sync::Arc;

use signalbox_gate::{BodyRoom, Budget, Part};
use tokio::io::DuplexStream;
use tokio::task::LocalSet;

use super::*;
use crate::config::{UpstreamConfig, UpstreamUrl};
use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::request::spool::Before;
use crate::upstream::hosts::Hosts;

impl Io for DuplexStream {
    fn is_silent(&self) -> bool {
        true
    }
}

/// Runs a trial as a worker would.
fn run<T>(trial: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, trial)
}

/// A connection on a stream.
fn connection(stream: DuplexStream) -> Http1 {
    let url = UpstreamUrl::parse("http://127.0.0.1:9/api/tenant").unwrap();
    let metrics = Metrics::new(&Budget::new(1), &Budget::new(1), 0);
    let health = Arc::new(Health::default());
    let hosts = Hosts::new(&UpstreamConfig::new(url), &health, &metrics).unwrap();
    let guards = Guards::new(hosts.list[0].opens(&hosts.connections), None);
    Http1::begin(Box::new(stream), guards, Rc::default())
}

/// A request with a body that is all here; an empty one has none.
fn request(method: &str, parts: &[Bytes]) -> Request<RequestBody> {
    let parts: Vec<_> = parts.iter().cloned().map(Part::Bytes).collect();
    let body = match parts.is_empty() {
        true => RequestBody::Empty,
        false => RequestBody::Held(Before::new(parts, BodyRoom::default(), None)),
    };
    Request::builder()
        .method(method)
        .uri("/api/tenant/v1/x?a=b")
        .header("host", "gt.example")
        .header("X-Twice", "1")
        .header("x-twice", "two words")
        .body(body)
        .unwrap()
}
