//! What the lists of the doors say can be checked without the doors.

use std::collections::BTreeSet;

use signalbox_harness::conformance::{Deviations, doors, names, read};

#[test]
fn every_list_has_reasons_for_exchanges_that_are_there() {
    for door in doors() {
        let list = Deviations::read(&door);
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
        assert!(list.is_as_printed(&door), "{door}: run with BLESS=1");
    }
}
