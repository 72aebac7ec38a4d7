//! What is told of a member is what a decoder reads, or that it is not known what one would.

use std::collections::BTreeMap;

use proptest::{prelude::*, sample::Index};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use signalbox_http::json::{Member, MemberFault, MemberNames, Scanner, find_members, find_model};

use crate::bodies::{cut, cuts, mutated, object};

fn names() -> MemberNames {
    ["n", "user", "max_tokens", "m"].map(Into::into).into()
}

/// All members of an object, in order, those of one name as often as they are there.
fn all(body: &[u8]) -> Option<Vec<(String, Value)>> {
    struct All;
    impl<'de> Visitor<'de> for All {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            to.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let members = reader.deserialize_map(All).ok()?;
    reader.end().ok().map(|()| members)
}

/// The slow way: what is told of one name.
fn expected(members: &[(String, Value)], name: &str) -> Option<Member> {
    let folded = |key: &str| {
        let key = key
            .split('\0')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let key = key.replace('\u{17f}', "s").replace('\u{212a}', "k");
        key.replace(['\u{130}', '\u{131}'], "i")
    };
    let same: Vec<_> = members.iter().filter(|(key, _)| key == name).collect();
    let is_like = |(key, _): &&(String, Value)| key != name && folded(key) == name;
    let unclear = |fault| Some(Member::Unclear(fault));
    match (&same[..], members.iter().find(is_like)) {
        ([_, _, ..], _) => unclear(MemberFault::Repeated),
        (_, Some(_)) => unclear(MemberFault::LetterCase),
        ([], None) => None,
        ([(_, Value::String(text))], None) if text.len() > 256 => unclear(MemberFault::TooLong),
        ([(_, Value::String(text))], None) => Some(Member::Text(text.clone())),
        ([(_, Value::Number(number))], None) => match number.as_u64() {
            // `serde_json` takes -0 for a number of floating point.
            Some(number) => Some(Member::Integer(number)),
            None => unclear(MemberFault::OtherType),
        },
        _ => unclear(MemberFault::OtherType),
    }
}

fn told(body: &[u8], cuts: &[Index]) -> Option<BTreeMap<String, Member>> {
    let mut scanner = Scanner::asking(&names());
    for chunk in cut(body, cuts) {
        scanner.push(chunk).ok()?;
    }
    let (_, members) = scanner.finish_asked().ok()?;
    let told = members.unwrap().told(body).into_iter();
    Some(
        told.map(|(name, member)| (name.to_string(), member))
            .collect(),
    )
}

/// Objects whose members are mostly those that are asked for, in every way they may be written.
fn asking() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "n|user|max_tokens|m|N|User|mAx_tokens|other",
        Just(r"max_\u0074okens".to_owned()),
        Just(r"max_to\u212aens".to_owned()),
        Just("max_to\u{212a}en\u{17f}".to_owned()),
        Just(r"n\u0000more".to_owned()),
        Just(r"\u006e".to_owned()),
        Just("n".repeat(300)),
    ];
    let value = prop_oneof![
        "[1-9][0-9]{0,21}",
        "-?(0|[1-9][0-9]?)(\\.[0-9])?(e[0-9])?",
        "\"[a-z\u{e9}]{0,8}\"",
        (254..259_usize).prop_map(|length| format!("\"{}\"", "x".repeat(length))),
        Just(r#""a\u00e9\n\ud83d\ude82""#.to_owned()),
        "null|true|false",
        Just(r#"{"n": 1}"#.to_owned()),
        Just(r#"[{"user": "x"}, 2]"#.to_owned()),
    ];
    let member = (key, "[ \n]?", value)
        .prop_map(|(key, blank, value)| format!("\"{key}\"{blank}:{blank}{value}{blank}"));
    proptest::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(",")))
}

fn is_told_as_decoders_read(body: &[u8], cuts: &[Index]) -> Result<(), TestCaseError> {
    let found = told(body, cuts);
    prop_assert_eq!(found.is_some(), find_model(body).is_ok());
    let (Some(found), Some(members)) = (found, all(body)) else {
        return Ok(());
    };
    for name in &*names() {
        let expected = expected(&members, name);
        prop_assert_eq!(found.get(&**name), expected.as_ref(), "{}", name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn members_are_told_as_decoders_read_them(body in asking(), cuts in cuts()) {
        is_told_as_decoders_read(body.as_bytes(), &cuts)?;
    }

    #[test]
    fn whatever_else_the_body_is(body in mutated(), cuts in cuts()) {
        is_told_as_decoders_read(&body, &cuts)?;
    }

    #[test]
    fn asking_changes_nothing_of_the_model(body in object()) {
        let asked = find_members(body.as_bytes(), &names()).map(|(found, _)| found);
        prop_assert_eq!(asked, find_model(body.as_bytes()));
    }
}

#[test]
fn members_come_in_the_order_in_which_they_are_asked_for() {
    let body = br#"{"user": "u", "model": "m", "n": 2}"#;
    let (_, members) = find_members(body, &names()).unwrap();
    let expected = [
        ("n", Member::Integer(2)),
        ("user", Member::Text("u".into())),
    ];
    assert_eq!(
        members,
        expected.map(|(name, member)| (name.into(), member))
    );
}

#[test]
fn the_largest_integer_is_told_and_no_larger() {
    for (number, told) in [
        ("18446744073709551615", Member::Integer(u64::MAX)),
        (
            "18446744073709551616",
            Member::Unclear(MemberFault::OtherType),
        ),
        ("0", Member::Integer(0)),
        ("-0", Member::Unclear(MemberFault::OtherType)),
        ("1.0", Member::Unclear(MemberFault::OtherType)),
        ("1e2", Member::Unclear(MemberFault::OtherType)),
    ] {
        let body = format!(r#"{{"n":{number}}}"#);
        let (_, members) = find_members(body.as_bytes(), &names()).unwrap();
        assert_eq!(members, [("n".into(), told)], "{number}");
    }
}
