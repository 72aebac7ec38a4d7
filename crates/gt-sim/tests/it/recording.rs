//! What the handle tells of requests.

use serde_json::json;

use crate::harness::{Ask, Sim, tenant};

#[tokio::test]
async fn a_request_is_recorded_as_it_arrived() {
    let mut sim = Sim::start().await;
    let body = r#"{"model" : "gt-small","messages":[{"role":"user","content":"a"}]}"#;
    let ask = Ask::new("POST", "/v1/chat/completions?x=1&y=%20").key("gtak_i");
    let ask = ask
        .header("x-b", "1")
        .header("x-a", "2")
        .body("application/json", body);
    assert_eq!(sim.send(ask).await.status, 200);
    let request = sim.only_request();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/api/tenant/v1/chat/completions?x=1&y=%20")
    );
    let names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "host",
            "authorization",
            "x-b",
            "x-a",
            "content-type",
            "content-length"
        ]
    );
    assert_eq!(request.header("X-A"), Some("2"));
    assert_eq!(request.header("x-c"), None);
    assert_eq!(request.body, body.as_bytes());
    assert_eq!(request.body_length, body.len() as u64);
    assert_eq!(request.key.as_deref(), Some("inference"));
    assert!(request.is_complete());
}

#[tokio::test]
async fn a_refused_request_is_recorded_with_its_body_and_without_a_key() {
    let mut sim = Sim::start().await;
    sim.post("gtak_x", "/v1/chat/completions", json!({"a": 1}))
        .await;
    let request = sim.only_request();
    assert_eq!(
        (request.body.as_slice(), request.key),
        (br#"{"a":1}"#.as_slice(), None)
    );
}

#[tokio::test]
async fn a_large_body_is_kept_in_part_and_hashed_whole() {
    let mut sim = Sim::start().await;
    let ask = Ask::new("POST", "/v1/nowhere").body("application/octet-stream", vec![0; 3 << 20]);
    assert_eq!(sim.send(ask).await.status, 404);
    let request = sim.only_request();
    assert_eq!(
        (request.body.len(), request.body_length),
        (1 << 20, 3 << 20)
    );
    // `head -c 3145728 /dev/zero | sha256sum`
    assert_eq!(
        request.body_sha256,
        "bbd05cf6097ac9b1f89ea29d2542c1b7b67ee46848393895f5a9e43fa1f621e5"
    );
}

#[tokio::test]
async fn clear_forgets_requests_and_faults_and_keeps_the_tenant() {
    let mut sim = Sim::start().await;
    sim.get("gtak_i", "/v1/models").await;
    assert_eq!(
        (sim.handle.requests_seen(), sim.handle.requests().len()),
        (1, 1)
    );
    sim.handle
        .fail_next(signalbox_gt_sim::Fault::status(500, "{}"));
    sim.handle.clear();
    assert_eq!(
        (sim.handle.requests_seen(), sim.handle.requests()),
        (0, vec![])
    );
    assert_eq!(sim.get("gtak_i", "/v1/models").await.status, 200);
}

#[tokio::test]
async fn requests_are_counted_also_when_none_is_kept() {
    let mut sim = Sim::with(tenant().recorded_requests(0)).await;
    sim.get("gtak_i", "/v1/models").await;
    assert_eq!(
        (sim.handle.requests_seen(), sim.handle.requests()),
        (1, vec![])
    );
}

#[tokio::test]
async fn nothing_the_handle_prints_holds_a_secret() {
    let mut sim =
        Sim::with(tenant().key(signalbox_gt_sim::Key::upload("s", "gtak_verysecret"))).await;
    sim.get("gtak_i", "/v1/models").await;
    assert!(!format!("{:?}", sim.handle).contains("verysecret"));
}
