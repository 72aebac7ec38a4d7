//! What the lists of the doors say can be checked without the doors.

use std::{collections::BTreeSet, fs};

use signalbox_conformance::{doors, table};
use signalbox_harness::{
    conformance::{Deviations, Promise, names, read, suite},
    root,
};

#[test]
fn every_list_has_reasons_for_exchanges_that_are_there() {
    let suite = suite();
    for door in doors(&suite).unwrap() {
        let list = Deviations::read(&suite, &door).unwrap();
        let mut seen = BTreeSet::new();
        for (why, topic, exchange) in list.entries() {
            assert!(
                why.contains(' '),
                "{door}: {topic}, {exchange:?}: {why:?} is no reason"
            );
            assert!(
                seen.insert((topic, exchange)),
                "{door}: {topic}, {exchange:?} twice"
            );
            assert!(
                names().iter().any(|name| name == topic),
                "{door}: no file {topic}"
            );
            let known = read(topic).exchanges;
            let is_there = exchange.is_none_or(|it| known.iter().any(|known| known.name == it));
            assert!(is_there, "{door}: {topic} has no exchange {exchange:?}");
        }
        assert!(
            list.is_as_printed(&suite, &door),
            "{door}: run with BLESS=1"
        );
    }
}

#[test]
fn the_table_of_doors_is_what_their_lists_say() {
    let path = root().join("docs/embedding.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!(
        "{before}{BEGIN}\n\n{}\n{END}{after}",
        table(&suite()).unwrap()
    );
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(page, expected, "BLESS=1 writes it");
    }
}

#[test]
fn every_promise_is_one_of_the_readme_and_has_a_file() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let about: BTreeSet<_> = names().iter().map(|name| read(name).promise).collect();
    for promise in Promise::ALL {
        assert!(
            readme.contains(&format!("| {} |", promise.text())),
            "{promise:?}"
        );
        assert!(about.contains(&promise), "{promise:?}");
    }
}

const BEGIN: &str = "<!-- The table is written by `BLESS=1 cargo nextest run --workspace --test e2e -E 'test(conformance::doors)'`. -->";
const END: &str = "<!-- Its end. -->";
