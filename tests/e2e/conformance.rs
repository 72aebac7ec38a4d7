//! Every exchange of `tests/conformance`, played against the host; and that the player can fail.
//! `BLESS=1` writes down what came.

mod changed;
mod lying;
mod tower;

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use signalbox_harness::{
    conformance::{Door, Fixture, Guests, HostDoor, check, folder, is_as_printed, names, rewrite},
    policies::runbook,
};
use signalbox_http::refusal::Code;
use signalbox_policy::{Decision, ListMode, ModelSource};

use crate::guests::{Guest, description, entry, route};

/// One test a file, so that they run side by side; and one that no file is left out.
macro_rules! topics {
    ($($topic:ident)*) => {
        $(#[test]
        fn $topic() {
            play(stringify!($topic));
        })*

        #[test]
        fn every_file_is_played() {
            assert_eq!(names(), [$(stringify!($topic)),*]);
        }
    };
}

topics! {
    announced audio_images bases browsers budgets chat connections conversations datasets embeddings
    forms head headers http2 idle limited limits listed_models models refusals_body refusals_key
    refusals_policy refusals_request refusals_route refusals_target refusals_upstream streams swaps
    timeouts unreachable
}

fn play(topic: &str) {
    if std::env::var_os("BLESS").is_some() {
        rewrite(topic, &guests(), &host);
    }
    assert!(is_as_printed(topic), "run with BLESS=1");
    let wrong = check(topic, &guests(), &host);
    assert!(
        wrong.is_empty(),
        "not as tests/conformance says; run with BLESS=1 if this is right:\n\n{}",
        wrong.join("\n\n")
    );
}

fn host(fixture: &Fixture) -> Box<dyn Door> {
    Box::new(HostDoor::open(fixture))
}

#[test]
fn every_code_is_in_an_exchange_or_in_the_list_of_those_that_are_not() {
    let texts = names().into_iter().map(|name| {
        let text = fs::read_to_string(folder().join(name).with_extension("json"));
        serde_json::from_str(&text.unwrap()).unwrap()
    });
    let mut here = BTreeSet::new();
    texts.for_each(|topic: Value| collect_codes(&topic, &mut here));
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let (_, list) = readme
        .split_once("## Codes that are in no exchange")
        .unwrap();
    let rows = list.lines().filter_map(|line| line.strip_prefix("| `"));
    let absent: BTreeSet<_> = rows
        .map(|row| row.split('`').next().unwrap().to_owned())
        .collect();
    let known: BTreeSet<_> = Code::ALL
        .iter()
        .map(|code| code.word().to_owned())
        .collect();
    assert!(absent.is_subset(&known), "{absent:?}");
    let missing: Vec<_> = known.iter().filter(|code| !here.contains(*code)).collect();
    assert_eq!(missing, absent.iter().collect::<Vec<_>>());
}

/// Codes that a record says the host or a policy refused with.
fn collect_codes(value: &Value, codes: &mut BTreeSet<String>) {
    if let Some(body) = value.get("body").and_then(Value::as_str)
        && value.get("status").is_some()
        && let Ok(body) = serde_json::from_str::<Value>(body)
        && let Some(code) = body.pointer("/error/code").and_then(Value::as_str)
    {
        codes.insert(code.to_owned());
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_codes(item, codes)),
        Value::Object(members) => members.values().for_each(|it| collect_codes(it, codes)),
        _ => {}
    }
}

#[test]
fn the_documents_are_the_runbooks() {
    for name in ["full", "litellm"] {
        let path = folder().join("fixture").join(name).with_extension("yaml");
        assert_eq!(fs::read_to_string(path).unwrap(), runbook(name), "{name}");
    }
}

/// The policies of the fixture that no document can express; its README says what each does.
fn guests() -> Guests {
    let deciding = |decision| {
        let mut description = description();
        let models = route("GET", "/v1/models", ModelSource::None);
        description.routes.push(models);
        description.model_count = 3;
        let catalogue = vec![
            entry("big", "support-agent"),
            entry("old", "retired-agent"),
            entry("small", "gt-small"),
        ];
        Guest {
            description,
            catalogue,
            ..Guest::answer(decision)
        }
    };
    let some = ListMode::Only(vec!["big".to_owned()]);
    [
        ("failing.wasm", Guest::code("(unreachable)")),
        (
            "endless.wasm",
            Guest::code("(loop $l (br $l)) (unreachable)"),
        ),
        (
            "listing.wasm",
            deciding(Decision::ListModels(ListMode::Upstream)),
        ),
        ("some.wasm", deciding(Decision::ListModels(some))),
    ]
    .map(|(name, guest)| (name.to_owned(), guest.component()))
    .into()
}
