//! Cases against real components: what passes, what fails and says why, what cannot be asked.
#![expect(
    clippy::unwrap_used,
    reason = "clippy spares test functions, not the functions they share"
)]

use signalbox_policy::{Case, Expectation};
use signalbox_runtime::{LoadOptions, Plugin, Runtime, Settings};
use signalbox_testkit::{Outcome, carried_cases, run};

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
    assert_eq!(report.counts(), (4, 0, 0));
}

#[test]
fn a_failing_case_shows_what_was_expected_and_what_came() {
    let refused = Expectation::Refuse {
        code: "route_not_supported".into(),
    };
    let report = run(&plugin(), &[case("GET /v1/nowhere", refused)]);
    let Outcome::Fail { expected, actual } = &report.results[0].outcome else {
        panic!()
    };
    assert_eq!(expected, "refuse route_not_supported");
    assert!(actual.starts_with("refuse unknown_route: There is no route GET /v1/nowhere."));
    assert_eq!(report.to_json("f")["cases"][0]["outcome"], "fail");
    assert!(
        report
            .to_junit("a<b")
            .contains("name=\"a&lt;b\" tests=\"1\" failures=\"1\"")
    );
}

#[test]
fn what_the_host_refuses_before_a_policy_is_part_of_a_case() {
    let refused = |code: &str| Expectation::Refuse { code: code.into() };
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
