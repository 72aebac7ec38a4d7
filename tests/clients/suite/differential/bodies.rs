//! JSON: generated bodies and a corpus of known traps.

use proptest::{
    collection::vec, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner,
};
use serde_json::Value;
use signalbox_harness::readers::{Readings, read_json};
use signalbox_http::json::{Found, find_model};

use super::{Scanned, base64, compare, hex};

#[test]
fn every_parser_finds_the_model_that_the_scan_finds() {
    let mut runner = TestRunner::default();
    let strategy = body();
    let generated =
        std::iter::repeat_with(|| strategy.new_tree(&mut runner).expect("a body").current());
    let corpus = CORPUS.iter().map(|body| body.to_vec());
    let bodies: Vec<_> = corpus
        .chain(long_bodies())
        .chain(generated.take(GENERATED))
        .collect();
    let scanned: Vec<_> = bodies.iter().map(|body| scanned(body)).collect();
    let seen = compare(&bodies, &scanned, &read(&bodies));
    // A comparison of nothing would succeed too.
    assert!(seen.scanned > GENERATED / 10, "{seen:?}");
    assert!(seen.named > GENERATED / 20, "{seen:?}");
    for (reader, taken) in &seen.taken {
        assert!(taken * 10 > seen.scanned * 9, "{reader}: {seen:?}");
    }
    assert_eq!(seen.taken.len(), 11, "{seen:?}");
}

/// The traps are real: of each of these, parsers find different models, or some take it and some do
/// not. So each must be refused; and the readers here are as lenient as those in servers.
#[test]
fn what_parsers_read_differently_is_refused() {
    let bodies: Vec<_> = TRAPS.iter().map(|body| body.to_vec()).collect();
    for (body, readings) in bodies.iter().zip(read(&bodies)) {
        let shown = body.escape_ascii().to_string();
        let mut found: Vec<_> = readings.values().collect();
        found.sort();
        found.dedup();
        assert!(found.len() > 1, "{shown}: {readings:?}");
        assert_eq!(scanned(body), None, "{shown}");
    }
}

fn scanned(body: &[u8]) -> Scanned {
    match find_model(body) {
        Ok(Found::Named { name, .. }) => Some(Some(name)),
        Ok(Found::Absent) => Some(None),
        Err(_) => None,
    }
}

/// What all parsers make of these bodies, serde_json among them.
fn read(bodies: &[Vec<u8>]) -> Vec<Readings> {
    let lines: String = bodies.iter().map(|body| base64(body) + "\n").collect();
    let mut readings = read_json(&lines);
    for (readings, body) in readings.iter_mut().zip(bodies) {
        readings.insert("serde_json".to_owned(), by_serde(body));
    }
    readings
}

fn by_serde(body: &[u8]) -> Option<Vec<String>> {
    let read = serde_json::from_slice(body).ok()?;
    let Value::Object(read) = read else {
        return None;
    };
    let model = read.get("model").map(|model| match model {
        Value::String(name) => hex(name),
        _ => "?".to_owned(),
    });
    Some(model.into_iter().collect())
}

/// An object, of members that readers may differ about, in what may stand around it.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let member =
        (pick(SPACES), key(), pick(SPACES), value()).prop_map(|(before, key, after, value)| {
            [before, &b"\""[..], &key, b"\"", after, b":", &value].concat()
        });
    (
        pick(BEFORE),
        vec(member, 0..4),
        pick(SEPARATORS),
        pick(AFTER),
        prop_oneof![6 => Just(None), 1 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(Some)],
    )
        .prop_map(|(before, members, separator, after, change)| {
            let members = members.join(separator);
            let mut body = [before, b"{", &members, b"}", after].concat();
            if let Some((at, byte)) = change {
                let at = at.index(body.len());
                body[at] = byte;
            }
            body
        })
}

/// One of these, the first, which is harmless, as often as all others.
fn pick(from: &'static [&'static [u8]]) -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![from.len() as u32 * 2 => Just(from[0]), 1 => select(from)]
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => Just(b"model".to_vec()),
        2 => spelled("model"),
        2 => spelled("MODEL"),
        1 => spelled("mask"),
        3 => select(KEYS).prop_map(<[u8]>::to_vec),
        3 => text(),
    ]
}

/// A word, each letter as it is or escaped, now and then in other case or as what folds to it.
fn spelled(word: &'static str) -> impl Strategy<Value = Vec<u8>> {
    vec(0..16_u8, word.len()).prop_map(|ways| {
        let letters = word
            .chars()
            .zip(ways)
            .map(|(letter, way)| match (letter, way) {
                (letter, 0) => format!("\\u{:04x}", letter as u32),
                (letter, 1) => format!("\\u{:04X}", letter as u32),
                (letter, 2) => letter.to_ascii_uppercase().to_string(),
                ('k', 3) => "\u{212a}".to_owned(),
                ('s', 3) => "\\u017f".to_owned(),
                (letter, _) => letter.to_string(),
            });
        letters.collect::<String>().into_bytes()
    })
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => text().prop_map(|text| [b"\"", &text[..], b"\""].concat()),
        3 => select(VALUES).prop_map(<[u8]>::to_vec),
        1 => (1..140_usize).prop_map(|deep| [b"[".repeat(deep), b"]".repeat(deep)].concat()),
        1 => (1..140_usize).prop_map(|deep| [b"{\"model\":".repeat(deep), b"1".to_vec(), b"}".repeat(deep)].concat()),
        1 => "-?[0-9]{1,40}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?".prop_map(String::into_bytes),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => "[a-z0-9/-]{1,8}".prop_map(String::into_bytes),
        3 => select(PIECES).prop_map(<[u8]>::to_vec),
        1 => any::<char>().prop_map(|any| any.to_string().into_bytes()),
        1 => any::<u16>().prop_map(|unit| format!("\\u{unit:04x}").into_bytes()),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// Bodies too long to write down.
fn long_bodies() -> Vec<Vec<u8>> {
    let long = |before: &str, text: &str, after: &str| {
        format!(
            "{{{before}\"content\":\"{}\"{after}}}",
            text.repeat(1 << 16)
        )
        .into_bytes()
    };
    vec![
        long("", "sixteen letters ", ",\"model\":\"last\""),
        long("\"model\":\"first\",", "ein Käse 🚂 \\u00e4", ""),
        long("\"model\":\"a\",", "\\\"model\\\":\\\"b\\\",", ""),
        long("", "\\\\", ",\"model\":\"after many backslashes\""),
        format!("{{\"n\":{},\"model\":\"a\"}}", "9".repeat(100_000)).into_bytes(),
        format!("{{\"n\":1{}e1,\"model\":\"a\"}}", "0".repeat(5000)).into_bytes(),
        format!("{{{}\"model\":\"a\"}}", "\"x\":1,".repeat(100_000)).into_bytes(),
        format!("{}{{\"model\":\"a\"}}", " ".repeat(1 << 20)).into_bytes(),
        "{\"model\":".repeat(100_000).into_bytes(),
    ]
}

const GENERATED: usize = 6_000;

const BEFORE: &[&[u8]] = &[
    b"",
    b" ",
    b"\r\n\t",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"//c\n",
    b"/**/",
    b"[",
    b"{},",
    b"\0",
    b"\x0c",
    b"\xc2\xa0",
    b"\x1e",
    b")]}',\n",
    b"data: ",
];
const AFTER: &[&[u8]] = &[
    b"",
    b"\n",
    b" \r\n",
    b"\0",
    b"{}",
    b"x",
    b"]",
    b",",
    b"//c",
    b"{\"model\":\"second\"}",
    b"\x1a",
    b"\xef\xbb\xbf",
    b";",
    b"}",
];
const SEPARATORS: &[&[u8]] = &[b",", b" ,\n", b",,", b";", b"", b",/**/", b",\x0b", b"\0,"];
const SPACES: &[&[u8]] = &[
    b"",
    b" ",
    b"\t\r\n",
    b"\x0b",
    b"\x0c",
    b"\xc2\xa0",
    b"\xe2\x80\xa8",
    b"/**/",
    b"#\n",
    b"\0",
    b"\xef\xbb\xbf",
];
const KEYS: &[&[u8]] = &[
    b"Model",
    b"MODEL",
    b"modeL",
    b"m\xc3\xb6del",
    b"model\\u0000",
    b"model\\n",
    b" model",
    b"model ",
    b"mod\\u0065l",
    b"mode\\u217c",
    b"\\uff4dodel",
    b"m\\u006fDel",
    b"model\\ud800",
    b"\\ud83d\\ude82",
    b"models",
    b"mode",
    b"",
    b"__proto__",
    b"constructor",
    b"toString",
    b"model\xc2\xad",
    b"model\xe2\x80\x8b",
    b"model\xff",
    b"\\model",
    b"mo\\/del",
    b"mo\\\ndel",
    b"model\\",
    b"ma\xc5\xbfk",
];
const VALUES: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"-0.0",
    b"1e400",
    b"-1e400",
    b"1E-400",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"01",
    b"+1",
    b"1.",
    b".5",
    b"0x10",
    b"1_000",
    b"'a'",
    b"`a`",
    b"a",
    b"[]",
    b"{}",
    b"[1,]",
    b"{\"a\":1,}",
    b"{a:1}",
    b"\"a\" \"b\"",
    b"\"a\"+\"b\"",
    b"undefined",
    b"True",
    b"None",
    b"9007199254740993",
    b"18446744073709551616",
    b"[\"model\"]",
    b"{\"model\":\"inner\"}",
    b"{\"model\":\"a\",\"model\":\"b\"}",
    b"{\"__proto__\":{\"model\":\"p\"}}",
    b"\"\\ud800\"",
    b"\"\x01\"",
    b"\"\x7f\"",
    b"\"\xc0\xaf\"",
    b"\"\xed\xa0\x80\"",
];
const PIECES: &[&[u8]] = &[
    b"\\\"",
    b"\\\\",
    b"\\/",
    b"\\b",
    b"\\n",
    b"\\u0000",
    b"\\ud83d\\ude82",
    b"\\ud83d",
    b"\\ude82",
    b"\\u",
    b"\\u12",
    b"\\x41",
    b"\\'",
    b"\\0",
    b"\\U0041",
    b"\n",
    b"\t",
    b"\0",
    b"\x7f",
    b"\xc3\xa4",
    b"\xf0\x9f\x9a\x82",
    b"\xc3",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"\xf4\x90\x80\x80",
    b"\\uFEFF",
    b"{",
    b"}",
    b"\\u0022",
    b"\\u005c",
    b"'",
    b"/*",
    b"//",
];

/// What parsers differ about.
const TRAPS: &[&[u8]] = &[
    // Compared without case by Go; the last one counts there, and the exact one elsewhere.
    b"{\"Model\":\"a\"}",
    b"{\"model\":\"a\",\"MODEL\":\"b\"}",
    b"{\"model\":\"a\",\"mod\\u0045l\":\"b\"}",
    // Half a surrogate pair is kept, replaced, or refused.
    b"{\"model\":\"a\\ud800\"}",
    // So are bytes that are no UTF-8.
    b"{\"model\":\"a\xff\"}",
];

const CORPUS: &[&[u8]] = &[
    b"{\"model\":\"a\"}",
    b"{\"model\":\"a\",\"model\":\"b\"}",
    b"{\"model\":\"a\",\"m\\u006fdel\":\"b\"}",
    b"{\"Model\":\"a\",\"model\":\"b\"}",
    b"{\"\\u006d\\u006F\\u0064\\u0065\\u006c\":\"a\"}",
    b"{\"model\":\"\\u0067pt\\u002d4o\"}",
    b"{\"model\":\"\\ud83d\\ude82\"}",
    b"{\"model\":\"a\\u0000b\"}",
    b"{\"model\":\"\xef\xbb\xbfa\"}",
    b"{\"model\":\"\"}",
    b"\xef\xbb\xbf{\"model\":\"a\"}",
    b"\xff\xfe{\0\"\0m\0",
    b"{\"model\":\"a\"}{\"model\":\"b\"}",
    b"{\"model\":\"a\"}\n{\"model\":\"b\"}\n",
    b"{\"model\":\"a\"}\0",
    b"[{\"model\":\"a\"}]",
    b"\"model\"",
    b"{\"model\":[\"a\"]}",
    b"{\"model\":null,\"model\":\"a\"}",
    b"{\"x\":{\"model\":\"inner\"}}",
    b"{\"x\":\"\\\",\\\"model\\\":\\\"inner\",\"model\":\"outer\"}",
    b"{\"x\":\"\\\\\",\"model\":\"a\"}",
    b"{\"model\":\"a\",\"x\":NaN}",
    b"{\"model\":\"a\",}",
    b"{\"model\":\"a\"/*,\"model\":\"b\"*/}",
    b"{/*\"model\":\"a\",*/\"model\":\"b\"}",
    b"{\"__proto__\":{\"model\":\"a\"}}",
    b"{\"__proto__\":null,\"model\":\"a\"}",
    b"{\"\":\"a\",\"model\":\"b\"}",
    b"{\"ma\xc5\xbf\xe2\x84\xaa\":\"folds to mask in Go\",\"model\":\"a\"}",
    b"{\"model\":\"a\",\"n\":1e999}",
    b"{\"model\":\"a\",\"n\":123456789012345678901234567890}",
    b"{}",
    b"",
];
