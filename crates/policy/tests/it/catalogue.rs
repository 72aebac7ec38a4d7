//! What a policy says of itself, and how it finds a model.

use signalbox_policy::{
    CatalogueEntry, Description, ModelSource, Policy, Purpose, Purposes, RouteDescription,
    RouteIndex, Rules, Verdict, Wants, read,
};

fn policy() -> Policy {
    let text = r#"
policy: p
version: "2"
about: >
  Over two
  lines.
models:
  zeta: {}
  "gpt*": {published: short}
  gpt-4o: {published: agent, for: [embeddings, chat]}
  "gpt-4*": {published: long}
  "*": {published: rest}
routes:
  POST /v1/embeddings: {verdict: native, scope: none, model: json, query: [a, b], headers: [x-b]}
  POST /v1/chat/completions: {verdict: native, scope: s, purpose: [upload, inference], model: json}
  POST /v1/audio/speech: {verdict: not_supported, because: nobody speaks}
  DELETE /v1/files/{id}: {verdict: gt_extension, because: nobody asked}
"#;
    read(text).unwrap()
}

#[test]
fn a_model_is_found_exactly_then_by_its_longest_pattern() {
    let policy = policy();
    let found = |name| policy.model(name).map(|rule| rule.pattern);
    let table = [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o-mini", "gpt-4*"),
        ("gpt-4", "gpt-4*"),
        ("gpt-4*", "gpt-4*"),
        ("gpt-5", "gpt*"),
        ("GPT-4o", "*"),
        ("zeta", "zeta"),
        ("zet", "*"),
    ];
    for (name, pattern) in table {
        assert_eq!(found(name), Some(pattern), "{name}");
    }
}

#[test]
fn nothing_is_found_without_an_entry() {
    let policy = read("policy: p\nroutes: {}\nmodels:\n  a: {}\n").unwrap();
    assert_eq!(policy.model("b"), None);
    assert_eq!(policy.model(""), None);
    assert_eq!(policy.model("a").and_then(|rule| rule.published), None);
}

#[test]
fn the_catalogue_has_exact_names_in_byte_order() {
    let expected = [
        CatalogueEntry {
            name: "gpt-4o".into(),
            published: vec!["agent".into()],
            is_listed: true,
            deprecated: None,
            routes: vec![RouteIndex(1), RouteIndex(2)],
        },
        CatalogueEntry {
            name: "zeta".into(),
            published: vec!["zeta".into()],
            is_listed: true,
            deprecated: None,
            routes: Vec::new(),
        },
    ];
    assert_eq!(policy().catalogue(), expected);
}

#[test]
fn a_policy_describes_itself() {
    let Description {
        name,
        version,
        routes,
        headers,
        wants,
        body_members,
        model_count,
    } = policy().description();
    assert_eq!(
        (name.as_str(), version.as_str(), model_count),
        ("p", "2", 2)
    );
    assert!(body_members.is_empty());
    assert_eq!(headers, ["x-gt-conversation-id"]);
    assert_eq!(
        wants,
        Wants {
            labels: false,
            models: true,
            published: true,
            datasets: true
        }
    );
    let names: Vec<String> = routes
        .iter()
        .map(|route| format!("{} {}", route.method, route.template))
        .collect();
    let ordered = [
        "POST /v1/audio/speech",
        "POST /v1/chat/completions",
        "POST /v1/embeddings",
        "DELETE /v1/files/{id}",
    ];
    assert_eq!(names, ordered);
    let embeddings = RouteDescription {
        method: "POST".into(),
        template: "/v1/embeddings".into(),
        verdict: Verdict::Native,
        forwarded: true,
        purposes: Purposes::from_iter([Purpose::Inference]),
        scopes: Vec::new(),
        model: ModelSource::Json,
        query: vec!["a".into(), "b".into()],
        headers: vec!["x-b".into()],
        reason: None,
    };
    assert_eq!(routes[2], embeddings);
    assert_eq!(
        routes[1].purposes,
        Purposes::from_iter([Purpose::Inference, Purpose::Upload])
    );
    assert_eq!(
        (routes[3].forwarded, routes[3].reason.as_deref()),
        (false, Some("nobody asked"))
    );
}

#[test]
fn text_for_people_is_one_line() {
    assert_eq!(policy().about(), Some("Over two lines."));
}

#[test]
fn the_order_of_a_document_does_not_matter() {
    let text = "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n  GET /v1/a: {verdict: native}\nmodels:\n  a: {}\n  b: {}\n";
    let other = "models:\n  b: {}\n  a: {}\nroutes:\n  GET /v1/a: {verdict: native}\n  GET /v1/models: {verdict: native}\npolicy: p\n";
    assert_eq!(read(text), read(other));
}

#[test]
fn purposes_are_what_gt_documents_if_nothing_is_said() {
    let text = "policy: p\nroutes:\n  POST /v1/conversations/files: {verdict: native, scope: none}\n  GET /v1/files/{id}: {verdict: native}\n  GET /v1/models: {verdict: native}\n";
    let policy = read(text).unwrap();
    let purposes: Vec<Vec<Purpose>> = policy
        .routes()
        .map(|route| route.purposes.iter().collect())
        .collect();
    let expected = [
        vec![Purpose::Conversation],
        vec![Purpose::Upload, Purpose::Conversation],
        vec![Purpose::Inference],
    ];
    assert_eq!(purposes, expected);
}
