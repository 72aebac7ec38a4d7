//! `GET /v1/models` and `GET /v1/models/{id}`: what a key is shown, and in which words.

use signalbox_policy::{Decision, Forward, ListMode, ModelSource};

use crate::guests::{Guest, TO_CHAT, TO_FILE, TO_NOWHERE, description, entry, forward, route};
use crate::harness::{Ask, Gate, Gt};

/// A policy that answers the key `evil` with `decision`.
fn deciding(decision: Decision) -> Vec<u8> {
    let mut description = description();
    description
        .routes
        .push(route("GET", "/v1/models", ModelSource::None));
    description.model_count = 3;
    let catalogue = vec![
        entry("big", "support-agent"),
        entry("old", "retired-agent"),
        entry("small", "gt-small"),
    ];
    Guest {
        description,
        catalogue,
        ..Guest::answer(decision)
    }
    .component()
}

fn behind(gt: &Gt, decision: Decision) -> Gate {
    Gate::builder(gt.address)
        .policy("default", deciding(decision))
        .start()
}

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

#[test]
fn the_upstreams_list_is_shown_in_the_policys_words_and_kept_for_a_moment() {
    let gt = Gt::answering(|_, reply| {
        reply.json(
            200,
            r#"{"data":[{"id":"gt-small"},{"id":"support-agent"},{"id":"unknown"}]}"#,
        );
    });
    let gate = behind(&gt, Decision::ListModels(ListMode::Upstream));
    assert_eq!(listed(&gate, "evil"), ["big", "small"]);
    assert_eq!(listed(&gate, "evil"), ["big", "small"]);
    let seen = gt.only();
    assert_eq!(seen.line, "GET /api/tenant/v1/models HTTP/1.1");
    assert_eq!(seen.header("authorization"), Some("Bearer gtak_inference"));
}

#[test]
fn an_upstream_list_that_is_none_is_not_mistaken_for_an_empty_one() {
    for (status, body, code) in [
        (200, "<html>", "upstream_protocol"),
        (200, r#"{"data":[{}]}"#, "upstream_protocol"),
        (500, "{}", "upstream_protocol"),
        (401, "{}", "upstream_credential_rejected"),
        (302, "{}", "upstream_redirect"),
    ] {
        let gt = Gt::answering(move |_, reply| reply.json(status, body));
        let gate = behind(&gt, Decision::ListModels(ListMode::Upstream));
        let answer = gate.send(&Ask::get("/v1/models").key("evil"));
        assert_eq!(answer.refusal(), (502, code.to_owned()), "{status} {body}");
    }
}

#[test]
fn a_chosen_list_shows_no_more_than_the_catalogue_and_the_key_have() {
    let names = ["small", "big"].map(str::to_owned).to_vec();
    let gate = behind(&Gt::chatty(), Decision::ListModels(ListMode::Only(names)));
    assert_eq!(listed(&gate, "evil"), ["small", "big"]);
    let one = |id: &str| gate.send(&Ask::get(&format!("/v1/models/{id}")).key("evil"));
    assert_eq!(one("small").status, 200);
    assert_eq!(
        one("old").status,
        404,
        "in the catalogue, and not in the list"
    );
}

#[test]
fn a_decision_that_goes_past_the_key_is_the_policys_failure() {
    let gt = Gt::chatty();
    let named = |route| Forward {
        model: Some("support-agent".into()),
        ..forward(route)
    };
    for (decision, cause) in [
        (named(TO_NOWHERE), "forward_route"),
        (named(TO_FILE), "forward"),
        (
            Forward {
                query: Some("other=1".into()),
                ..named(TO_CHAT)
            },
            "forward_query",
        ),
    ] {
        let gate = behind(&gt, Decision::Forward(decision));
        let answer = gate.send(&Ask::chat("big").key("evil"));
        assert_eq!(
            answer.refusal(),
            (503, "policy_failed".to_owned()),
            "{cause}"
        );
        assert_eq!(gt.seen().len(), 0);
        assert!(
            gate.handle
                .metrics()
                .contains("signalbox_policy_failures_total")
        );
    }
}
