//! Each law is found broken by a policy that breaks it and no other, with the plainest request; and what is
//! honest keeps them all.

use std::cell::Cell;

use signalbox_policy::{
    Decision, Expectation, Forward, ListMode, Request, RequestedModel, RouteIndex,
};
use signalbox_testkit::{
    Broken, Component, Decider, Law, LawReport, Trial, Words, case_line, try_laws,
};

use crate::native::{chat_as, honest, policy, refusal};

fn tried(policy: &impl Decider) -> LawReport {
    try_laws(policy, &Words::of(policy), &Trial::default())
}

/// The one law that is broken.
fn broken(first: impl Fn(&Request<'_>) -> Option<Decision>) -> Broken {
    let report = tried(&policy(first));
    let mut all = report.broken();
    let found = all.next().unwrap_or_else(|| panic!("{report}"));
    assert_eq!(all.next(), None, "{report}");
    found.clone()
}

fn case(broken: &Broken) -> String {
    case_line(&broken.to_case())
}

const fn is_read(request: &Request<'_>) -> bool {
    !matches!(request.model, RequestedModel::Unread)
}

fn is_chat(request: &Request<'_>) -> bool {
    (request.method, request.path) == ("POST", "/v1/chat/completions")
}

#[test]
fn an_honest_policy_keeps_every_law() {
    let report = tried(&policy(|_| None));
    assert!(report.holds(), "{report}");
    assert_eq!(
        (report.requests, report.results.len()),
        (256, Law::ALL.len())
    );
}

#[test]
fn an_answer_outside_the_contract_is_found() {
    let found = broken(|_| Some(refusal(500, "gone")));
    assert_eq!(found.law, Law::Legal);
    assert!(
        found.why.contains("refused with status 500"),
        "{}",
        found.why
    );
    assert!(case(&found).contains("to_be_decided"), "{}", case(&found));
}

#[test]
fn an_answer_that_is_another_the_next_time_is_found() {
    let asked = Cell::new(0);
    let policy = policy(|request| {
        asked.set(asked.get() + 1);
        let is_odd = is_read(request) && asked.get() % 7 == 3;
        is_odd.then(|| refusal(404, "gone"))
    });
    let report = tried(&policy);
    let found = report.broken().next().unwrap();
    assert_eq!(found.law, Law::Deterministic);
    assert!(
        found.why.contains("asked again by a fresh instance"),
        "{}",
        found.why
    );
}

#[test]
fn a_forward_without_its_scope_is_found_and_shrunk() {
    let found = broken(|request| {
        let is_bare = request.caller.scopes.is_empty() && is_chat(request);
        (is_bare && request.caller.purposes.bits() == 7).then(|| match request.model {
            RequestedModel::Named(name) if ["large", "small"].contains(&name) => {
                let published = format!("gt-{name}");
                match request.caller.may_use(name, &published) {
                    true => chat_as(&published, name),
                    false => refusal(404, "model_not_found"),
                }
            }
            RequestedModel::Unread => Decision::ReadModel,
            _ => refusal(404, "model_not_found"),
        })
    });
    assert_eq!(found.law, Law::Scopes);
    assert_eq!(
        case(&found),
        r#"- {"expect":{"refuse":"insufficient_scope"},"model":"large","name":"law scopes","request":"POST /v1/chat/completions"}"#
    );
}

#[test]
fn a_forward_past_the_key_is_found() {
    let found = broken(|request| {
        let RequestedModel::Named(name) = request.model else {
            return None;
        };
        let has_scope = request.caller.scopes == ["inference:chat"] && request.headers.is_empty();
        let may = request.caller.purposes.bits() & 5 != 0 && is_chat(request);
        (has_scope && may).then(|| chat_as("gt-large", name))
    });
    assert_eq!(found.law, Law::Key);
    let Expectation::Refuse(expected) = &found.expect else {
        panic!("{found:?}")
    };
    assert_eq!(expected.code, "model_not_found");
    // The case is about the model it was found with.
    assert!(case(&found).contains(r#""model":""#), "{}", case(&found));
}

#[test]
fn a_refusal_of_the_head_that_is_not_the_last_word_is_found() {
    let found = broken(|request| {
        let is_refused = is_chat(request) && !is_read(request);
        let has_header = request.headers.iter().any(|header| header.name == "x-team");
        (is_refused && has_header).then(|| refusal(400, "no_header"))
    });
    assert_eq!(found.law, Law::FinalRefusals);
    assert!(
        found.why.contains("`no_header` before the model is read"),
        "{}",
        found.why
    );
    assert!(case(&found).contains("x-team"), "{}", case(&found));
}

#[test]
fn a_name_that_is_listed_and_refused_is_found() {
    // Where the honest policy forwards, so that no other law is broken.
    let is_large = |request: &Request<'_>| {
        let is_named = request.model == RequestedModel::Named("large");
        is_named && matches!(honest(request), Decision::Forward(_))
    };
    let found = broken(|request| is_large(request).then(|| refusal(404, "model_not_found")));
    assert_eq!(found.law, Law::Lists);
    assert!(found.why.starts_with("lists `large`"), "{}", found.why);
    let Expectation::List { names } = &found.expect else {
        panic!("{found:?}")
    };
    assert_eq!(names, &["small"]);
    // Left out of the list it may be refused.
    let report = tried(&policy(|request| match request.model {
        _ if is_large(request) => Some(refusal(404, "model_not_found")),
        _ if (request.method, request.path) == ("GET", "/v1/models") => {
            Some(Decision::ListModels(ListMode::Only(vec!["small".into()])))
        }
        _ => None,
    }));
    assert!(report.holds(), "{report}");
}

#[test]
fn a_route_without_a_model_is_held_to_the_key_as_well() {
    let report = tried(&policy(|request| {
        let id = request.path.strip_prefix("/v1/files/")?;
        (request.method == "GET" && !id.contains('/')).then(|| {
            Decision::Forward(Forward {
                route: RouteIndex(1),
                parameters: vec![("id".into(), id.into())],
                ..Forward::default()
            })
        })
    }));
    let mut laws: Vec<Law> = report.broken().map(|it| it.law).collect();
    laws.sort();
    assert_eq!(laws, [Law::Scopes, Law::Key], "{report}");
}

#[test]
fn the_same_seed_finds_the_same() {
    let liar = || policy(|request| is_chat(request).then(|| refusal(500, "gone")));
    let by = |seed| {
        let trial = Trial {
            seed,
            ..Trial::default()
        };
        let policy = liar();
        try_laws(&policy, &Words::of(&policy), &trial)
    };
    assert_eq!(by(1), by(1));
    let found = by(1);
    let broken = found.broken().next().unwrap();
    assert_eq!(broken.law, Law::Legal);
    assert_eq!(by(2).broken().next().unwrap().law, Law::Legal);
}

#[test]
fn laws_that_are_left_out_are_not_looked_at() {
    let policy = policy(|_| Some(refusal(500, "gone")));
    let laws = vec![Law::Deterministic, Law::Scopes];
    let trial = Trial {
        laws,
        requests: 16,
        ..Trial::default()
    };
    let report = try_laws(&policy, &Words::of(&policy), &trial);
    assert!(report.holds() && report.results.len() == 2, "{report}");
}

/// What cases say leads to rules that a policy does not tell of.
#[test]
fn the_words_of_cases_are_met() {
    let liar = policy(|request| {
        let is_key = request.caller.id == "k-77" && is_chat(request) && !is_read(request);
        is_key.then(|| refusal(500, "gone"))
    });
    assert!(tried(&liar).holds());
    let cases = "- {name: c, request: POST /v1/chat/completions, key: k-77, expect: {refuse: x}}";
    let cases = signalbox_policy::read_cases(cases).unwrap();
    let report = try_laws(
        &liar,
        &Words::of(&liar).with_cases(&cases),
        &Trial::default(),
    );
    let found = report.broken().next().unwrap();
    assert_eq!(found.law, Law::Legal);
    assert!(case(found).contains("k-77"), "{}", case(found));
}

#[test]
fn a_compiled_document_keeps_every_law() {
    let source = r#"
policy: p
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
  POST /v1/embeddings: {verdict: native, scope: "inference:embed", model: json}
  POST /v1/datasets/{id}/files: {verdict: gt_extension, action: forward, scope: "datasets:write", because: Test.}
models:
  gpt-4o: {published: support-agent, for: [chat], ceilings: {max_tokens: 10}}
  embedder: {published: gt-embed, for: [embeddings]}
"#;
    let document = signalbox_policy::read(source).unwrap();
    let bytes = signalbox_compiler::compile(&document, source).unwrap();
    let report = tried(&Component::load(&bytes).unwrap());
    assert!(report.holds(), "{report}");
}
