//! Which paths exist, and the refusals every route shares.

use serde_json::json;

use crate::harness::{Ask, Sim, refused};

const POSTS: [&str; 6] = [
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/audio/speech",
    "/v1/images/generations",
    "/v1/conversations",
    "/v1/audio/transcriptions",
];

#[tokio::test]
async fn only_documented_paths_exist() {
    let mut sim = Sim::start().await;
    for (method, path) in [
        ("GET", "/api/tenant/models"),
        ("POST", "/api/tenant/chat/completions"),
        ("GET", "/v1x/models"),
        ("GET", "/models"),
        ("GET", "/"),
        ("GET", "/api/tenant/v1"),
        ("GET", "/api/tenant/v1/v1/models"),
        ("GET", "/v1/models/"),
        ("GET", "/v1/models/support-agent"),
        ("GET", "/v1//models"),
        ("POST", "/v1/responses"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/files"),
        ("GET", "/v1/files/"),
        ("GET", "/v1/files/a%2Fb"),
        ("POST", "/v1/uploads"),
        ("POST", "/v1/datasets//files"),
        ("POST", "/v1/audio/translations"),
        ("GET", "/v1/conversations/conv_1"),
    ] {
        let answer = sim.send(Ask::new(method, path).key("gtak_i")).await;
        assert_eq!(
            answer.refusal(),
            refused(404, "unknown_url", None),
            "{path}"
        );
        assert_eq!(
            sim.send(Ask::new(method, path)).await.status,
            404,
            "also without a key: {path}"
        );
    }
}

#[tokio::test]
async fn another_method_is_told_the_right_one() {
    let mut sim = Sim::start().await;
    let wrong = POSTS.map(|path| ("GET", path, "POST"));
    for (method, path, allowed) in wrong.into_iter().chain([
        ("POST", "/v1/models", "GET"),
        ("GET", "/v1/conversations/files", "POST"),
        ("PUT", "/v1/datasets/reference-briefs/files", "POST"),
        ("DELETE", "/v1/files/file_1", "GET"),
        ("DELETE", "/v1/uploads/file_1", "GET"),
    ]) {
        let answer = sim.send(Ask::new(method, path).key("gtak_i")).await;
        assert_eq!(
            answer.refusal(),
            refused(405, "method_not_allowed", None),
            "{path}"
        );
        assert_eq!(answer.header("allow"), allowed);
    }
}

#[tokio::test]
async fn a_query_changes_nothing() {
    let mut sim = Sim::start().await;
    assert_eq!(
        sim.get("gtak_i", "/v1/models?limit=1").await.ok(),
        sim.get("gtak_i", "/v1/models").await.ok()
    );
}

#[tokio::test]
async fn json_routes_take_one_json_object() {
    let mut sim = Sim::start().await;
    for path in &POSTS[..5] {
        let ask = || Ask::new("POST", path).key("gtak_i");
        for request in [
            ask(),
            ask().body("text/plain", "{}"),
            ask()
                .header("content-type", "application/json")
                .json(&json!({})),
            ask().header("content-encoding", "gzip").json(&json!({})),
        ] {
            assert_eq!(
                sim.send(request).await.refusal(),
                refused(415, "unsupported_media_type", None),
                "{path}"
            );
        }
        for body in ["", "[]", "{", "{}x", "\"model\""] {
            let answer = sim
                .send(ask().body("Application/JSON; charset=utf-8", body))
                .await;
            assert_eq!(
                answer.refusal(),
                refused(400, "invalid_body", None),
                "{path} {body}"
            );
        }
    }
}

#[tokio::test]
async fn a_json_body_is_bounded_and_read_before_the_refusal() {
    let mut sim = Sim::start().await;
    let ask = Ask::new("POST", "/v1/chat/completions").key("gtak_i");
    let answer = sim
        .send(ask.body("application/json", vec![b' '; (32 << 20) + 1]))
        .await;
    assert_eq!(answer.refusal(), refused(413, "body_too_large", None));
    assert!(sim.only_request().is_complete());
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own() {
    let mut sim = Sim::start().await;
    let mut ids = Vec::new();
    for (key, path) in [
        ("gtak_i", "/v1/models"),
        ("gtak_i", "/nowhere"),
        ("gtak_x", "/v1/models"),
    ] {
        ids.push(sim.get(key, path).await.header("x-request-id").to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.starts_with("req_")));
}
