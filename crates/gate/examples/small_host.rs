//! The smallest host that is whole: hyper on both sides, a keyring, a policy that is replaced when its
//! file changes. Every step the gate asks for is done in `serve`; nothing is decided here.
//!
//! `GT_KEY=gtak_… small_host 127.0.0.1:8080 127.0.0.1:9000/api/tenant policy.yaml keys.yaml`
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "an example"
)]

use std::{error::Error, sync::Arc, time::Duration, time::Instant};

use http::{Request, Response, request::Parts};
use http_body_util::{BodyExt, Channel, Full, channel::Sender, combinators::UnsyncBoxBody};
use hyper::body::{Body, Bytes, Incoming};
use hyper::{client::conn::http1 as client, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use signalbox_gate::*;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn Error + Send + Sync>;
type AnyBody = UnsyncBoxBody<Bytes, Failure>;
type Answer<B> = Result<Response<B>, Failure>;
type Site = Arc<(Arc<Gate>, String)>;

/// A gate that knows GT by one key; `base` is GT's path before `/v1/…`.
pub fn gate(base: &str, gt_key: &str, keys: &str, policy: &str) -> Result<Arc<Gate>, Failure> {
    let runtime = signalbox_runtime::Runtime::new(Default::default())?;
    let swaps = Swaps::new(runtime, Default::default())?;
    swap(&swaps, policy)?;
    let keyring = Arc::new(LiveKeyring::new(keyring::Keyring::parse(keys)?));
    let secret = Secret::read(gt_key)?;
    let gt_keys = ["inference", "upload", "conversation"];
    let gt_keys = gt_keys.map(|name| (name.to_owned(), secret.clone()));
    let mut settings = Settings::at(base);
    // There is no spool here: forms are held in memory alone.
    settings.multipart_memory = settings.multipart_disk;
    let keys = Arc::new(Authenticator::new(keyring, None));
    let gt_keys = Arc::new(Credentials::from_iter(gt_keys));
    let (capacity, clock) = (Capacity::default(), Arc::new(SystemClock));
    Ok(Gate::new(settings, capacity, keys, gt_keys, swaps, clock))
}

/// Serves every connection, for ever; `upstream` is GT's `host:port`.
pub async fn run(gate: Arc<Gate>, upstream: String, listener: TcpListener) -> Result<(), Failure> {
    let site = Arc::new((gate, upstream));
    loop {
        let (socket, address) = listener.accept().await?;
        let (site, peer) = (Arc::clone(&site), Peer::plain(address));
        let service = service_fn(move |asked| serve(Arc::clone(&site), peer, asked));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
    }
}

/// Does what each step asks for, until there is a response.
async fn serve(site: Site, peer: Peer, asked: Request<Incoming>) -> Answer<AnyBody> {
    let (gate, upstream) = &*site;
    let (head, body) = asked.into_parts();
    let client = gate.client_of(peer, &head.headers, head.version);
    let request = IncomingRequest::new(head, client, body.size_hint().exact());
    let (mut step, mut body) = (gate.begin(request, ()), Some(body));
    loop {
        step = match step {
            Step::VerifyToken(jwt) => jwt.verified(Err(TokenRefused::Invalid)), // It takes none.
            Step::ReadBody(read) => match next(&mut body).await {
                Some(Ok(piece)) => read.piece(piece, false),
                Some(Err(_gone)) => read.failed(BodyFailure::Broken),
                None => read.end(),
            },
            Step::SpoolWrite(write) => write.failed(SpoolFailure::Unusable),
            Step::AskPolicy(mut ask) => {
                let call = ask.take_call();
                let answer = tokio::task::spawn_blocking(move || Some(call?.ask())).await;
                ask.answered(answer.ok().flatten().unwrap_or(Err(AskError::Dropped)))
            }
            // It keeps no list of GT's: policies list their own names.
            Step::FetchModels(fetch) => fetch.fetched(Err(unreachable())),
            Step::Forward(forward) => {
                let (head, upload, sent) = forward.send();
                let answer = ask(upstream, head, upload_body(upload, body.take())).await;
                match answer.map(Response::into_parts) {
                    Err(_failure) => Step::Respond(sent.failed(unreachable())),
                    Ok((head, incoming)) => match sent.responded(head) {
                        Responded::Again(forward) => Step::Forward(forward),
                        Responded::Respond(respond) => Step::Respond(respond),
                        Responded::Relay(relay) => {
                            let (head, relay) = relay.into_parts();
                            let (sender, body) = Channel::new(1);
                            tokio::spawn(pass_on(relay, incoming, sender));
                            return Ok(Response::from_parts(head, body.boxed_unsync()));
                        }
                    },
                }
            }
            Step::Respond(respond) => return Ok(respond.into_parts().0.map(full)),
        };
    }
}

async fn ask(upstream: &str, mut head: Parts, body: AnyBody) -> Answer<Incoming> {
    head.headers.insert("host", upstream.parse()?);
    let socket = TcpStream::connect(upstream).await?;
    let (mut sender, connection) = client::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(Request::from_parts(head, body)).await?)
}

/// What goes to GT: what the gate held, then what it lets through of the rest.
fn upload_body(upload: UpstreamBody, mut coming: Option<Incoming>) -> AnyBody {
    let held = upload.parts.iter().map(Part::in_memory);
    let held = Bytes::from(held.collect::<Vec<_>>().concat());
    let Some(mut rest) = upload.rest else {
        return full(held);
    };
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        let mut passed = Ok(held);
        while let Ok(bytes) = passed {
            sender.send_data(bytes).await.ok()?;
            passed = match next(&mut coming).await {
                Some(Ok(piece)) => rest.push(piece, false),
                Some(Err(_gone)) => break,
                None => return sender.send_data(rest.finish().ok()?).await.ok(),
            };
        }
        // GT is not to take a part for the whole.
        sender.abort("the client's body is not what it has to be".into());
        None
    });
    body.boxed_unsync()
}

/// The next bytes of a body; `None` at its end.
async fn next(body: &mut Option<Incoming>) -> Option<hyper::Result<Bytes>> {
    let frame = body.as_mut()?.frame().await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

/// GT's answer on its way to the client, until it ends or may not go on.
async fn pass_on(mut relay: RelayBody<()>, body: Incoming, mut sender: Sender<Bytes, Failure>) {
    let mut body = Some(body);
    let last = loop {
        let came = tokio::time::timeout(LOOK, next(&mut body)).await;
        let passed = match (came, relay.cancelled_if_due(Instant::now())) {
            (Err(_quiet), None) => None,
            (Ok(Some(Ok(bytes))), None) => relay.push(bytes),
            (Ok(None), None) => break relay.finish(),
            (_, reason) => match relay.abort(reason.unwrap_or(AbortReason::Upstream)) {
                None => return sender.abort("GT's answer broke off".into()),
                last => break last,
            },
        };
        if sender.send_data(passed.unwrap_or_default()).await.is_err() {
            return;
        }
    };
    let _ = sender.send_data(last.unwrap_or_default()).await;
}

/// Puts a policy into service, if it passes every check.
fn swap(swaps: &Swaps, document: &str) -> Result<(), Failure> {
    let policy = signalbox_policy::read(document).map_err(|all| format!("{all:?}"))?;
    let component = signalbox_compiler::compile(&policy, document)?;
    let actor = Actor::new(Trigger::Embedder, "small_host");
    let order = Order::serve(Candidate::new("default", component), actor);
    Ok(swaps.swap(order, &mut |_| {}).into_result().map(drop)?)
}

fn full(bytes: Bytes) -> AnyBody {
    Full::new(bytes).map_err(Into::into).boxed_unsync()
}

fn unreachable() -> Refusal {
    Refusal::of(Code::UpstreamUnreachable)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream, policy, keys] = &words[..] else {
        return Err("usage: small_host LISTEN UPSTREAM POLICY KEYS, with GT_KEY set".into());
    };
    let (read, gt_key) = (std::fs::read_to_string, std::env::var("GT_KEY")?);
    let mut document = read(policy)?;
    let (address, base) = upstream.split_at(upstream.find('/').unwrap_or(upstream.len()));
    let gate = gate(base, &gt_key, &read(keys)?, &document)?;
    let swaps = gate.policies().clone();
    let listener = TcpListener::bind(listen).await?;
    tokio::spawn(run(gate, address.to_owned(), listener));
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = std::mem::replace(&mut document, read(policy)?);
        if before != document {
            swap(&swaps, &document).unwrap_or_else(|why| eprintln!("not taken: {why}"));
        }
    }
}
