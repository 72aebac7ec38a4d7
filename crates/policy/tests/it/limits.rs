//! What a host would not load is not let pass.

use signalbox_policy::{Diagnostic, limits};

fn errors(text: &str) -> Vec<(&'static str, u32)> {
    let errors = signalbox_policy::read(text).err().unwrap_or_default();
    let place = |error: &Diagnostic| (error.code, error.line);
    errors.iter().map(place).collect()
}

fn routes(count: usize, more: &str) -> String {
    let route = |index| format!("  GET /v1/r{index}: {{verdict: native{more}}}\n");
    let routes: String = (0..count).map(route).collect();
    format!("policy: p\nroutes:\n{routes}")
}

#[test]
fn too_many_routes_are_an_error_at_the_first_of_them() {
    assert_eq!(errors(&routes(limits::ROUTES, "")), []);
    let line = 3 + u32::try_from(limits::ROUTES).unwrap();
    assert_eq!(
        errors(&routes(limits::ROUTES + 1, "")),
        [("too_large", line)]
    );
}

#[test]
fn routes_that_say_too_much_together_are_an_error() {
    let because = |bytes| format!(", because: {}", "x".repeat(bytes));
    assert_eq!(errors(&routes(limits::ROUTES, &because(500))), []);
    let errors = errors(&routes(limits::ROUTES, &because(1_000)));
    assert_eq!(errors, [("too_large", 3)]);
}

#[test]
fn too_many_models_are_an_error_at_the_first_of_them() {
    let models = |count| {
        let models: String = (0..count)
            .map(|index| format!("  m{index}: {{}}\n"))
            .collect();
        format!("policy: p\nroutes: {{}}\nmodels:\n{models}")
    };
    assert_eq!(errors(&models(limits::MODELS)), []);
    let line = 4 + u32::try_from(limits::MODELS).unwrap();
    assert_eq!(errors(&models(limits::MODELS + 1)), [("too_large", line)]);
}

#[test]
fn cases_and_text_that_no_component_carries_are_errors() {
    let case = |index| {
        let (name, expect) = ("n".repeat(100), "expect: {refuse: x}");
        format!("  - {{name: {name}{index}, request: GET /v1/models, {expect}}}\n")
    };
    let cases: String = (0..6_000).map(case).collect();
    let text = format!("policy: p\nroutes: {{}}\ncases:\n{cases}");
    let found = errors(&text);
    assert!(found.contains(&("too_large", 4)), "{found:?}");
    let comment = format!("# {}\n", "x".repeat(limits::SOURCE_BYTES));
    assert_eq!(errors(&(comment + &routes(1, ""))), [("too_large", 1)]);
}
