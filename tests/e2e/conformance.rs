//! Every exchange of `tests/conformance`, played against the host; and that the player can fail.
//! `BLESS=1` writes down what came.

mod changed;
mod doors;
mod gate;
mod lying;
mod policies;
mod tower;

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use signalbox_harness::{
    conformance::{Door, Fixture, HostDoor, check, names, rewrite, suite},
    every_topic,
    policies::runbook,
};
use signalbox_http::refusal::Code;

use policies::guests;

every_topic!(play);

fn play(topic: &str) {
    if std::env::var_os("BLESS").is_some() {
        rewrite(topic, &guests(), &host);
    }
    assert!(
        signalbox_conformance::is_as_printed(&suite(), topic),
        "run with BLESS=1"
    );
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
        let text = fs::read_to_string(suite().folder().join(name).with_extension("json"));
        serde_json::from_str(&text.unwrap()).unwrap()
    });
    let mut here = BTreeSet::new();
    texts.for_each(|topic: Value| collect_codes(&topic, &mut here));
    let readme = fs::read_to_string(suite().folder().join("README.md")).unwrap();
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
        let path = suite()
            .folder()
            .join("fixture")
            .join(name)
            .with_extension("yaml");
        assert_eq!(fs::read_to_string(path).unwrap(), runbook(name), "{name}");
    }
}
