//! Laws that hold for every document, request or text.

use crate::any_terms::{
    any_body_entry, any_boolean, any_caller, any_ceilings, any_entries, any_published, any_scope,
    any_set,
};
use proptest::{collection, option, prelude::*};
use signalbox_policy::{
    Decision, Document, Files, List, NoFiles, Text, Unreadable, Values, decide,
    document::{AllOrList, CaseEntry, Client, Expect, Model, Route, Value},
    format,
    generate::{Known, documents, requests, texts},
    read, read_cases, read_with,
};

/// Any text at all, and some that mislead careless readers.
pub(crate) fn any_text() -> impl Strategy<Value = Text> {
    let misleading = [
        "",
        " ",
        "~",
        "null",
        "no",
        "1e3",
        "- a",
        "a: b",
        "a #b",
        "{a}",
        "*a",
        "&a",
        "!a",
        "'",
        "\"",
        "\\",
        "a\nb",
        "\u{feff}a",
        "\u{2028}",
        "\u{85}",
        "|",
        ">",
        "%",
        "@",
        "`",
        "---",
        "...",
        "? a",
        "<<",
        "a ",
        "\t",
    ];
    let misleading = proptest::sample::select(misleading.to_vec()).prop_map(str::to_owned);
    let value = prop_oneof![
        misleading,
        any::<String>(),
        "[ -~]{0,20}",
        "[a-zA-Z0-9 /_.-]{1,20}"
    ];
    value.prop_map(|value| Text::from(value.as_str()))
}

/// A key as the reader takes it: no control characters, not too long.
pub(crate) fn any_key() -> impl Strategy<Value = String> {
    let clean = any_text().prop_map(|text| {
        let kept = text.value.chars().filter(|c| !c.is_control());
        kept.take(60).collect::<String>()
    });
    prop_oneof![clean, "(GET|POST) /v1/[a-z{}/]{1,20}"]
}

pub(crate) fn any_list() -> impl Strategy<Value = List> {
    collection::vec(any_text(), 0..4).prop_map(|items| List {
        items,
        ..List::default()
    })
}

fn any_all_or_list() -> impl Strategy<Value = AllOrList> {
    prop_oneof![
        any_text().prop_map(AllOrList::Word),
        any_list().prop_map(AllOrList::List)
    ]
}

prop_compose! {
    fn any_route(key: String)(
        verdict in option::of(any_text()),
        action in option::of(any_text()),
        scope in option::of(any_scope()),
        purpose in option::of(any_list()),
        model in option::of(any_text()),
        because in option::of(any_text()),
        query in option::of(any_list()),
        headers in (option::of(any_list()), option::of(any_list()), any_entries()),
    ) -> Route {
        let mut route = Route::default();
        route.key = key.as_str().into();
        (route.verdict, route.action, route.scope) = (verdict, action, scope);
        (route.purpose, route.model, route.because) = (purpose, model, because);
        route.query = query;
        (route.headers, route.required_headers, route.set_headers) = headers;
        route
    }
}

prop_compose! {
    fn any_model(name: String)(
        published in option::of(any_published()),
        endpoints in option::of(any_list()),
        listed in option::of(any_boolean()),
        deprecated in option::of(any_text()),
        ceilings in option::of(any_ceilings()),
    ) -> Model {
        let mut model = Model::default();
        model.name = name.as_str().into();
        (model.published, model.endpoints) = (published, endpoints);
        (model.listed, model.deprecated, model.ceilings) = (listed, deprecated, ceilings);
        model
    }
}

prop_compose! {
    fn any_expect()(
        forward in option::of(any_text()),
        model in option::of(any_text()),
        refuse in option::of(any_text()),
        list in option::of(any_list()),
    ) -> Expect {
        let mut expect = Expect::default();
        (expect.forward, expect.model, expect.refuse, expect.list) = (forward, model, refuse, list);
        expect
    }
}

prop_compose! {
    fn any_case()(
        texts in (option::of(any_text()), option::of(any_text()), option::of(any_text()), option::of(any_text())),
        lists in (option::of(any_list()), option::of(any_list())),
        fences in collection::vec(option::of(any_all_or_list()), 3),
        key in option::of(any_text()),
        labels in any_entries(),
        body in collection::btree_map(any_key(), any_body_entry(), 0..3),
        headers in any_entries(),
        expect in option::of(any_expect()),
    ) -> CaseEntry {
        let mut case = CaseEntry::default();
        (case.name, case.request, case.model, case.preset) = texts;
        (case.scopes, case.purposes) = lists;
        let mut fences = fences.into_iter();
        case.models = fences.next().flatten();
        case.published = fences.next().flatten();
        case.datasets = fences.next().flatten();
        (case.key, case.labels, case.headers) = (key, labels, headers);
        case.body = body.iter().map(|(name, entry)| (name.as_str().into(), entry.clone())).collect();
        case.expect = expect;
        case
    }
}

prop_compose! {
    fn any_client()(
        texts in collection::vec(option::of(any_text()), 4),
        lists in collection::vec(option::of(any_list()), 3),
    ) -> Client {
        let mut client = Client::default();
        let (mut texts, mut lists) = (texts.into_iter().flatten(), lists.into_iter().flatten());
        (client.name, client.category) = (texts.next(), texts.next());
        (client.compatibility, client.preset) = (texts.next(), texts.next());
        (client.setup, client.caveats, client.corrections) = (lists.next(), lists.next(), lists.next());
        client
    }
}

prop_compose! {
    fn any_value(name: String)(default in option::of(any_text())) -> Value {
        let mut value = Value::default();
        (value.name, value.default) = (name.as_str().into(), default);
        value
    }
}

/// Documents as people might write them: of the right shape, with any words.
fn any_document() -> impl Strategy<Value = Document> {
    let keys = || collection::btree_set(any_key(), 0..4).prop_map(Vec::from_iter);
    let routes = keys().prop_flat_map(|keys| keys.into_iter().map(any_route).collect::<Vec<_>>());
    let models = keys().prop_flat_map(|keys| keys.into_iter().map(any_model).collect::<Vec<_>>());
    let head = (
        option::of(any_text()),
        option::of(any_text()),
        option::of(any_text()),
    );
    let values = keys().prop_flat_map(|keys| keys.into_iter().map(any_value).collect::<Vec<_>>());
    let beside = (option::of(any_list()), values, option::of(any_client()));
    let sets = keys().prop_flat_map(|keys| keys.into_iter().map(any_set).collect::<Vec<_>>());
    let callers = keys().prop_flat_map(|keys| keys.into_iter().map(any_caller).collect::<Vec<_>>());
    let body = (
        option::of(routes),
        models,
        (sets, option::of(callers)),
        collection::vec(any_case(), 0..3),
    );
    (head, beside, body).prop_map(
        |((policy, version, about), beside, (routes, models, who, cases))| {
            let mut document = Document::default();
            (document.include, document.values, document.client) = beside;
            (document.policy, document.version, document.about) = (policy, version, about);
            (document.routes, document.models, document.cases) = (routes, models, cases);
            (document.sets, document.callers) = who;
            document
        },
    )
}

/// Pieces of YAML and of this language in any order.
pub(crate) fn hostile_text() -> impl Strategy<Value = String> {
    let pieces = [
        "policy",
        ": ",
        "routes",
        "\n",
        "\n  ",
        "\n    - ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "'",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "? ",
        "| ",
        "> ",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "#",
        "models",
        "cases",
        "GET /v1/models",
        "verdict",
        "native",
        "null",
        "~",
        "1",
        "\t",
        "\u{feff}",
        "\\",
        "expect",
        "name",
    ];
    let piece = prop_oneof![
        6 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop_oneof![
        collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat()),
        any::<String>()
    ]
}

/// The one file there is.
struct OneFile(&'static str, String);

impl Files for OneFile {
    fn text(&mut self, path: &str) -> Result<String, Unreadable> {
        assert_eq!(path, self.0);
        Ok(self.1.clone())
    }
}

/// A document with some of its entries in a base, which says something else of one of its own.
fn in_two(document: &Document, at: prop::sample::Index) -> (Document, Document) {
    let (mut own, mut base) = (document.clone(), Document::default());
    own.include = Some(List {
        items: vec!["./base/x/../b.yaml".into()],
        ..List::default()
    });
    base.policy = Some("not of the document".into());
    let routes = own.routes.as_mut().unwrap();
    let half = at.index(routes.len() + 1);
    base.routes = Some(routes.drain(half..).collect());
    if let Some(first) = routes.first() {
        let mut other = first.clone();
        other.because = Some("the document says something else".into());
        base.routes.as_mut().unwrap().push(other);
    }
    base.models = own.models.drain(at.index(own.models.len() + 1)..).collect();
    base.values = own.values.drain(at.index(own.values.len() + 1)..).collect();
    base.cases = own.cases.clone();
    (own, base)
}

proptest! {
    #[test]
    fn what_is_formatted_reads_as_it_was(document in any_document()) {
        let text = format(&document);
        let again = Document::parse(&text);
        prop_assert_eq!(again.as_ref(), Ok(&document), "{}", text);
        prop_assert_eq!(format(&again.unwrap()), text);
    }

    #[test]
    fn generated_documents_are_valid_and_mean_the_same_formatted(document in documents()) {
        let policy = document.check();
        prop_assert!(policy.is_ok(), "{policy:#?}\n{}", format(&document));
        prop_assert_eq!(read(&format(&document)), policy);
    }

    #[test]
    fn a_document_in_two_files_is_the_document(document in documents(), at in any::<prop::sample::Index>()) {
        let whole = read_with(&format(&document), "", &mut NoFiles, &Values::new()).unwrap();
        let (own, base) = in_two(&document, at);
        let mut files = OneFile("base/b.yaml", format(&base));
        let both = read_with(&format(&own), "p.yaml", &mut files, &Values::new());
        let both = both.unwrap_or_else(|found| panic!("{found:#?}\n{own:#?}\n{base:#?}"));
        prop_assert_eq!(both.policy(), whole.policy());
        for resolved in [whole, both] {
            let again = read(resolved.source());
            prop_assert_eq!(again.as_ref(), Ok(resolved.policy()), "{}", resolved.source());
        }
    }

    #[test]
    fn hostile_text_is_refused_and_never_panics(text in hostile_text()) {
        // Nothing this random has a name, routes and no fault.
        if let Err(found) = read(&text) {
            prop_assert!(!found.is_empty());
            prop_assert!(found.iter().all(|found| found.line >= 1 && found.column >= 1));
        }
        let _ = read_cases(&text);
        let _ = Document::parse(&text);
    }

    #[test]
    fn every_way_to_break_a_valid_text_is_survived(text in texts(), at in any::<prop::sample::Index>(), cut in 0..20_usize) {
        let characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        let kept = characters.iter().take(at).chain(characters.iter().skip(at + cut));
        let _ = read(&kept.collect::<String>());
    }

    #[test]
    fn what_is_refused_unread_is_refused_for_every_model(text in texts(), request in requests()) {
        let policy = read(&text).unwrap();
        let unread = request.with_model(Known::Unread).ask(|request| decide(&policy, request));
        let named = request.ask(|request| decide(&policy, request));
        if let Decision::Refuse(refusal) = unread {
            prop_assert_eq!(named, Decision::Refuse(refusal));
        }
    }
}

#[test]
fn generated_requests_are_forwarded_listed_and_refused_in_every_way() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    use std::collections::BTreeSet;

    let mut runner = TestRunner::deterministic();
    let pairs = (documents(), requests());
    let mut seen = BTreeSet::new();
    for _ in 0..2000 {
        let (document, request) = pairs.new_tree(&mut runner).unwrap().current();
        let policy = document.check().unwrap();
        seen.insert(match request.ask(|request| decide(&policy, request)) {
            Decision::Forward(forward) => format!("forward, model: {}", forward.model.is_some()),
            Decision::ListModels(_) => "list".to_owned(),
            Decision::ReadModel => "read".to_owned(),
            Decision::Refuse(refusal) => refusal.code,
        });
    }
    let expected = [
        "above_ceiling",
        "caller_not_allowed",
        "conversation_not_allowed",
        "dataset_not_allowed",
        "forward, model: false",
        "forward, model: true",
        "gt_extension_route",
        "insufficient_scope",
        "list",
        "method_not_allowed",
        "missing_conversation",
        "missing_header",
        "missing_model",
        "model_not_found",
        "purpose_not_allowed",
        "read",
        "route_not_supported",
        "unclear_parameter",
        "unknown_route",
    ];
    assert_eq!(seen, expected.map(str::to_owned).into());
}
