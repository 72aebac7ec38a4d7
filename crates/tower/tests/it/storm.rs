//! Swaps under traffic: no request fails, and none is decided by two generations.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use signalbox_gate::{Authenticator, Clock};
use signalbox_gate::{Capacity, Gate, LiveKeyring, Settings, SystemClock, keyring::Keyring};
use signalbox_runtime::{Cache, Runtime};
use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};
use signalbox_tower::DecisionInfo;
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{Piece, Pieces, data};
use crate::fixture::{POLICY, credentials, head, keys};
use crate::gt::collect;
use crate::stage::{CHAT, ask, block_on, layer, request};

const SWAPS: usize = 1_000;
const CLIENTS: usize = 4;
/// Policies that take turns.
const AGENTS: [&str; 3] = ["agent-0", "agent-1", "agent-2"];

/// A GT that answers with the model it was asked for, in events.
#[derive(Clone, Debug)]
struct Echo;

impl<B: Body<Data = Bytes> + Send + 'static> Service<Request<B>> for Echo {
    type Response = Response<Pieces>;
    type Error = &'static str;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Pieces>, &'static str>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(async move {
            let asked = collect(request.into_body()).await.ok_or("broken off")?;
            let asked: serde_json::Value = serde_json::from_slice(&asked).map_err(|_| "no JSON")?;
            let model = &asked["model"];
            let event = format!("data: {{\"model\":{model},\"said\":{model}}}\n\n");
            let pieces = event.as_bytes().chunks(7);
            let pieces = pieces.map(|piece| Piece::Data(Bytes::copy_from_slice(piece)));
            let mut response = Response::new(Pieces::new(pieces));
            let kind = http::HeaderValue::from_static("text/event-stream");
            response.headers_mut().insert("content-type", kind);
            Ok(response)
        })
    }
}

fn component(agent: &str) -> Vec<u8> {
    let document = POLICY.replace("support-agent", agent);
    let policy = signalbox_policy::read(&document).unwrap();
    signalbox_compiler::compile(&policy, &document).unwrap()
}

fn serve(swaps: &Swaps, component: &[u8]) -> u64 {
    let actor = Actor::new(Trigger::Embedder, "a test");
    let order = Order::serve(Candidate::new("default", component.to_vec()), actor);
    swaps.swap(order, &mut |_| {}).into_result().unwrap();
    swaps.slot().load().get("default").unwrap().live().number()
}

/// What one client saw of one request.
#[derive(Debug)]
struct Seen {
    generation: u64,
    text: String,
}

#[test]
fn a_thousand_swaps_under_traffic_fail_nothing_and_mix_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Three components: the cache of compiled ones is what lets so many swaps fit a test.
    let settings = signalbox_runtime::Settings {
        workers: CLIENTS,
        cache: Some(Cache::open(&folder.path().join("code")).unwrap()),
        ..Default::default()
    };
    let swaps = Swaps::new(Runtime::new(settings).unwrap(), Default::default()).unwrap();
    let components = AGENTS.map(component);
    let mut served = HashMap::from([(serve(&swaps, &components[0]), AGENTS[0])]);
    let keyring = Arc::new(LiveKeyring::new(Keyring::parse(&keys()).unwrap()));
    let gate = Gate::new(
        Settings::at("/api/tenant"),
        Capacity::default(),
        Arc::new(Authenticator::new(keyring, None)),
        Arc::new(credentials()),
        swaps.clone(),
        Arc::new(SystemClock) as Arc<dyn Clock>,
    );
    let (is_over, seen) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut mine = Vec::new();
                while !is_over.load(Relaxed) {
                    mine.push(asks(&gate));
                }
                seen.lock().unwrap().append(&mut mine);
            });
        }
        for swap in 1..=SWAPS {
            let which = swap % AGENTS.len();
            served.insert(serve(&swaps, &components[which]), AGENTS[which]);
        }
        is_over.store(true, Relaxed);
    });
    let seen = seen.into_inner().unwrap();
    for one in &seen {
        let agent = served[&one.generation];
        let event = format!("data: {{\"model\":\"gpt-4o\",\"said\":\"{agent}\"}}\n\n");
        assert_eq!(one.text, event, "{}", one.generation);
    }
    let generations: HashSet<_> = seen.iter().map(|one| one.generation).collect();
    assert_eq!(served.len(), SWAPS + 1);
    assert!(
        generations.len() > 10,
        "{} of {} requests",
        generations.len(),
        seen.len()
    );
    assert_eq!(gate.capacity().requests.inside(), 0);
    assert_eq!(gate.capacity().memory.held(), 0);
}

/// One request in two pieces.
fn asks(gate: &Arc<Gate>) -> Seen {
    let headers = [("content-type", "application/json")];
    let body = Pieces::new([data(r#"{"stream":true,"#), data(r#""model":"gpt-4o"}"#)]);
    let mut policy = layer(gate).layer(Echo);
    block_on(async {
        let asking = request(head("POST", CHAT, &headers), body);
        let response = ask(&mut policy, asking).await;
        assert_eq!(response.status(), 200);
        let info = response.extensions().get::<DecisionInfo>().unwrap();
        let generation = info.policy().unwrap().generation;
        let text = collect(response.into_body()).await.unwrap();
        let text = String::from_utf8(text).unwrap();
        Seen { generation, text }
    })
}
