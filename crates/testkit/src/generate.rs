//! Requests for property tests, made of a policy's own words: most meet its routes, names and scopes, and some
//! meet nothing. Whatever is generated can be written as a case.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection, option, prelude::*, sample, strategy::Union};
use signalbox_policy::{BodyValue, Caller, Names, Purpose, Purposes, gt::CONVERSATION_HEADER};

use crate::{TestRequest, Words, request};

/// Requests to a policy of these words. The first of each choice is the plainest, and what is shrunk to.
pub fn requests(words: &Words) -> impl Strategy<Value = TestRequest> + use<> {
    let asked = (targets(words), headers(words), models(words), body(words));
    (asked, callers(words)).prop_map(|(asked, caller)| {
        let ((method, target), headers, model, body) = asked;
        TestRequest {
            headers,
            caller,
            model,
            body,
            ..request(method, target)
        }
    })
}

fn targets(words: &Words) -> BoxedStrategy<(String, String)> {
    let stranger = prop_oneof![
        Just("/v1/nowhere".to_owned()),
        "/v1(/[A-Za-z0-9._~-]{1,6}){1,4}",
    ];
    let stranger = (sample::select(&METHODS[..]), stranger)
        .prop_map(|(method, target)| (method.to_owned(), target))
        .boxed();
    let mut all = Vec::new();
    if !words.routes.is_empty() {
        all.push((12, described(words)));
    }
    if !words.targets.is_empty() {
        all.push((3, sample::select(words.targets.clone()).boxed()));
    }
    // Policies answer it that describe no such route.
    let list = ("GET".to_owned(), "/v1/models".to_owned());
    all.push((1, Just(list).boxed()));
    all.push((1, stranger));
    Union::new_weighted(all).boxed()
}

/// Targets of the policy's own routes, with a base or without, and now and then by another method.
fn described(words: &Words) -> BoxedStrategy<(String, String)> {
    let id = prop_oneof![Just("a".to_owned()), "[A-Za-z0-9_~-]{1,12}"];
    let value = prop_oneof![Just("1".to_owned()), "[A-Za-z0-9%+-]{0,6}"];
    let parts = (
        sample::select(words.routes.clone()),
        collection::vec(id, 3),
        prop_oneof![8 => Just(None), 1 => sample::select(&METHODS[..]).prop_map(Some)],
        prop_oneof![8 => Just(""), 1 => Just("/api/tenant")],
        option::weighted(0.2, (any::<sample::Index>(), value)),
    );
    parts
        .prop_map(|((method, template, names), ids, other, base, query)| {
            let mut ids = ids.iter().map(String::as_str).cycle();
            let segment = |segment: &str| match segment.starts_with('{') {
                true => ids.next().unwrap_or("a").to_owned(),
                false => segment.to_owned(),
            };
            let path: Vec<String> = template.split('/').map(segment).collect();
            let path = path.join("/");
            let path = match base {
                "" => path,
                base => format!("{base}{}", path.trim_start_matches("/v1")),
            };
            let query = query.map(|(at, value)| {
                let name = match names.is_empty() {
                    true => "x",
                    false => at.get(&names),
                };
                format!("?{name}={value}")
            });
            let target = format!("{path}{}", query.unwrap_or_default());
            (other.map_or(method, str::to_owned), target)
        })
        .boxed()
}

fn models(words: &Words) -> impl Strategy<Value = Option<String>> + use<> {
    let name = prop_oneof![
        6 => word(&words.models, "gpt-4o"),
        1 => word(&words.published, "support-agent"),
        1 => (word(&words.models, "gpt-4o"), "[a-z*-]{1,4}").prop_map(|(name, rest)| name + &rest),
        1 => "\\PC{1,12}",
    ];
    option::weighted(0.9, name)
}

fn headers(words: &Words) -> impl Strategy<Value = BTreeMap<String, String>> + use<> {
    let mut names = words.headers.clone();
    names.extend([CONVERSATION_HEADER.to_owned(), "content-type".to_owned()]);
    let value = prop_oneof![
        3 => word(&words.header_values, "c-1"),
        1 => "[!-~]{1,8}",
    ];
    prop_oneof![
        2 => Just(BTreeMap::new()),
        1 => collection::btree_map(word(&names, "content-type"), value, 1..4),
    ]
}

fn body(words: &Words) -> BoxedStrategy<BTreeMap<String, BodyValue>> {
    if words.members.is_empty() {
        return Just(BTreeMap::new()).boxed();
    }
    let mut numbers = words.numbers.clone();
    numbers.extend([0, 1, 2, 4_096, u64::MAX]);
    let numbers: Vec<u64> = numbers.into_iter().collect();
    let text = prop_oneof![
        4 => word(&words.texts, "high"),
        1 => "\\PC{0,12}",
        1 => Just("x".repeat(257)),
    ];
    let value = prop_oneof![
        4 => sample::select(numbers).prop_map(BodyValue::Integer),
        3 => text.prop_map(BodyValue::Text),
        1 => Just(BodyValue::Other(())),
    ];
    let most = words.members.len().min(4);
    prop_oneof![
        1 => Just(BTreeMap::new()),
        1 => collection::btree_map(word(&words.members, ""), value, 1..=most),
    ]
    .boxed()
}

fn callers(words: &Words) -> impl Strategy<Value = Caller> + use<> {
    let scopes: Vec<String> = words.scopes.iter().cloned().collect();
    let some = sample::subsequence(scopes.clone(), 0..=scopes.len());
    let scopes = prop_oneof![some, Just(scopes)];
    let purposes = sample::subsequence(&Purpose::ALL, 1..=3).prop_map(Purposes::from_iter);
    let purposes = prop_oneof![2 => Just(Purposes::from_iter(Purpose::ALL)), 1 => purposes];
    let lists = (
        names(&words.models),
        names(&words.published),
        names(&BTreeSet::from(["a".to_owned()])),
    );
    let who = (word(&with("case", &words.keys), "case"), labels(words));
    (who, purposes, scopes, lists).prop_map(|((id, labels), purposes, scopes, lists)| {
        let (models, published, datasets) = lists;
        Caller {
            id,
            purposes,
            scopes,
            labels,
            models,
            published,
            datasets,
        }
    })
}

fn labels(words: &Words) -> impl Strategy<Value = Vec<(String, String)>> + use<> {
    let mut labels: Vec<(String, String)> = words.labels.iter().cloned().collect();
    labels.push(("team".to_owned(), "a".to_owned()));
    let most = labels.len().min(3);
    sample::subsequence(labels, 0..=most).prop_map(|labels| {
        let by_name: BTreeMap<String, String> = labels.into_iter().collect();
        by_name.into_iter().collect()
    })
}

/// One of a key's lists: everything, or some of what there is, with prefixes.
fn names(known: &BTreeSet<String>) -> impl Strategy<Value = Names> + use<> {
    let prefix = (word(known, "a"), 0..4_usize)
        .prop_map(|(name, length)| name.chars().take(length).chain(['*']).collect());
    let entry = prop_oneof![3 => word(known, "a"), 1 => prefix];
    prop_oneof![
        3 => Just(Names::All),
        1 => collection::vec(entry, 0..4).prop_map(Names::Only),
    ]
}

/// One of these words; this one if there is none.
fn word(words: &BTreeSet<String>, without: &str) -> BoxedStrategy<String> {
    match words.is_empty() {
        true => Just(without.to_owned()).boxed(),
        false => sample::select(words.iter().cloned().collect::<Vec<_>>()).boxed(),
    }
}

fn with(first: &str, words: &BTreeSet<String>) -> BTreeSet<String> {
    let mut words = words.clone();
    words.insert(first.to_owned());
    words
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
