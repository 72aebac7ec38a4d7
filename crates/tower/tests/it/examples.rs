//! The examples as they stand, before GT's stand-in.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use signalbox_gate::{Digest, Gate};
use signalbox_gt_sim::{Handle, Simulator, Tenant};
use tokio::net::TcpListener;

use crate::stage::block_on;
use axum_proxy::setup;

#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program, which nobody runs here"
)]
#[path = "../../examples/axum_proxy.rs"]
mod axum_proxy;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program, which nobody runs here"
)]
#[path = "../../examples/hyper_proxy.rs"]
mod hyper_proxy;

/// An example that listens, and what stands behind it.
struct Proxy {
    address: SocketAddr,
    gt: Handle,
    client: Client<HttpConnector, Full<bytes::Bytes>>,
}

const POLICY: &str = include_str!("../../../../plugins/runbooks/litellm.yaml");
const ANY: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// Runs a client beside an example.
fn with_proxy<P, C>(
    serve: impl FnOnce(Arc<Gate>, String, TcpListener) -> P,
    client: impl FnOnce(Proxy) -> C,
) where
    P: Future<Output = ()>,
    C: Future<Output = ()>,
{
    block_on(async {
        let tenant = Tenant::demo_with_keys("gtak_sim", "gtak_upload", "gtak_conversation");
        let simulator = Simulator::bind(ANY.into(), tenant).await.unwrap();
        let (origin, gt) = (
            format!("http://{}", simulator.local_addr()),
            simulator.handle(),
        );
        let sha256 = Digest::of("token");
        let keys =
            format!("keys: [{{id: app, sha256: {sha256}, preset: chat-embeddings, models: all}}]");
        let gate = setup::gate("/api/tenant", "gtak_sim", &keys, POLICY).unwrap();
        let listener = TcpListener::bind(SocketAddr::from(ANY)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Proxy {
            address,
            gt,
            client: Client::builder(TokioExecutor::new()).build_http(),
        };
        tokio::select! {
            () = simulator.run(std::future::pending()) => panic!("GT ended"),
            () = serve(gate, origin, listener) => panic!("the proxy ended"),
            () = client(proxy) => {}
        }
    });
}

impl Proxy {
    async fn ask(&self, token: &str, path: &str, body: &'static str) -> (StatusCode, String) {
        let request = match body {
            "" => Request::get(format!("http://{}{path}", self.address)),
            _ => Request::post(format!("http://{}{path}", self.address)),
        };
        let request = request
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        let request = request.body(Full::from(body)).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn serves_as_a_gate(self) {
        let chat = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}"#;
        let (status, body) = self.ask("token", "/v1/chat/completions", chat).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (status, &body["model"]),
            (StatusCode::OK, &Value::from("gpt-4o"))
        );

        let stream =
            r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"a b c"}]}"#;
        let (status, events) = self.ask("token", "/v1/chat/completions", stream).await;
        assert_eq!(status, StatusCode::OK);
        assert!(events.ends_with("data: [DONE]\n\n"), "{events}");
        assert!(
            events.contains("gpt-4o") && !events.contains("support-agent"),
            "{events}"
        );

        let (status, models) = self.ask("token", "/v1/models", "").await;
        assert!(
            status == StatusCode::OK && models.contains("gpt-4o"),
            "{models}"
        );
        let asked = self.gt.requests_seen();
        let (status, _) = self.ask("other", "/v1/chat/completions", chat).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(self.gt.requests_seen(), asked, "GT hears nothing of it");
        let seen = self.gt.requests();
        assert!(
            seen.iter()
                .all(|it| it.header("authorization") == Some("Bearer gtak_sim"))
        );
    }
}

#[test]
fn axum_in_forty_lines_is_a_gate() {
    let serve = |gate, origin: String, listener| async move {
        let app = axum_proxy::app(gate, &origin).unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, app).await.unwrap();
    };
    with_proxy(serve, |proxy| async {
        assert_eq!(proxy.ask("", "/healthz", "").await.1, "ok\n");
        proxy.serves_as_a_gate().await;
    });
}

#[test]
fn hyper_in_sixty_lines_is_a_gate() {
    let serve = |gate, origin: String, listener| async move {
        hyper_proxy::serve(gate, &origin, listener).await.unwrap();
    };
    with_proxy(serve, Proxy::serves_as_a_gate);
}

#[test]
fn the_examples_are_as_short_as_they_say() {
    let lines = |text: &str| text.lines().count();
    let axum = lines(include_str!("../../examples/axum_proxy.rs"));
    let hyper = lines(include_str!("../../examples/hyper_proxy.rs"));
    assert!(axum <= 40 && hyper <= 60, "{axum}, {hyper}");
}
