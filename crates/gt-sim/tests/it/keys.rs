//! Keys: who is let in, and which names each may see and use.

use serde_json::{Value, json};
use signalbox_gt_sim::{Key, Modality, Published, Scope, Tenant, UnknownKey};

use crate::harness::{Ask, Sim, raw_only, refused, tenant};

fn names(list: &Value) -> Vec<&str> {
    assert_eq!(list["object"], "list");
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect()
}

fn hello(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hello"}]})
}

#[tokio::test]
async fn what_is_not_one_valid_key_is_refused_alike() {
    let mut sim = Sim::start().await;
    let ask = || Ask::new("GET", "/v1/models");
    let mut bodies = Vec::new();
    for request in [
        ask(),
        ask().key("gtak_unknown"),
        ask().key("sk-other"),
        ask().key(""),
        ask().header("authorization", "gtak_i"),
        ask().header("authorization", "Basic gtak_i"),
        ask().key("gtak_i").key("gtak_i"),
        ask().header("api-key", "gtak_i"),
    ] {
        let answer = sim.send(request).await;
        assert_eq!(answer.refusal(), refused(401, "invalid_api_key", None));
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert_eq!(
        sim.send(ask().header("authorization", "bearer gtak_i"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_secret_without_the_prefix_is_never_accepted() {
    let mut sim = Sim::with(Tenant::demo().key(Key::inference("odd", "secret"))).await;
    assert_eq!(sim.get("secret", "/v1/models").await.status, 401);
}

#[tokio::test]
async fn the_list_is_what_is_published_and_allowed() {
    let tenant = tenant()
        .key(Key::inference("hidden", "gtak_h").agent_aliases(["unpublished", "support-agent"]))
        .key(
            Key::inference("crossed", "gtak_x")
                .agent_aliases(["gt-small"])
                .raw_models(["support-agent"]),
        )
        .key(raw_only("gtak_r"));
    let mut sim = Sim::with(tenant).await;
    for (key, expected) in [
        ("gtak_i", vec!["support-agent", "gt-small"]),
        ("gtak_c", vec!["support-agent", "gt-small"]),
        ("gtak_h", vec!["support-agent"]),
        ("gtak_r", vec!["gt-small"]),
        ("gtak_x", vec![]),
        ("gtak_u", vec![]),
        ("gtak_n", vec![]),
    ] {
        assert_eq!(
            names(&sim.get(key, "/v1/models").await.ok()),
            expected,
            "{key}"
        );
    }
}

#[tokio::test]
async fn a_model_that_is_not_published_not_allowed_or_unknown_looks_the_same() {
    let mut sim = Sim::with(tenant().key(raw_only("gtak_r").agent_aliases(["unpublished"]))).await;
    for model in ["support-agent", "unpublished", "gpt-4o", "GT-SMALL"] {
        let answer = sim
            .post("gtak_r", "/v1/chat/completions", hello(model))
            .await;
        assert_eq!(
            answer.refusal(),
            refused(404, "model_not_found", Some("model")),
            "{model}"
        );
        let message = answer.json()["error"]["message"]
            .to_string()
            .replace(model, "NAME");
        assert_eq!(
            message,
            "\"the model `NAME` does not exist or the key has no access to it\""
        );
    }
}

#[tokio::test]
async fn each_inference_route_needs_its_scope_and_no_other() {
    let mut sim = Sim::start().await;
    for (scope, path) in [
        (Scope::Chat, "/v1/chat/completions"),
        (Scope::Embed, "/v1/embeddings"),
        (Scope::Transcribe, "/v1/audio/transcriptions"),
        (Scope::Speech, "/v1/audio/speech"),
        (Scope::Image, "/v1/images/generations"),
    ] {
        let others = Scope::INFERENCE.into_iter().filter(|other| *other != scope);
        sim.handle
            .add_key(Key::inference("k", "gtak_k").scopes(others));
        let answer = sim.post("gtak_k", path, json!({})).await;
        assert_eq!(answer.refusal(), refused(403, "missing_scope", None));
        assert!(
            answer.json()["error"]["message"]
                .as_str()
                .unwrap()
                .contains(scope.word())
        );
        sim.handle
            .add_key(Key::inference("k", "gtak_k").scopes([scope]));
        let answer = sim.post("gtak_k", path, json!({})).await;
        assert!(
            matches!(answer.status, 400 | 415),
            "{path}: past the scope, to the body"
        );
    }
}

#[tokio::test]
async fn inference_routes_are_not_for_upload_keys() {
    let mut sim =
        Sim::with(tenant().key(Key::upload("u2", "gtak_u2").scopes(Scope::INFERENCE))).await;
    for path in [
        "chat/completions",
        "embeddings",
        "audio/transcriptions",
        "audio/speech",
        "images/generations",
        "conversations",
    ] {
        let answer = sim.post("gtak_u2", &format!("/v1/{path}"), json!({})).await;
        assert_eq!(
            answer.refusal(),
            refused(403, "purpose_not_allowed", None),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_name_is_refused_where_it_has_no_modality() {
    let deaf = Published::agent("text-only").only([Modality::Chat]);
    let key = Key::inference("t", "gtak_t")
        .scopes(Scope::INFERENCE)
        .agent_aliases(["text-only"])
        .raw_models(["gt-small"]);
    let mut sim = Sim::with(tenant().published(deaf).key(key)).await;
    for (path, model, body) in [
        ("/v1/embeddings", "text-only", json!({"input": "x"})),
        ("/v1/conversations", "text-only", json!({})),
        ("/v1/audio/speech", "gt-small", json!({"input": "x"})),
        ("/v1/images/generations", "gt-small", json!({"prompt": "x"})),
    ] {
        let mut body = body;
        body["model"] = json!(model);
        let answer = sim.post("gtak_t", path, body).await;
        assert_eq!(
            answer.refusal(),
            refused(400, "model_not_supported", Some("model")),
            "{path}"
        );
    }
    assert_eq!(
        sim.post("gtak_t", "/v1/chat/completions", hello("text-only"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_rotated_key_answers_to_the_new_secret_only() {
    let mut sim = Sim::start().await;
    sim.handle.rotate_key("inference", "gtak_new").unwrap();
    assert_eq!(sim.get("gtak_i", "/v1/models").await.status, 401);
    assert_eq!(
        names(&sim.get("gtak_new", "/v1/models").await.ok()),
        ["support-agent", "gt-small"]
    );
    assert_eq!(
        sim.handle.rotate_key("nobody", "gtak_x"),
        Err(UnknownKey("nobody".to_owned()))
    );
}

#[tokio::test]
async fn a_revoked_key_is_refused_and_takes_its_rights_from_keys_linked_to_it() {
    let mut sim = Sim::start().await;
    sim.handle.revoke("inference").unwrap();
    assert_eq!(sim.get("gtak_i", "/v1/models").await.status, 401);
    assert_eq!(
        names(&sim.get("gtak_c", "/v1/models").await.ok()),
        Vec::<&str>::new()
    );
    let answer = sim
        .post("gtak_c", "/v1/chat/completions", hello("gt-small"))
        .await;
    assert_eq!(answer.refusal(), refused(403, "missing_scope", None));
    assert_eq!(
        sim.handle.revoke("inference"),
        Err(UnknownKey("inference".to_owned()))
    );
}

#[tokio::test]
async fn a_key_added_later_works_at_once() {
    let mut sim = Sim::start().await;
    sim.handle.add_key(raw_only("gtak_r"));
    assert_eq!(
        sim.post("gtak_r", "/v1/chat/completions", hello("gt-small"))
            .await
            .ok()["model"],
        "gt-small"
    );
}
