//! `GET /v1/models` and `GET /v1/models/{id}`: what a key is shown, and in which words.

use crate::harness::{Ask, Gate, Gt};

fn listed(gate: &Gate, key: &str) -> Vec<String> {
    let answer = gate.send(&Ask::get("/v1/models").key(key));
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json"))
    );
    let list: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let ids = list["data"].as_array().unwrap().iter();
    ids.map(|model| model["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_key_is_shown_what_it_may_use_and_gt_is_not_asked() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    assert_eq!(listed(&gate, "all"), ["embedder", "gpt-4o", "gpt-4o-mini"]);
    assert_eq!(
        listed(&gate, "chat"),
        ["gpt-4o", "gpt-4o-mini"],
        "no scope for embeddings"
    );
    assert_eq!(listed(&gate, "mini"), ["gpt-4o-mini"], "the key's own list");
    assert_eq!(
        listed(&gate, "published"),
        ["gpt-4o-mini"],
        "the key's published names"
    );
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn one_model_is_found_exactly_if_it_is_listed() {
    let gate = Gate::before(&Gt::chatty());
    let one = |id: &str, key: &str| gate.send(&Ask::get(&format!("/v1/models/{id}")).key(key));
    assert_eq!(
        one("gpt-4o", "chat").text(),
        r#"{"id":"gpt-4o","object":"model","created":0,"owned_by":"gt"}"#
    );
    assert_eq!(one("gpt%2D4o", "chat").status, 200);
    for (id, key) in [
        ("nobody", "all"),
        ("support-agent", "all"),
        ("gpt-4o", "mini"),
        ("free-one", "all"),
    ] {
        assert_eq!(
            one(id, key).refusal(),
            (404, "model_not_found".to_owned()),
            "{id}"
        );
    }
}

#[test]
fn what_does_not_exist_and_what_is_not_on_the_key_look_the_same() {
    let gate = Gate::before(&Gt::chatty());
    let text = |ask: Ask, name: &str| gate.send(&ask.key("mini")).text().replace(name, "X");
    let unknown = text(Ask::chat("nobody"), "nobody");
    assert_eq!(unknown, text(Ask::chat("gpt-4o"), "gpt-4o"));
    let unlisted = text(Ask::get("/v1/models/nobody"), "nobody");
    assert_eq!(unlisted, text(Ask::get("/v1/models/gpt-4o"), "gpt-4o"));
}
