//! Tables answer every question as the rules they were made of.

use proptest::prelude::*;
use signalbox_policy::{Endpoint, Endpoints, ModelSource, Rules, Verdict, tables::Tables};

use crate::fixture::{Model, Plain, Route, with_models};

/// Few letters, so that names are often one another's prefixes.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{1,6}", "[ab/é]{1,4}", "gpt-4o(-mini)?[a-c]{0,2}"]
}

fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => name(),
        2 => name().prop_map(|prefix| format!("{prefix}*")),
        1 => Just("*".to_owned()),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    let endpoints = prop::sample::subsequence(Endpoint::ALL.to_vec(), 1..=6);
    let endpoints = prop_oneof![
        Just(Endpoints::ALL),
        endpoints.prop_map(|endpoints| endpoints.into_iter().collect()),
    ];
    (pattern(), prop::option::of(name()), endpoints).prop_map(|(pattern, published, endpoints)| {
        Model {
            pattern,
            published,
            endpoints,
        }
    })
}

fn route() -> impl Strategy<Value = Route> {
    let verdict = prop_oneof![
        Just(Verdict::Native),
        Just(Verdict::GtExtension),
        Just(Verdict::NotSupported),
    ];
    let source = prop_oneof![
        Just(ModelSource::None),
        Just(ModelSource::Json),
        Just(ModelSource::Multipart)
    ];
    let words = ("(GET|POST|DELETE)", "/v1/[a-c]{1,2}(/\\{id\\})?(/[a-c])?");
    let texts = (
        prop::option::of("[a-z:]{0,12}"),
        "([a-z]{1,4}(,[a-z]{1,4})?)?",
    );
    (words, texts, prop::option::of(".{0,40}"), verdict, source).prop_map(
        |((method, template), (scope, query), because, verdict, model)| Route {
            method,
            template,
            scope,
            model,
            verdict,
            query,
            because,
        },
    )
}

fn plain() -> impl Strategy<Value = Plain> {
    let routes = prop::collection::vec(route(), 0..12);
    let models = prop::collection::vec(model(), 0..40);
    (routes, models).prop_map(|(mut routes, mut models)| {
        routes.sort_by(|a, b| (&a.template, &a.method).cmp(&(&b.template, &b.method)));
        routes.dedup_by(|a, b| (&a.template, &a.method) == (&b.template, &b.method));
        models.sort_by(|a, b| a.pattern.cmp(&b.pattern));
        models.dedup_by(|a, b| a.pattern == b.pattern);
        Plain { routes, models }
    })
}

/// Names that hit, names just beside those, and names that are patterns.
fn questions(plain: &Plain, names: Vec<String>) -> Vec<String> {
    let mut questions = names;
    for model in &plain.models {
        let prefix = model.pattern.trim_end_matches('*');
        let shorter: String = prefix
            .chars()
            .take(prefix.chars().count().saturating_sub(1))
            .collect();
        let beside = [
            model.pattern.clone(),
            format!("{prefix}b"),
            prefix.to_uppercase(),
            shorter,
        ];
        questions.push(prefix.to_owned());
        questions.extend(beside);
    }
    questions
}

proptest! {
    #[test]
    fn tables_answer_as_the_rules_do(plain in plain(), names in prop::collection::vec(name(), 20)) {
        let bytes = plain.encode();
        let tables = Tables::read(&bytes).expect("tables");
        prop_assert_eq!(tables.routes().collect::<Vec<_>>(), plain.routes().collect::<Vec<_>>());
        for name in questions(&plain, names) {
            prop_assert_eq!(tables.model(&name), plain.model(&name), "{}", name);
        }
    }

    #[test]
    fn the_catalogue_has_each_exact_name_once_in_order(plain in plain(), after in name()) {
        let bytes = plain.encode();
        let tables = Tables::read(&bytes).expect("tables");
        let exact = plain.models.iter().map(|model| model.pattern.as_str());
        let exact = exact.filter(|pattern| !pattern.ends_with('*'));
        let listed: Vec<_> = tables.models_after(None).map(|rule| rule.pattern).collect();
        prop_assert_eq!(&listed, &exact.clone().collect::<Vec<_>>());
        let rest: Vec<_> = tables.models_after(Some(&after)).map(|rule| rule.pattern).collect();
        prop_assert_eq!(rest, exact.filter(|name| *name > after.as_str()).collect::<Vec<_>>());
        prop_assert_eq!(tables.catalogue_after(None).count() as u32, tables.description().models);
    }
}

#[test]
fn every_one_of_many_names_is_found() {
    let plain = with_models(20_000);
    let bytes = plain.encode();
    let tables = Tables::read(&bytes).expect("tables");
    for model in &plain.models {
        let found = tables.model(&model.pattern).map(|rule| rule.pattern);
        assert_eq!(found, Some(model.pattern.as_str()));
        assert_eq!(tables.model(&model.pattern[1..]), None);
    }
}
