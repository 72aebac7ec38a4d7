//! Documents that are valid.

use proptest::{collection, option, prelude::*, sample};

use super::{
    terms::terms,
    text::{list, text},
    words::{MODELS, PATTERNS, PUBLISHED, ROUTES, SCOPES},
};
use crate::{
    Category, Compatibility, Document, Endpoint, List, ModelSource, Text,
    document::{
        BodyEntry, CaseEntry, Client, EachEntry, Expect, Model, Published, Route, Scope, Value,
    },
    format, gt,
    presets::Preset,
};

/// Valid documents.
pub fn documents() -> impl Strategy<Value = Document> {
    let about = option::of(about());
    let version = option::of("[a-z][0-9.]{0,6}".prop_map(text));
    let client = option::of(client());
    let entries = (routes(), models(), terms(), values());
    (about, version, client, entries).prop_map(|(about, version, client, entries)| {
        let (routes, models, terms, values) = entries;
        let models = models
            .into_iter()
            .map(|model| only_for_forwarded(model, &routes));
        let document = Document {
            policy: Some("generated".into()),
            about,
            version,
            client,
            models: models.collect(),
            cases: vec![case(), repeated()],
            routes: Some(routes),
            ..Document::default()
        };
        with_values(terms.put_into(document), values)
    })
}

/// Any words, with `${` as itself.
fn about() -> impl Strategy<Value = Text> {
    let words = prop_oneof!["[ -~]{0,20}[a-z]", "[$ {}a-c]{0,9}[a-z]"];
    words.prop_map(|words| text(words.replace("${", "$${")))
}

fn client() -> impl Strategy<Value = Client> {
    let preset = option::of(sample::select(&Preset::ALL[..]));
    let words = option::of(sample::select(&Compatibility::ALL[..]));
    let setup = option::of(collection::btree_set("[a-z]{1,5}( [a-z:]{1,5}){0,3}", 1..3));
    (preset, words, setup).prop_map(|(preset, words, setup)| Client {
        name: Some("a client".into()),
        category: Some(Category::SdkAndHttp.word().into()),
        compatibility: words.map(|it| it.word().into()),
        preset: preset.map(|it| it.word.into()),
        setup: setup.map(|setup| List {
            items: setup.into_iter().map(text).collect(),
            ..List::default()
        }),
        ..Client::default()
    })
}

/// One whose key is a preset's. It holds whatever the document says: hosts run it.
fn case() -> CaseEntry {
    CaseEntry {
        name: Some("with a preset".into()),
        request: Some("GET /v1/nowhere".into()),
        preset: Some("chat-embeddings".into()),
        expect: Some(Expect {
            refuse: Some("unknown_route".into()),
            ..Expect::default()
        }),
        ..CaseEntry::default()
    }
}

/// One that is repeated, and one of its texts has `${` as itself.
fn repeated() -> CaseEntry {
    let entry = |what: &str, most: &str| EachEntry {
        values: vec![
            ("what".into(), BodyEntry::Text(what.into())),
            ("most".into(), BodyEntry::Number(most.into())),
        ],
        ..EachEntry::default()
    };
    CaseEntry {
        name: Some("$${what} is ${what}".into()),
        request: Some("GET /v1/${what}".into()),
        body: vec![("n".into(), BodyEntry::Text("${most}".into()))],
        each: Some(vec![entry("nowhere", "1"), entry("elsewhere", "2")]),
        expect: Some(Expect {
            refuse: Some("unknown_route".into()),
            reason: Some("no template matches the path".into()),
            ..Expect::default()
        }),
        ..case()
    }
}

/// Names of values with their defaults.
fn values() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let names = sample::subsequence(&["agent", "team-2", "x_y"][..], 0..=3);
    (names, collection::vec(sample::select(PUBLISHED), 3))
        .prop_map(|(names, values)| names.into_iter().zip(values).collect())
}

/// Puts the names in place of what models publish; those that find no place are left out.
fn with_values(mut document: Document, values: Vec<(&str, &str)>) -> Document {
    let published = document.models.iter_mut();
    let mut published = published.filter_map(|it| match &mut it.published {
        Some(Published::Name(name)) => Some(name),
        _ => None,
    });
    for (name, default) in values {
        let Some(place) = published.next() else { break };
        *place = text(format!("${{{name}}}"));
        document.values.push(Value {
            name: name.into(),
            default: Some(default.into()),
        });
    }
    document
}

/// The texts of valid documents.
pub fn texts() -> impl Strategy<Value = String> {
    documents().prop_map(|document| format(&document))
}

/// Some routes in any order, each at most once.
fn routes() -> impl Strategy<Value = Vec<Route>> {
    let endpoints = Endpoint::ALL.map(|endpoint| ("POST", endpoint.template()));
    let known: Vec<(&'static str, &'static str)> =
        ROUTES.iter().copied().chain(endpoints).collect();
    let most = known.len();
    let some = prop_oneof![Just(known.clone()), sample::subsequence(known, 0..=most)];
    (some.prop_shuffle(), collection::vec(words(), most)).prop_map(|(keys, words)| {
        let pairs = keys.into_iter().zip(words);
        pairs.map(|(key, words)| route(key, words)).collect()
    })
}

/// What a route is to say, before it is known which.
#[derive(Clone, Debug)]
struct Words {
    verdict: &'static str,
    /// Whether the action is not the verdict's own.
    other_action: bool,
    scope: &'static str,
    purposes: Option<Vec<&'static str>>,
    names: Option<Vec<&'static str>>,
    with_model: bool,
}

prop_compose! {
    fn words()(
        verdict in sample::select(&["native", "native", "native", "gt_extension", "not_supported"][..]),
        other_action in prop::bool::weighted(0.3),
        scope in prop_oneof![1 => Just("none"), 4 => sample::select(SCOPES)],
        purposes in option::weighted(0.3, sample::subsequence(&["inference", "upload", "conversation"][..], 1..=3)),
        names in option::of(sample::subsequence(&["after", "limit"][..], 0..=2)),
        with_model in any::<bool>(),
    ) -> Words {
        Words { verdict, other_action, scope, purposes, names, with_model }
    }
}

fn route((method, template): (&'static str, &'static str), words: Words) -> Route {
    let Words {
        verdict,
        other_action,
        scope,
        purposes,
        names,
        with_model,
    } = words;
    let forwarded = match verdict {
        "native" => !other_action,
        "gt_extension" => other_action,
        _ => false,
    };
    Route {
        key: text(format!("{method} {template}")),
        verdict: Some(verdict.into()),
        action: other_action.then(|| if forwarded { "forward" } else { "refuse" }.into()),
        scope: Some(Scope {
            sets: vec![list(&[scope])],
            ..Scope::default()
        }),
        purpose: purposes.map(|words| list(&words)),
        model: source(method, template, with_model).map(Text::from),
        because: (verdict != "native").then(|| "it is generated".into()),
        headers: names.as_deref().map(list),
        query: names.as_deref().map(list),
        ..Route::default()
    }
}

fn source(method: &str, template: &str, with_model: bool) -> Option<&'static str> {
    match Endpoint::of(method, template).map(Endpoint::model_source) {
        Some(ModelSource::Multipart) => Some("multipart"),
        Some(_) => Some("json"),
        None if method == "GET" || gt::dataset(template, Some("")).is_some() => None,
        None if template == "/v1/conversations/files" => None,
        None => with_model.then_some("json"),
    }
}

/// Known names and patterns in any order, with others between them.
fn models() -> impl Strategy<Value = Vec<Model>> {
    let known: Vec<&'static str> = MODELS.iter().chain(PATTERNS).copied().collect();
    let most = known.len();
    let names = sample::subsequence(known, 0..=most).prop_shuffle();
    let random = collection::btree_set("[a-f]{1,12}\\*?", 0..4);
    let words: Vec<&'static str> = Endpoint::ALL.map(Endpoint::word).to_vec();
    let endpoints = option::of(sample::subsequence(words, 1..=6));
    let rule = (option::of(sample::select(PUBLISHED)), endpoints);
    (names, random, collection::vec(rule, most + 4)).prop_map(|(known, random, rules)| {
        let names = known.into_iter().map(str::to_owned).chain(random);
        let pairs = names.zip(rules);
        pairs
            .map(|(name, (published, endpoints))| model(name, published, endpoints))
            .collect()
    })
}

fn model(name: String, published: Option<&str>, endpoints: Option<Vec<&str>>) -> Model {
    Model {
        name: text(name),
        published: published.map(|name| Published::Name(name.into())),
        endpoints: endpoints.map(|words| list(&words)),
        ..Model::default()
    }
}

/// A `for` may only name what some route forwards.
fn only_for_forwarded(mut model: Model, routes: &[Route]) -> Model {
    let is_forwarded = |word: &Text| {
        let template = Endpoint::from_word(&word.value).map(Endpoint::template);
        routes.iter().any(|route| {
            route.key.value.strip_prefix("POST ") == template
                && route
                    .action
                    .as_ref()
                    .is_some_and(|action| action.value == "forward")
        })
    };
    if let Some(endpoints) = &mut model.endpoints {
        endpoints.items.retain(is_forwarded);
    }
    model.endpoints = model
        .endpoints
        .filter(|endpoints| !endpoints.items.is_empty());
    model
}
