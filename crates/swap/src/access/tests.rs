use std::cell::Cell;

use proptest::{prelude::*, test_runner::TestRunner};
use signalbox_policy::{Decision, Document, Policy, Rules, generate::Asking, tables::encode};

use super::*;
use pairs::{asked, decided, pairs};

#[path = "../../tests/it/pairs.rs"]
mod pairs;

fn tables(policy: &Policy) -> Vec<u8> {
    let (name, version) = (policy.name(), policy.version());
    encode(name, version, policy.routes(), policy.models()).unwrap()
}

fn found(old: &Document, new: &Document) -> Access {
    let [old, new] = [old, new].map(|document| tables(&document.check().unwrap()));
    let [old, new] = [&old, &new].map(|bytes| Tables::read(bytes).unwrap());
    tables::compare(&old, &new)
}

fn of_texts(old: &str, new: &str) -> Access {
    let [old, new] = [old, new].map(|text| {
        let routes = "policy: p\nroutes:\n";
        Document::parse(&format!("{routes}{text}")).unwrap()
    });
    found(&old, &new)
}

fn natively(rules: &impl Rules, asking: &Asking) -> Decision {
    decided(asking, |request| signalbox_policy::decide(rules, request))
}

/// What is allowed, and where it goes, by the name of the route: `None` if it is refused.
fn allowed(policy: &Policy, asking: &Asking) -> Option<(Decision, Option<String>)> {
    match natively(policy, asking) {
        Decision::Refuse(_) => None,
        Decision::Forward(mut forward) => {
            let index = std::mem::take(&mut forward.route);
            let route = policy.route(index);
            let route = route.map(|route| format!("{} {}", route.method, route.template));
            Some((Decision::Forward(forward), route))
        }
        other => Some((other, None)),
    }
}

/// One run for both directions: a comparison that always says "unknown" would never be wrong.
#[test]
fn what_is_not_narrower_refuses_nothing_that_was_allowed() {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(1_500)
    };
    let (not_narrower, narrower, shown) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&(pairs(), asked()), |((old, new), requests)| {
        let access = found(&old, &new);
        let [old, new] = [old, new].map(|document| document.check().unwrap());
        let differs = requests.iter().find_map(|asking| {
            let before = allowed(&old, asking)?;
            let now = allowed(&new, asking);
            (now.as_ref() != Some(&before)).then_some((asking, before, now))
        });
        match (&access, differs) {
            (Access::NotNarrower, Some((asking, before, now))) => {
                let why = format!("{asking:?}\nwas {before:?}\nis {now:?}");
                return Err(TestCaseError::fail(why));
            }
            (Access::NotNarrower, None) => not_narrower.set(not_narrower.get() + 1),
            (Access::Narrower(_), differs) => {
                narrower.set(narrower.get() + 1);
                shown.set(shown.get() + usize::from(differs.is_some()));
            }
            (Access::Unknown(_), _) => {}
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    let counts = (not_narrower.get(), narrower.get(), shown.get());
    assert!(
        counts.0 > 50,
        "too few were found not to be narrower: {counts:?}"
    );
    assert!(
        counts.2 > 50,
        "too few narrower ones were met by a request: {counts:?}"
    );
}

#[test]
fn a_policy_is_not_narrower_than_itself() {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    };
    let outcome = TestRunner::new(config).run(&pairs(), |(document, _)| {
        prop_assert_eq!(found(&document, &document), Access::NotNarrower);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn each_way_to_allow_less_is_found_and_named() {
    let chat = "  POST /v1/chat/completions: {verdict: native, scope: \"s:chat\", model: json}\n";
    let with = |models: &str| format!("{chat}models:\n{models}");
    let narrower = |why: &str| Access::Narrower(why.into());
    let unknown = |why: &str| Access::Unknown(why.into());
    let file = |rest: &str| format!("  GET /v1/files/{{id}}: {{verdict: native, {rest}}}\n");
    let plain = file("scope: none, purpose: [upload, conversation]");
    for (old, new, expected) in [
        (
            plain.clone(),
            chat.to_owned(),
            narrower("`GET /v1/files/{id}` is no route any more"),
        ),
        (
            plain.clone(),
            "  GET /v1/files/{id}: {verdict: not_supported, because: it is gone}\n".into(),
            narrower("`GET /v1/files/{id}` is refused"),
        ),
        (
            plain.clone(),
            file("scope: none, purpose: upload"),
            narrower("`GET /v1/files/{id}` is for fewer purposes"),
        ),
        (
            plain.clone(),
            file("scope: \"f:read\", purpose: [upload, conversation]"),
            narrower("`GET /v1/files/{id}` asks for scope `f:read`"),
        ),
        (
            file("scope: none, query: [limit]"),
            file("scope: none"),
            unknown("`GET /v1/files/{id}` passes query `limit` no longer"),
        ),
        (
            plain.clone(),
            format!("{plain}  POST /v1/files/special: {{verdict: native, scope: none}}\n"),
            unknown("`/v1/files/special` is new and takes paths of `GET /v1/files/{id}`"),
        ),
        (
            with("  a: {}\n"),
            with("  b: {}\n"),
            narrower("model `a` is gone"),
        ),
        // It could still be called, but is listed no longer.
        (
            with("  a: {}\n"),
            with("  \"*\": {}\n"),
            narrower("model `a` is gone"),
        ),
        (
            with("  \"a*\": {}\n"),
            with("  a: {}\n"),
            narrower("models `a*` are gone"),
        ),
        (
            with("  \"a*\": {published: x}\n"),
            with("  \"a*\": {published: x}\n  \"ab*\": {published: y}\n"),
            unknown("model `ab*` leads to `y`, and led to `x`"),
        ),
        (
            with("  a: {published: x}\n"),
            with("  a: {}\n"),
            unknown("model `a` leads to `itself`, and led to `x`"),
        ),
        (
            with("  \"a*\": {published: x}\n"),
            with("  \"*\": {published: x}\n"),
            Access::NotNarrower,
        ),
        (
            with("  \"a*\": {published: x}\n"),
            with("  \"a*\": {published: x}\n  ab: {published: x}\n  b: {}\n"),
            Access::NotNarrower,
        ),
        (
            chat.to_owned(),
            format!("{chat}{plain}"),
            Access::NotNarrower,
        ),
    ] {
        assert_eq!(of_texts(&old, &new), expected, "{old}\n{new}");
    }
}
