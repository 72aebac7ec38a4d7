//! What GT asks of a key, whatever a policy says: by the path that is sent.

use std::sync::Arc;

use signalbox_gate::gt_routes;

use crate::door::{Asked, Told, Upstream, play};
use crate::fixture::{Engine, gate_of, head};

/// Routes that let in more than GT does.
const LAX: &str = r#"
policy: lax
routes:
  POST /v1/{area}/{id}/files: {verdict: gt_extension, action: forward, scope: none, purpose: [inference, upload], because: "Test."}
  POST /v1/chat/completions: {verdict: native, scope: none, purpose: [inference, upload], model: json}
  GET /v1/{area}/{id}: {verdict: gt_extension, action: forward, purpose: [inference, upload], because: "Test."}
  POST /v1/responses: {verdict: native, scope: "inference:chat", model: json}
models:
  gpt-4o: {published: support-agent}
"#;

const JSON: (&str, &str) = ("content-type", "application/json");
const BODY: &[u8] = br#"{"model":"gpt-4o","messages":[]}"#;

fn told(engine: Engine, table: Option<&str>, method: &str, path: &str, key: &str) -> Told {
    let gate = gate_of(LAX, &Arc::default(), engine, |settings, _| {
        if let Some(table) = table {
            settings.gt_routes = Arc::new(gt_routes::parse(table).unwrap());
        }
    });
    let key = format!("Bearer token-{key}");
    let headers = [JSON, ("authorization", &*key)];
    let body = if method == "GET" { b"" } else { BODY };
    play(
        &gate,
        Asked::new(head(method, path, &headers), body),
        &[Upstream::json(200, "{}")],
    )
}

#[test]
fn no_policy_lets_a_key_do_what_gt_would_not() {
    for engine in [Engine::Known, Engine::Unknown] {
        for (method, path, key, status) in [
            ("POST", "/v1/datasets/briefs/files", "all", 200),
            ("POST", "/v1/datasets/briefs/files", "no-dataset", 503),
            ("POST", "/v1/datasets/other/files", "all", 503),
            ("POST", "/v1/datasets/briefs/files", "chat", 503),
            ("POST", "/v1/chat/completions", "all", 200),
            ("POST", "/v1/chat/completions", "scopeless", 503),
            ("POST", "/v1/chat/completions", "uploader", 503),
            ("GET", "/v1/files/file-1", "all", 200),
            ("GET", "/v1/files/file-1", "chat", 503),
            ("GET", "/v1/models/gpt-4o", "all", 404),
            ("GET", "/v1/usage/file-1", "all", 503),
            ("POST", "/v1/responses", "all", 503),
        ] {
            let told = told(engine, None, method, path, key);
            let is_sent = usize::from(status == 200);
            assert_eq!(
                (told.status, told.sent.len()),
                (status, is_sent),
                "{method} {path}, {key}"
            );
            assert!(
                status != 503 || told.code() == "policy_failed",
                "{method} {path}, {key}"
            );
        }
    }
}

#[test]
fn an_operators_table_has_further_routes() {
    let more = "  POST /v1/responses: {purposes: [inference], scopes: ['inference:chat']}\n";
    let table = format!("{}{more}", gt_routes::SHIPPED);
    let ask = |key| told(Engine::Known, Some(&table), "POST", "/v1/responses", key).status;
    assert_eq!(ask("all"), 200);
    assert_eq!(ask("no-scope"), 403);
}
