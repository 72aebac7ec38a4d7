//! Cases against real components: what passes, what fails and says why, what cannot be asked.
#![expect(
    clippy::unwrap_used,
    reason = "clippy spares test functions, not the functions they share"
)]

use signalbox_cases::{Outcome, Report, carried_cases, run};
use signalbox_policy::{Case, Expectation, ExpectedRefusal};
use signalbox_runtime::{LoadOptions, Plugin, Runtime, Settings};

const SOURCE: &str = r#"
policy: p
routes:
  GET /v1/models:            {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
models:
  gpt-4o: {published: support-agent}
cases:
  - {name: chat, request: POST /api/tenant/chat/completions, model: gpt-4o, scopes: ["inference:chat"],
     expect: {forward: POST /v1/chat/completions, model: support-agent}}
  - {name: list, request: GET /v1/models, scopes: ["inference:chat"], expect: {list: [gpt-4o]}}
  - {name: one, request: GET /v1/models/gpt-4o, scopes: ["inference:chat"], expect: {list: [gpt-4o]}}
  - {name: nobody's, request: GET /v1/models/gpt-4o, expect: {refuse: model_not_found}}
"#;

fn plugin() -> Plugin {
    let policy = signalbox_policy::read(SOURCE).unwrap();
    let component = signalbox_compiler::compile(&policy, SOURCE).unwrap();
    let runtime = Runtime::new(Settings::default()).unwrap();
    runtime.load(&component, &LoadOptions::default()).unwrap()
}

/// What becomes of a case for chat with the only scope, but for what `rest` says.
fn judged(rest: &str) -> Report {
    let text = format!(
        "- name: c\n  request: POST /v1/chat/completions?a=b\n  model: gpt-4o\n  \
         scopes: [\"inference:chat\"]\n  {rest}\n"
    );
    run(&plugin(), &signalbox_policy::read_cases(&text).unwrap())
}

fn case(request: &str, expect: Expectation) -> Case {
    let text = format!("cases:\n  - {{name: c, request: {request}, expect: {{refuse: x}}}}\n");
    let mut case = signalbox_policy::read_cases(&text).unwrap().remove(0);
    case.expect = expect;
    case
}

#[test]
fn a_component_passes_the_cases_it_carries() {
    let plugin = plugin();
    let cases = carried_cases(&plugin).unwrap();
    assert_eq!(cases.len(), 4);
    let report = run(&plugin, &cases);
    assert!(report.passed(), "{}", report.to_text());
    assert_eq!(report.counts().passed, 4);
}

#[test]
fn a_failing_case_shows_what_was_expected_and_what_came() {
    let refused = Expectation::Refuse(ExpectedRefusal {
        code: "route_not_supported".into(),
        ..ExpectedRefusal::default()
    });
    let report = run(&plugin(), &[case("GET /v1/nowhere", refused)]);
    let Outcome::Fail {
        expected, actual, ..
    } = &report.results[0].outcome
    else {
        panic!()
    };
    assert_eq!(expected, "refuse route_not_supported");
    assert!(actual.starts_with("refuse unknown_route: There is no route GET /v1/nowhere."));
    assert_eq!(report.to_json("f")["cases"][0]["outcome"], "fail");
    assert_eq!(
        report.to_json("f")["cases"][0]["by"]["rule"],
        "no template matches the path"
    );
}

#[test]
fn what_the_host_refuses_before_a_policy_is_part_of_a_case() {
    let refused = |code: &str| {
        Expectation::Refuse(ExpectedRefusal {
            code: code.into(),
            ..ExpectedRefusal::default()
        })
    };
    let cases = [
        case("GET /v1/v1/models", refused("unknown_route")),
        case("GET /v1/models/%2e%2e/x;y", refused("invalid_path")),
        case("GET /v1/models?model=x", refused("invalid_query")),
    ];
    let report = run(&plugin(), &cases);
    let codes: Vec<bool> = report
        .results
        .iter()
        .map(|r| r.outcome == Outcome::Pass)
        .collect();
    assert_eq!(codes[0..1], [true], "{}", report.to_text());
    assert_eq!(codes[2..], [true], "{}", report.to_text());
}

#[test]
fn all_that_a_case_says_of_a_forward_is_compared() {
    let forward = |more: &str| {
        let expect = format!("expect: {{forward: POST /v1/chat/completions, {more}}}");
        judged(&expect).results.remove(0).outcome
    };
    for (right, wrong, got) in [
        ("model: support-agent", "model: \"\"", "model support-agent"),
        (
            "response_model: gpt-4o",
            "response_model: other",
            "response model gpt-4o",
        ),
        ("query: \"\"", "query: a=b", "query none"),
        (
            "set_headers: {}",
            "set_headers: {x-a: b}",
            "set headers none",
        ),
        (
            "drop_headers: []",
            "drop_headers: [x-a]",
            "drop headers none",
        ),
        ("notice: \"\"", "notice: use another", "notice none"),
    ] {
        assert_eq!(forward(right), Outcome::Pass, "{right}");
        let Outcome::Fail {
            expected, actual, ..
        } = forward(wrong)
        else {
            panic!("{wrong}")
        };
        let what = got.rsplit_once(' ').unwrap().0;
        assert!(expected.contains(&format!(", {what} ")), "{expected}");
        assert!(actual.ends_with(got), "{actual}");
    }
}

#[test]
fn all_that_a_case_says_of_a_refusal_is_compared() {
    let refuse = |more: &str| {
        let expect = format!("purposes: upload\n  expect: {{refuse: purpose_not_allowed, {more}}}");
        judged(&expect).results.remove(0).outcome
    };
    let message = "POST /v1/chat/completions needs a key with the purpose `inference`. This key was \
                   made for something else.";
    for (key, right) in [("message", message), ("reason", "purpose not on the key")] {
        assert_eq!(refuse(&format!("{key}: {right}")), Outcome::Pass);
        let Outcome::Fail {
            expected, actual, ..
        } = refuse(&format!("{key}: another"))
        else {
            panic!("{key}")
        };
        assert_eq!(
            expected,
            format!("refuse purpose_not_allowed, {key} another")
        );
        assert!(actual.contains(right), "{actual}");
    }
}

#[test]
fn a_case_that_is_skipped_is_not_run() {
    let report = judged("skip: not yet\n  expect: {refuse: unknown_route}");
    assert!(report.passed());
    assert_eq!((report.counts().passed, report.counts().skipped), (0, 1));
    assert_eq!(
        report.to_text(),
        "skip   c\n         not yet\n0 passed, 0 failed, 0 errors, 1 skipped"
    );
    assert_eq!(report.to_json("f")["cases"][0]["message"], "not yet");
}

#[test]
fn the_path_is_the_one_that_gt_is_sent() {
    let path = |path: &str| {
        let text = "- name: c\n  request: POST /api/tenant/chat/completions\n  model: gpt-4o\n  \
                    scopes: [\"inference:chat\"]\n  expect: {forward: POST /v1/chat/completions}\n";
        let mut case = signalbox_policy::read_cases(text).unwrap().remove(0);
        let Expectation::Forward(expected) = &mut case.expect else {
            panic!()
        };
        expected.path = Some(path.into());
        run(&plugin(), &[case]).results.remove(0).outcome
    };
    assert_eq!(path("/v1/chat/completions"), Outcome::Pass);
    let Outcome::Fail { actual, .. } = path("/v1/other") else {
        panic!()
    };
    assert_eq!(
        actual,
        "forward POST /v1/chat/completions, model support-agent, path /v1/chat/completions"
    );
}
