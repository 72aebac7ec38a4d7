//! What a test says of answers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use signalbox_policy::{BodyMember, Decision, HeaderBuf, Purpose};
use signalbox_testkit::{
    Component, Expected, Native, TestRequest, case_line, chat, forward, get, list, refuse, request,
};

use crate::native::{SCOPE, chat_as, description, entry, policy, refusal};

const CHAT: &str = "POST /v1/chat/completions";

fn app() -> TestRequest {
    chat("large").scopes([SCOPE])
}

/// What the assertion says.
fn panics(assertion: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(assertion)).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[test]
fn answers_are_as_expected() {
    let policy = policy(|_| None);
    let expected = || forward(CHAT).model("gt-large").response_model("large");
    app().asked(&policy).is(expected());
    request("POST", "/api/tenant/chat/completions")
        .model("large")
        .scopes([SCOPE])
        .asked(&policy)
        .is(expected());
    get("/v1/models")
        .scopes([SCOPE])
        .asked(&policy)
        .is(list(["small", "large"]));
    let one = get("/v1/models").scopes([SCOPE]).models(["sm*"]);
    one.asked(&policy).is(list(["small"]));
    chat("large")
        .asked(&policy)
        .is(refuse("insufficient_scope").status(403));
    let upload = app().purposes([Purpose::Upload]);
    upload.asked(&policy).is(refuse("purpose_not_allowed"));
    app()
        .published(["gt-small"])
        .asked(&policy)
        .is(refuse("model_not_found"));
}

#[test]
fn each_difference_is_shown() {
    let odd = policy(|request| {
        let Decision::Forward(mut forward) = chat_as("gt-other", "large") else {
            unreachable!()
        };
        forward.set_headers = vec![HeaderBuf {
            name: "x-team".into(),
            value: b"ops".to_vec(),
        }];
        let knows = !matches!(request.model, signalbox_policy::RequestedModel::Unread);
        knows.then_some(Decision::Forward(forward))
    });
    let expected = forward(CHAT)
        .model("gt-large")
        .response_model("large")
        .notice("soon");
    let said = panics(|| app().asked(&odd).is(expected));
    assert_eq!(
        said,
        "POST /v1/chat/completions, model large, scopes [inference:chat]\n  \
         model: expected `gt-large`, got `gt-other`\n  \
         notice: expected `soon`, got nothing\n  \
         set header x-team: expected nothing, got `ops`"
    );
    let said = panics(|| app().asked(&odd).is(refuse("model_not_found")));
    let other = "forward: expected nothing, got `POST /v1/chat/completions`\n  \
                 refuse: expected `model_not_found`, got nothing";
    assert!(said.ends_with(other), "{said}");
}

#[test]
fn of_a_refusal_is_compared_what_is_said() {
    let policy = policy(|_| Some(refusal(404, "gone")));
    let asked = app().asked(&policy);
    asked.is(refuse("gone"));
    asked.is(refuse("gone").status(404).reason("gone"));
    let lines = |expected: Expected| expected.differences(asked.answer().unwrap());
    assert_eq!(
        lines(refuse("gone").status(403)),
        ["status: expected `403`, got `404`"]
    );
    assert_eq!(
        lines(refuse("gone").message("no")),
        ["message: expected `no`, got `gone: ask for something else.`"]
    );
}

#[test]
fn native_logic_is_told_what_a_component_is_told() {
    let mut described = description();
    described.wants.labels = false;
    let decide = |request: &signalbox_policy::Request<'_>| {
        assert!(request.caller.labels.is_empty());
        assert!(request.headers.iter().all(|header| header.name == "x-team"));
        match request.body_members {
            [] => Decision::ReadModel,
            [("n", BodyMember::Integer(3))] => refusal(400, "too_many"),
            other => panic!("{other:?}"),
        }
    };
    let catalogue = vec![entry("large"), entry("small")];
    let policy = Native::new(described, catalogue, decide).unwrap();
    app()
        .label("team", "ops")
        .header("x-other", "1")
        .header("x-team", "ops")
        .number("n", 3)
        .text("user", "somebody")
        .asked(&policy)
        .is(refuse("too_many"));
}

#[test]
fn native_logic_is_held_to_the_contract() {
    let early = policy(|_| Some(chat_as("gt-large", "large")));
    app().asked(&early).fails("contract");
    let said = panics(|| app().asked(&early).is(refuse("gone")));
    assert!(said.contains("before the model name was read"), "{said}");
    let said = panics(|| app().asked(&policy(|_| None)).fails("trap"));
    assert!(said.contains("expected the failure `trap`"), "{said}");
    let twice = vec![entry("large"), entry("large")];
    let decide = |_: &signalbox_policy::Request<'_>| Decision::ReadModel;
    assert!(Native::new(description(), twice, decide).is_err());
    let mut described = description();
    described.model_count = 3;
    let catalogue = vec![entry("large"), entry("small")];
    assert!(Native::new(described, catalogue, decide).is_err());
}

#[test]
fn a_component_is_asked_as_a_host_asks_it() {
    let source = "policy: p\nroutes:\n  POST /v1/chat/completions: {verdict: native, scope: \
                  \"inference:chat\", model: json}\nmodels:\n  large: {published: gt-large}\n";
    let document = signalbox_policy::read(source).unwrap();
    let bytes = signalbox_compiler::compile(&document, source).unwrap();
    let policy = Component::load(&bytes).unwrap();
    let expected = forward(CHAT).model("gt-large").response_model("large");
    app().asked(&policy).is(expected);
    assert_eq!(policy.cases().unwrap(), []);
    let error = Component::load(b"no component").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the component does not load: "),
        "{error}"
    );
}

#[test]
fn a_request_is_a_case_and_a_case_a_request() {
    let asked = app()
        .key("k-1")
        .label("team", "ops")
        .header("x-team", "a")
        .number("n", 2)
        .null("user")
        .models(["large"]);
    let cases = signalbox_policy::read_cases(
        "- {name: c, request: POST /v1/chat/completions, model: large, scopes: [\"inference:chat\"], key: k-1, \
         labels: {team: ops}, headers: {x-team: a}, body: {n: 2, user: null}, models: [large], \
         expect: {refuse: gone}}",
    );
    let case = &cases.unwrap()[0];
    assert_eq!(TestRequest::from(case), asked);
    assert_eq!(&asked.to_case("c", case.expect.clone()), case);
    let line = case_line(case);
    assert!(!line.contains("purposes"), "{line}");
    let again = signalbox_policy::read_cases(&line).unwrap();
    assert_eq!(again, std::slice::from_ref(case));
}
