//! What clients without a key can make the host hold by not taking its answers: some kilobytes a
//! connection, however many streams they open on it. Measured on the command, in a process of its own.

use std::{future::poll_fn, net::SocketAddr};

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::Request;
use signalbox_harness::served::{Place, Served, document};
use tokio::{net::TcpStream, task::JoinSet};

/// A client whose streams have no window: it takes heads and nothing else.
struct Reluctant {
    send: SendRequest<Bytes>,
    /// Kept open, so that their streams are.
    heads: Vec<h2::RecvStream>,
    bodies: Vec<h2::SendStream<Bytes>>,
}

impl Reluctant {
    async fn connect(address: SocketAddr, connections: &mut JoinSet<()>) -> Self {
        let socket = TcpStream::connect(address).await.expect("the host listens");
        let (send, connection) = h2::client::Builder::new()
            .initial_window_size(0)
            .handshake(socket)
            .await
            .expect("it speaks HTTP/2");
        connections.spawn(async move {
            // It ends with the test.
            let _ = connection.await;
        });
        Self {
            send,
            heads: Vec::new(),
            bodies: Vec::new(),
        }
    }

    async fn send(&mut self, request: &Request<()>, is_all: bool) -> ResponseFuture {
        poll_fn(|context| self.send.poll_ready(context))
            .await
            .expect("the connection goes on");
        let sent = self.send.send_request(request.clone(), is_all);
        let (answer, body) = sent.expect("the connection goes on");
        self.bodies.push(body);
        answer
    }

    /// Opens as many streams as it may, and waits for the head of each answer.
    async fn ask(&mut self, request: &Request<()>, is_all: bool) {
        let mut answers = Vec::new();
        for _ in 0..STREAMS {
            answers.push(self.send(request, is_all).await);
        }
        for answer in answers {
            let answer = answer.await.expect("each request is answered");
            assert_eq!(answer.status(), 401);
            self.heads.push(answer.into_body());
        }
    }
}

/// What the host holds for each of many such clients, above what it held when each of them had one
/// small answer.
async fn held_for_each(served: &Served, request: Request<()>, is_all: bool) -> u64 {
    let mut connections = JoinSet::new();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Reluctant::connect(served.host, &mut connections).await;
        let head = Request::head("http://gate.example/v1/models")
            .body(())
            .expect("a request");
        let answer = client.send(&head, true).await.await;
        assert_eq!(answer.expect("an answer").status(), 401);
        clients.push(client);
    }
    let before = served.resident();
    for client in &mut clients {
        client.ask(&request, is_all).await;
    }
    served.resident().saturating_sub(before) / CLIENTS
}

#[test]
fn answers_that_nobody_takes_cost_little_without_a_key() {
    let place = Place::new("default: policy.yaml", "");
    place.write("policy.yaml", document("gpt-4o"));
    place.key("client", "gtak_client", "default");
    let served = place.serve();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let list = Request::get("http://gate.example/v1/models").body(());
    let upload = Request::post("http://gate.example/v1/files")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(());
    for (request, is_all) in [(list, true), (upload, false)] {
        let request = request.expect("a request");
        let held = runtime.block_on(held_for_each(&served, request, is_all));
        assert!(held <= MOST, "{held} bytes a connection");
    }
}

/// As many as the limit lets one connection have.
const STREAMS: usize = 128;
const CLIENTS: u64 = 80;
/// What SECURITY.md promises.
const MOST: u64 = 64 << 10;
