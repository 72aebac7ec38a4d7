//! Tables answer every question as the policy they were made of, which looks at its rules the
//! plain way.

use std::{collections::BTreeMap, fmt::Write as _};

use proptest::prelude::*;
use signalbox_policy::{Endpoint, Policy, RouteIndex, Rules, generate::texts, tables::Tables};

use crate::fixture::{document, policy};

/// Few letters, so that names are often one another's prefixes.
fn names() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{1,6}", "[ab/é]{1,4}", "gpt-4o(-mini)?[a-c]{0,2}"]
}

fn patterns() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => names(),
        2 => names().prop_map(|prefix| format!("{prefix}*")),
        1 => Just("*".to_owned()),
    ]
}

/// A document with every endpoint, and models that are hard to tell from each other.
fn crowded() -> impl Strategy<Value = String> {
    let uses = prop::sample::subsequence(Endpoint::ALL.to_vec(), 1..=6);
    let model = (prop::option::of(names()), prop::option::of(uses));
    prop::collection::btree_map(patterns(), model, 0..40).prop_map(crowded_text)
}

fn crowded_text(models: BTreeMap<String, (Option<String>, Option<Vec<Endpoint>>)>) -> String {
    let mut text = String::from("policy: crowded\nroutes:\n");
    for endpoint in Endpoint::ALL {
        let _ = writeln!(
            text,
            "  POST {}: {{verdict: native, scope: none, model: {}}}",
            endpoint.template(),
            if endpoint == Endpoint::Transcriptions {
                "multipart"
            } else {
                "json"
            },
        );
    }
    if !models.is_empty() {
        text.push_str("models:\n");
    }
    for (pattern, (published, uses)) in models {
        let published = published.map(|name| format!("published: \"{name}\""));
        let words = |uses: Vec<Endpoint>| uses.into_iter().map(Endpoint::word).collect::<Vec<_>>();
        let uses = uses.map(|uses| format!("for: [{}]", words(uses).join(", ")));
        let entry: Vec<String> = published.into_iter().chain(uses).collect();
        let _ = writeln!(text, "  \"{pattern}\": {{{}}}", entry.join(", "));
    }
    text
}

fn bytes(policy: &Policy) -> Vec<u8> {
    policy.tables().expect("a policy that fits tables")
}

/// Names that hit, names just beside those, and names that look like patterns.
fn questions(policy: &Policy) -> Vec<String> {
    let mut questions = vec![String::new(), "*".to_owned()];
    for model in policy.models() {
        let prefix = model.pattern.trim_end_matches('*');
        let mut shorter = prefix.to_owned();
        shorter.pop();
        questions.extend([shorter, prefix.to_owned(), model.pattern.to_owned()]);
        questions.extend([
            format!("{prefix}b"),
            format!("{prefix}é/"),
            prefix.to_uppercase(),
        ]);
    }
    questions
}

fn check(text: &str, names: &[String]) -> Result<(), TestCaseError> {
    let policy = policy(text);
    let bytes = bytes(&policy);
    let tables = Tables::read(&bytes).expect("tables");
    prop_assert_eq!(
        tables.routes().collect::<Vec<_>>(),
        policy.routes().collect::<Vec<_>>()
    );
    for template in policy.templates().chain(["", "/v1/elsewhere"]) {
        let found = tables.routes_of(template).collect::<Vec<_>>();
        prop_assert_eq!(found, policy.routes_of(template).collect::<Vec<_>>());
    }
    let templates = tables.templates().collect::<Vec<_>>();
    prop_assert_eq!(templates, policy.templates().collect::<Vec<_>>());
    for name in questions(&policy).iter().chain(names) {
        prop_assert_eq!(tables.model(name), policy.model(name), "{}", name);
    }
    prop_assert_eq!(tables.description(), Some(policy.description()));
    for index in (0..).map(RouteIndex).take(policy.routes().count() + 1) {
        prop_assert_eq!(tables.route(index), policy.route(index));
    }
    let catalogue = policy.catalogue();
    prop_assert_eq!(
        tables.catalogue_after(None).collect::<Vec<_>>(),
        catalogue.clone()
    );
    for after in names {
        let rest = catalogue
            .iter()
            .filter(|entry| entry.name > *after)
            .cloned();
        let listed = tables.catalogue_after(Some(after)).collect::<Vec<_>>();
        prop_assert_eq!(listed, rest.collect::<Vec<_>>());
    }
    Ok(())
}

proptest! {
    #[test]
    fn tables_answer_as_a_generated_policy_does(
        text in texts(),
        names in prop::collection::vec(names(), 8),
    ) {
        check(&text, &names)?;
    }

    #[test]
    fn tables_tell_names_apart_that_differ_little(
        text in crowded(),
        names in prop::collection::vec(names(), 20),
    ) {
        check(&text, &names)?;
    }
}

#[test]
fn every_one_of_many_names_is_found() {
    let policy = policy(&document(20_000));
    let bytes = bytes(&policy);
    let tables = Tables::read(&bytes).expect("tables");
    for model in policy.models() {
        assert_eq!(tables.model(model.pattern), Some(model));
        assert_eq!(tables.model(&model.pattern[1..]), None);
    }
}
