//! A compiled document: the known engine, trusted, on a warm instance.

use std::sync::Arc;

use signalbox_policy::{Decision, Header, Policy, RequestedModel, decide};
use signalbox_runtime::{DecideError, Generation, LoadOptions};

use crate::guests::{caller, chat, runtime, serve};

const DOCUMENT: &str = r#"
policy: compiled
routes:
  GET /v1/models: {verdict: native, scope: none}
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
  POST /v1/audio/speech: {verdict: not_supported, because: "no speech here"}
models:
  gpt-4o: {published: support-agent}
  "small-*": {published: gt-small}
  "open-*": {}
cases:
  - {name: chat, request: POST /v1/chat/completions, model: gpt-4o, scopes: ["inference:chat"],
     expect: {forward: POST /v1/chat/completions, model: support-agent}}
"#;

fn compiled() -> (Policy, Arc<Generation>) {
    let policy = signalbox_policy::read(DOCUMENT).unwrap();
    let component = signalbox_compiler::compile(&policy, DOCUMENT).unwrap();
    let plugin = runtime().load(&component, &LoadOptions::default()).unwrap();
    (policy, serve(plugin))
}

/// Whatever the client writes as a model, and whether it may chat.
fn asked() -> Vec<(RequestedModel<'static>, &'static str)> {
    let long: &str = Box::leak("open-".to_owned().repeat(100).into_boxed_str());
    let models = [
        "gpt-4o",
        "small-1",
        "open-x",
        "other",
        "",
        "open-\u{7}",
        long,
    ];
    let named = models.map(RequestedModel::Named);
    [RequestedModel::Unread, RequestedModel::Absent]
        .into_iter()
        .chain(named)
        .flat_map(|model| [(model, "inference:chat"), (model, "inference:embed")])
        .collect()
}

fn ask(
    generation: &Generation,
    scope: &str,
    model: RequestedModel<'_>,
) -> Result<Decision, DecideError> {
    let mut caller = caller("app");
    caller.scopes = vec![scope.into()];
    generation.decide(&chat(&caller, model))
}

#[test]
fn compiled_document_is_trusted_and_carries_its_source_and_cases() {
    let (policy, generation) = compiled();
    assert!(generation.is_inline());
    assert_eq!(generation.plugin().source(), Some(DOCUMENT));
    assert!(generation.plugin().cases().is_some());
    assert_eq!(*generation.description(), policy.description());
    assert_eq!(
        generation.catalogue().iter().cloned().collect::<Vec<_>>(),
        policy.catalogue()
    );
}

#[test]
fn warm_decisions_are_those_of_the_document() {
    let (policy, generation) = compiled();
    for (model, scope) in asked() {
        let mut caller = caller("app");
        caller.scopes = vec![scope.into()];
        let header = [Header {
            name: "x-gt-conversation-id",
            value: b"c-1",
        }];
        let plain = chat(&caller, model);
        let stateful = signalbox_policy::Request {
            headers: &header,
            ..plain
        };
        for request in [plain, stateful] {
            assert_eq!(
                generation.decide(&request),
                Ok(decide(&policy, &request)),
                "{model:?}"
            );
        }
    }
}

/// The engine may grow by eight mebibytes: a decision that left even eighty-four bytes behind
/// would be refused memory before the end.
#[test]
fn warm_instance_stays_flat_over_a_hundred_thousand_decisions() {
    let (_, generation) = compiled();
    let models = ["gpt-4o", "small-1", "unknown"].map(RequestedModel::Named);
    for model in models.into_iter().cycle().take(100_000) {
        assert!(ask(&generation, "inference:chat", model).is_ok());
    }
}

/// The largest description that is let pass, with much text and with many small texts.
#[test]
fn every_document_that_is_let_pass_says_no_more_than_a_host_takes() {
    let document = |count: usize, more: &str| {
        let route = |index| format!("  GET /v1/r{index}: {{verdict: native{more}}}\n");
        let routes: String = (0..count).map(route).collect();
        format!("policy: p\nroutes:\n{routes}")
    };
    let because = format!(", because: {}", "x".repeat(1_000));
    let query: Vec<String> = (0..200).map(|index| format!("q{index}")).collect();
    let query = format!(", query: [{}]", query.join(", "));
    for more in ["", &because, &query] {
        let fits = |count: &usize| signalbox_policy::read(&document(*count, more)).is_ok();
        let counts: Vec<usize> = (1..=100).map(|tens| tens * 10).collect();
        let most = counts[counts.partition_point(fits) - 1];
        let source = document(most, more);
        let policy = signalbox_policy::read(&source).unwrap();
        let component = signalbox_compiler::compile(&policy, &source).unwrap();
        let plugin = runtime().load(&component, &LoadOptions::default()).unwrap();
        assert_eq!(plugin.description().routes.len(), most);
    }
}
