//! The scan finds what a decoder finds, or refuses.

use proptest::{prelude::*, sample::Index};
use serde_json::Value;
use signalbox_http::{
    json::{Found, Scanner, find_model},
    refusal::Refusal,
};

use crate::{
    bodies::{cut, cuts, mutated, object},
    naive::{Verdict, verdict},
};

fn scanned(body: &[u8], cuts: &[Index]) -> Result<Found, Refusal> {
    let mut scanner = Scanner::new();
    for chunk in cut(body, cuts) {
        scanner.push(chunk)?;
    }
    scanner.finish()
}

fn as_verdict(found: &Result<Found, Refusal>) -> Verdict {
    match found {
        Ok(Found::Absent) => Verdict::Absent,
        Ok(Found::Named { name, span }) => Verdict::Named(name.clone(), span.clone()),
        Err(_) => Verdict::Refused,
    }
}

/// What serde_json says of the same body: the last `model`, for it keeps the last of two.
fn decoded(body: &[u8]) -> Option<Verdict> {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => Some(match value.get("model") {
            Some(Value::String(name)) => Verdict::Named(name.clone(), 0..0),
            None => Verdict::Absent,
            _ => Verdict::Refused,
        }),
        // The grammar has no largest number.
        Err(error) if error.to_string().contains("number out of range") => None,
        Err(_) => Some(Verdict::Refused),
    }
}

fn agrees_with_decoders(body: &[u8]) -> Result<(), TestCaseError> {
    let found = find_model(body);
    prop_assert_eq!(as_verdict(&found), verdict(body));
    match (found, decoded(body)) {
        (Ok(Found::Named { name, .. }), Some(Verdict::Named(theirs, _))) => {
            prop_assert_eq!(name, theirs);
        }
        (Ok(Found::Named { .. }), Some(other)) => {
            prop_assert!(false, "a decoder finds {:?}", other);
        }
        (Ok(Found::Absent), Some(other)) => prop_assert_eq!(other, Verdict::Absent),
        (Ok(_), None) | (Err(_), _) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn a_valid_body_is_read_as_decoders_do(body in object()) {
        prop_assert!(serde_json::from_str::<Value>(&body).is_ok());
        agrees_with_decoders(body.as_bytes())?;
    }

    #[test]
    fn a_damaged_body_is_read_as_decoders_do_or_refused(body in mutated()) {
        agrees_with_decoders(&body)?;
    }

    #[test]
    fn chunks_make_no_difference(body in mutated(), cuts in cuts()) {
        prop_assert_eq!(scanned(&body, &cuts), find_model(&body));
    }

    #[test]
    fn single_bytes_make_no_difference(body in mutated()) {
        let mut scanner = Scanner::new();
        let bytewise = body.iter().try_for_each(|byte| scanner.push(&[*byte])).and_then(|()| scanner.finish());
        prop_assert_eq!(bytewise, find_model(&body));
    }

    #[test]
    fn no_bytes_are_too_strange(body in proptest::collection::vec(any::<u8>(), 0..200), cuts in cuts()) {
        prop_assert_eq!(scanned(&body, &cuts), find_model(&body));
        agrees_with_decoders(&body)?;
    }

    #[test]
    fn only_the_value_need_change(body in object(), name in ".{0,20}") {
        if let Ok(Found::Named { span, .. }) = find_model(body.as_bytes()) {
            let value = signalbox_http::json::quoted(&name);
            let sent = [&body.as_bytes()[..span.start], &value, &body.as_bytes()[span.end..]].concat();
            let end = span.start + value.len();
            prop_assert_eq!(find_model(&sent), Ok(Found::Named { name, span: span.start..end }));
        }
    }

    #[test]
    fn long_strings_are_checked_to_the_end(
        head in "[a-zä]{0,70}", length in 0..9000_usize, wide in any::<bool>(), flaw in 0..6_usize, cuts in cuts(),
    ) {
        let filler = if wide { "ö" } else { "o" }.repeat(length);
        let flaws: [&[u8]; 6] = [b"", b"\x01", b"\xff", b"\xc3", b"\\ud800", b"\\x"];
        let body = [b"{\"model\":\"x\",\"m\":\"", head.as_bytes(), filler.as_bytes(), flaws[flaw], b"\"}"].concat();
        let expected = if flaw == 0 { Verdict::Named("x".to_owned(), 9..12) } else { Verdict::Refused };
        prop_assert_eq!(as_verdict(&find_model(&body)), expected);
        prop_assert_eq!(scanned(&body, &cuts), find_model(&body));
    }

    #[test]
    fn lists_of_numbers_are_read_to_the_digit(
        items in proptest::collection::vec("-?[0-9]{1,10}(\\.[0-9]{0,3})?(e[0-9]?)?[ ,]?", 0..12), cuts in cuts(),
    ) {
        let body = format!("{{\"model\":\"x\",\"input\":[{}]}}", items.join(","));
        agrees_with_decoders(body.as_bytes())?;
        prop_assert_eq!(scanned(body.as_bytes(), &cuts), find_model(body.as_bytes()));
    }

    #[test]
    fn names_are_cut_off_in_the_same_place(
        length in 1015..1030_usize, flaw in 0..5_usize, cuts in cuts(),
    ) {
        let flaws: [&[u8]; 5] = [b"", b"\x01", b"\xff", b"\xc3", b"\\ud800"];
        let body = [b"{\"model\":\"", "x".repeat(length).as_bytes(), flaws[flaw], b"\"}"].concat();
        let found = find_model(&body);
        prop_assert_eq!(found.is_ok(), flaw == 0 && length <= 1024);
        prop_assert_eq!(scanned(&body, &cuts), found);
    }
}
