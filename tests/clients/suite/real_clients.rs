//! Real clients through the gate, each with GT's documented base and with the `/v1` that OpenAI
//! clients expect: GT's validation checklist for LiteLLM, asked of every client.
//!
//! A client's script prints what it made of the gate; here that is compared as a whole. What GT has
//! beyond that checklist is in `every_route`, the frameworks above the SDKs in `frameworks`.

mod every_route;
mod frameworks;
mod transports;

use serde_json::json;
use signalbox_gt_sim::{Key, Scope};
use signalbox_harness::{
    checklist::{self, events, json_of, openai_sdk, said, streamed},
    clients::{self, LitellmProxy, Setting, SteadyChat},
    gate::{DEMO, Gate},
    http::Ask,
    small_host::{Serves as _, SmallHost},
    wait_for,
};

/// Both bases of a gate, without and with `/v1`.
fn for_both_bases(gate: &Gate, mut check: impl FnMut(&Setting<'_>)) {
    for base in [gate.base(), gate.base_v1()] {
        check(&setting(&base));
    }
}

fn setting(base: &str) -> Setting<'_> {
    Setting {
        base,
        key: DEMO,
        chat: "gpt-4o",
        embed: "text-embedding-3-small",
    }
}

#[test]
fn openai_python_passes_the_checklist() {
    let gate = Gate::demo();
    for_both_bases(&gate, |setting| {
        assert_eq!(clients::openai_python(setting), openai_sdk());
    });
}

#[test]
fn openai_node_passes_the_checklist() {
    let gate = Gate::demo();
    for_both_bases(&gate, |setting| {
        assert_eq!(clients::openai_node(setting), checklist::openai_node());
    });
}

#[test]
fn litellm_sdk_passes_the_checklist() {
    let gate = Gate::demo();
    for_both_bases(&gate, check_litellm_sdk);
}

#[test]
fn litellm_sdk_passes_the_checklist_before_the_small_host() {
    let host = SmallHost::demo();
    for base in ["/api/tenant", "/api/tenant/v1"] {
        check_litellm_sdk(&setting(&format!("http://{}{base}", host.address())));
    }
}

fn check_litellm_sdk(setting: &Setting<'_>) {
    // LiteLLM raises its own copies of the OpenAI SDK's types, and keeps the code in some.
    let refused = |raised: &str, status: u16, code: Option<&str>| json!({"raised": raised, "status": status, "code": code});
    let facts = clients::litellm_sdk(setting);
    let expected = json!({
        "models": ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"],
        "chat": said(),
        "stream": streamed(),
        "embeddings": {
            "object": "list", "model": "text-embedding-3-small", "vectors": 2,
            "same_length": true,
        },
        "unknown_model": refused("NotFoundError", 404, None),
        "speech": refused("NotFoundError", 404, Some("route_not_supported")),
        "images": refused("BadRequestError", 404, None),
        "wrong_key": refused("AuthenticationError", 401, None),
    });
    assert_eq!(facts, expected);
}

#[test]
fn curl_passes_the_checklist() {
    let gate = Gate::demo();
    for_both_bases(&gate, |setting| {
        let printed = clients::curl(setting);
        let answers: Vec<_> = printed.split("=== ").skip(1).map(curl_answer).collect();
        let heads: Vec<_> = answers.iter().map(|(head, _)| *head).collect();
        assert_eq!(
            heads,
            [
                "models 200 application/json",
                "chat 200 application/json",
                "stream 200 text/event-stream",
                "embeddings 200 application/json",
                "speech 404 application/json",
            ]
        );
        let names: Vec<_> = events(answers[2].1)
            .iter()
            .map(|event| event["model"].clone())
            .collect();
        assert!(
            names.len() > 2 && names.iter().all(|name| name == "gpt-4o"),
            "{names:?}"
        );
        assert_eq!(json_of(answers[1].1)["model"], "gpt-4o");
        assert_eq!(json_of(answers[3].1)["model"], "text-embedding-3-small");
        assert_eq!(
            json_of(answers[4].1)["error"]["code"],
            "route_not_supported"
        );
    });
}

fn curl_answer(printed: &str) -> (&str, &str) {
    printed.split_once('\n').expect("a line, then a body")
}

#[test]
fn litellm_proxy_passes_the_checklist_and_a_rotation_of_the_gt_key() {
    let gate = Gate::demo();
    let proxy = LitellmProxy::start(&gate.base(), &gate.base_v1(), DEMO);
    checklist::litellm_proxy(&proxy);
    rotate_gt_key(&gate, || {
        checklist::litellm_proxied(&proxy, "chat", "embed-v1");
    });
}

#[test]
fn rotating_the_gt_key_fails_no_request() {
    let gate = Gate::demo();
    let base = gate.base();
    let mut client = SteadyChat::start(&setting(&base));
    client.wait_for_answers(3);
    rotate_gt_key(&gate, || {});
    client.wait_for_answers(6);
    assert_eq!(
        client.stop(),
        json!({"some_answered": true, "models": ["gpt-4o"], "failures": []})
    );
}

/// What an operator does: a second key at GT, its secret into the file, and once the gate uses it,
/// the first key revoked. `meanwhile` is done again and again until then, and once more after.
fn rotate_gt_key(gate: &Gate, meanwhile: impl Fn()) {
    let rotated = "gtak_upstream_inference_2";
    gate.gt().add_key(
        Key::inference("inference-2", rotated)
            .scopes(Scope::INFERENCE)
            .agent_aliases(["support-agent"])
            .raw_models(["gt-small"]),
    );
    std::fs::write(gate.file("gt-inference"), rotated).expect("the gate's folder takes a file");
    wait_for("the rotated key at GT", || {
        meanwhile();
        let chat = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]});
        let answer = gate.ask(&Ask::json("/v1/chat/completions", chat.to_string()).key(DEMO));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let requests = gate.gt().requests();
        let key = requests.last().expect("GT was asked").key.clone();
        (key.as_deref() == Some("inference-2")).then_some(())
    });
    gate.gt()
        .revoke("inference")
        .expect("the demo tenant has this key");
    meanwhile();
}
