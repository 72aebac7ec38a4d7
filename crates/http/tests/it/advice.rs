//! Whatever route of OpenAI's a client reaches for, it is one of GT's or there is advice.

use signalbox_http::path::{advice, canonical, matches};

/// The routes openai-python 2.54 calls, of those below `/organization` only some.
const OPENAI: &str = include_str!("routes_of_openai.txt");

/// GT's own.
const GT: &[(&str, &str)] = &[
    ("GET", "/v1/models"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/audio/transcriptions"),
    ("POST", "/v1/audio/speech"),
    ("POST", "/v1/images/generations"),
    ("POST", "/v1/conversations"),
    ("POST", "/v1/conversations/files"),
    ("POST", "/v1/datasets/{id}/files"),
    ("GET", "/v1/files/{id}"),
];

fn is_gts(method: &str, path: &str) -> bool {
    GT.iter()
        .any(|(known, template)| *known == method && matches(template, path).is_some())
}

#[test]
fn every_route_of_openai_is_gts_or_has_advice_under_every_base() {
    let mut with_advice = 0;
    for line in OPENAI.lines() {
        let (method, path) = line.split_once(' ').unwrap();
        let path = path.replace("{id}", "id-1");
        for base in ["/api/tenant/v1", "/api/tenant", "/v1", ""] {
            let target = format!("{base}{path}");
            let read = canonical(&target, &|_| false).unwrap();
            let has_advice = advice(method, &read.path).is_some();
            assert_ne!(is_gts(method, &read.path), has_advice, "{method} {target}");
            with_advice += usize::from(has_advice);
        }
    }
    assert!(with_advice > 4 * 100, "{with_advice}");
}

#[test]
fn routes_of_other_apis_have_advice() {
    for (method, path) in [
        ("POST", "/openai/deployments/gpt-4o/chat/completions"),
        ("POST", "/openai/v1/responses"),
        ("POST", "/v1beta/openai/chat/completions"),
        ("POST", "/v1/messages"),
        ("POST", "/v1/messages/count_tokens"),
        ("GET", "/api/tags"),
        ("POST", "/api/chat"),
        ("POST", "/v1/engines/davinci/completions"),
        ("GET", "/dashboard/billing/credit_grants"),
        ("GET", "/v1/usage"),
        ("GET", "/health"),
    ] {
        let read = canonical(path, &|_| false).unwrap();
        assert!(advice(method, &read.path).is_some(), "{method} {path}");
    }
}

#[test]
fn advice_names_no_route_but_gts() {
    for line in OPENAI.lines() {
        let (method, path) = line.split_once(' ').unwrap();
        let path = format!("/v1{}", path.replace("{id}", "id-1"));
        let Some(advice) = advice(method, &path) else {
            continue;
        };
        let code = advice.split('`').skip(1).step_by(2);
        let routes = code.filter_map(|code| code.split_once(' '));
        for (method, path) in routes.filter(|(_, path)| path.starts_with("/v1/")) {
            assert!(
                is_gts(method, &path.replace("{id}", "x")),
                "{method} {path}"
            );
        }
    }
}
