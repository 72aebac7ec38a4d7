//! Envoy with external authorization alone: whole bodies that go on as they came, and nothing else.

use signalbox_harness::{envoy, gate::GT_INFERENCE, http::Ask, recorder::Recorder, served::Place};

use super::VERSIONS;

const KEY: &str = "gtak_asked";
const POLICY: &str = "policy: asked\nroutes:\n  \
    POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}\n\
    models:\n  support-agent: {published: support-agent}\n  gpt-4o: {published: support-agent}\n";

#[test]
fn what_goes_on_is_what_was_decided() {
    for version in VERSIONS {
        let gt = Recorder::start();
        let place = place(&gt);
        let _gate = gate(&place);
        let socket = place.path("ext-proc.sock");
        let envoy = envoy::start(version, "ext-authz.yaml", &socket, gt.address());
        let ask = |model: &str| {
            let body = format!(r#"{{"model":"{model}","messages":[]}}"#);
            Ask::json("/v1/chat/completions", body)
        };

        let answer = ask("support-agent").key(KEY).send(envoy.address());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = gt.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(seen[0].target, "/api/tenant/v1/chat/completions");
        let key = format!("Bearer {GT_INFERENCE}");
        assert_eq!(seen[0].header("authorization"), Some(key));
        let body = br#"{"model":"support-agent","messages":[]}"#;
        assert_eq!(seen[0].body, body);

        let renamed = ask("gpt-4o").key(KEY).send(envoy.address());
        assert_eq!(renamed.refusal(), (501, "proxy_cannot_rewrite".to_owned()));
        let unknown = ask("other").key(KEY).send(envoy.address());
        assert_eq!(unknown.refusal(), (404, "model_not_found".to_owned()));
        let nobody = ask("support-agent").send(envoy.address());
        assert_eq!(nobody.refusal(), (401, "invalid_api_key".to_owned()));
        assert!(gt.take().is_empty());
    }
}

#[test]
fn a_part_of_a_body_is_refused() {
    for version in VERSIONS {
        let gt = Recorder::start();
        let place = place(&gt);
        let _gate = gate(&place);
        let socket = place.path("ext-proc.sock");
        let change = |text: String| {
            text.replace(
                "allow_partial_message: false",
                "allow_partial_message: true",
            )
            .replace("max_request_bytes: 33554432", "max_request_bytes: 64")
        };
        let envoy = envoy::start_changed(version, "ext-authz.yaml", &socket, gt.address(), change);
        let padding = "x".repeat(200);
        let body = format!(r#"{{"model":"support-agent","p":"{padding}","model":"gpt-4o"}}"#);
        let ask = Ask::json("/v1/chat/completions", body).key(KEY);
        let answer = ask.send(envoy.address());
        assert_eq!(answer.refusal(), (501, "proxy_cannot_rewrite".to_owned()));
        assert!(gt.take().is_empty());
    }
}

fn place(gt: &Recorder) -> Place {
    let more = "ext_proc: {listen: unix:ext-proc.sock}\n";
    let place = Place::before(gt.address(), "default: policy.yaml", more);
    place.write("policy.yaml", POLICY);
    place.key("app", KEY, "default");
    place
}

fn gate(place: &Place) -> signalbox_harness::process::Process {
    let program = signalbox_harness::command::signalbox();
    let program = program
        .args(["ext-proc", "--config"])
        .arg(place.path("signalbox.yaml"));
    let mut gate = program.start();
    gate.wait_until(|gate| gate.stderr().contains("ext-proc on unix:").then_some(()));
    gate
}
