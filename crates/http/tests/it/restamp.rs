//! A restamped answer differs from GT's in the one value, however it is cut into chunks.

use proptest::{collection::vec, prelude::*, sample::Index};
use signalbox_http::{
    json::quoted,
    restamp::{JsonRestamp, Restamp, SseRestamp},
};

use crate::{
    bodies::{cut, cuts, mutated, object},
    naive::members,
};

const STAMP: &str = "gpt-4o \"mini\"";

fn json() -> Restamp {
    Restamp::Json(JsonRestamp::new(STAMP))
}

fn sse() -> Restamp {
    Restamp::Sse(SseRestamp::new(STAMP))
}

/// What goes out for these chunks, each that goes out as it came not copied before.
fn through<'a>(mut restamp: Restamp, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in chunks {
        let before = out.len();
        if restamp.rewrite(chunk, &mut out) {
            assert_eq!(out.len(), before, "it goes out twice");
            out.extend_from_slice(chunk);
        }
    }
    restamp.finish(&mut out);
    out
}

/// What is nearly JSON: strides of all lengths between whatever may end one, keys and line ends.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let word = proptest::sample::select(
        &[
            "\"model\":\"x\"",
            "\"model\"",
            "\"mod\\u0065l\":",
            "data: ",
            "data:",
            "\"",
            "\\",
            "\\\"",
            ":",
            ",",
            "{",
            "}",
            "[",
            "]",
            " ",
            "\n",
            "\r\n",
            "\n\n",
            "\u{1}",
            "0.5",
            "null",
            "é",
            "\u{feff}",
        ][..],
    );
    let piece = prop_oneof![
        6 => word.prop_map(str::to_owned),
        1 => (1..150_usize).prop_map(|length| "a".repeat(length)),
    ];
    let text = (
        proptest::sample::select(&["", "{", "data: {"][..]),
        vec(piece, 0..60),
    );
    text.prop_map(|(start, pieces)| [start, &pieces.concat()].concat().into_bytes())
}

/// The text with the value of every top-level `model` string replaced, by way of a tree.
fn restamped(text: &str) -> String {
    let mut expected = text.to_owned();
    for member in members(text.as_bytes()).unwrap().into_iter().rev() {
        if member.key == "model" && member.string.is_some() {
            expected.replace_range(member.span, str::from_utf8(&quoted(STAMP)).unwrap());
        }
    }
    expected
}

/// Events as GT may write them, and as the client should see them.
#[derive(Clone, Debug)]
struct Stream {
    sent: String,
    expected: String,
}

fn stream() -> impl Strategy<Value = Stream> {
    let text = prop_oneof![
        6 => object().prop_map(|text| text.replace('\r', " ")),
        1 => Just("[DONE]".to_owned()),
        1 => Just(String::new()),
    ];
    let event = (
        text,
        vec(other_line(), 3),
        proptest::sample::select(&["data:", "data: "][..]),
    );
    let end = proptest::sample::select(&["\n", "\r\n", "\r"][..]);
    (vec(event, 0..5), end, any::<bool>(), any::<bool>()).prop_map(
        |(events, end, mark, last_blank)| {
            let mut stream = Stream {
                sent: String::new(),
                expected: String::new(),
            };
            for (text, others, field) in &events {
                let expected = if text.starts_with('[') || text.is_empty() {
                    text.clone()
                } else {
                    restamped(text)
                };
                stream.sent += &written(text, others, field, end);
                stream.expected += &written(&expected, others, field, end);
            }
            if !last_blank {
                let shorter = |text: &str| text.strip_suffix(end).unwrap_or(text).to_owned();
                stream = Stream {
                    sent: shorter(&stream.sent),
                    expected: shorter(&stream.expected),
                };
            }
            if mark {
                stream = Stream {
                    sent: format!("\u{feff}{}", stream.sent),
                    expected: format!("\u{feff}{}", stream.expected),
                };
            }
            stream
        },
    )
}

/// One event: each line of its text in a `data` line, another line after each of the first ones.
fn written(text: &str, others: &[String], field: &str, end: &str) -> String {
    let mut event = String::new();
    let mut others = others.iter();
    for line in text.split('\n') {
        event += &format!("{field}{line}{end}");
        if let Some(other) = others.next().filter(|other| !other.is_empty()) {
            event += &format!("{other}{end}");
        }
    }
    event + end
}

fn other_line() -> impl Strategy<Value = String> {
    proptest::sample::select(
        &[
            "",
            "",
            ": {\"model\":\"comment\"}",
            ":",
            "event: chunk",
            "id: 7",
            "retry: 1",
            "datax: {\"model\":\"x\"}",
            " data: {",
            "dat",
        ][..],
    )
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(700) })]

    #[test]
    fn an_answer_changes_in_the_value_alone(answer in object(), cuts in cuts()) {
        let out = through(json(), cut(answer.as_bytes(), &cuts));
        prop_assert_eq!(String::from_utf8(out).unwrap(), restamped(&answer));
    }

    #[test]
    fn single_bytes_make_no_difference(answer in mutated()) {
        let whole = through(json(), [&answer[..]]);
        prop_assert_eq!(through(json(), answer.chunks(1)), whole);
    }

    #[test]
    fn every_event_changes_in_the_value_alone(stream in stream(), cuts in cuts()) {
        let out = through(sse(), cut(stream.sent.as_bytes(), &cuts));
        prop_assert_eq!(String::from_utf8(out).unwrap(), stream.expected.clone());
        let out = through(sse(), stream.sent.as_bytes().chunks(1));
        prop_assert_eq!(String::from_utf8(out).unwrap(), stream.expected);
    }

    #[test]
    fn chunks_make_no_difference_to_any_bytes(
        answer in vec(prop_oneof![any::<u8>(), proptest::sample::select(&b"data: {\"model\":\"x\"}\r\n"[..])], 0..120),
        cuts in cuts(),
    ) {
        for make in [json, sse] {
            prop_assert_eq!(through(make(), cut(&answer, &cuts)), through(make(), [&answer[..]]));
        }
    }

    #[test]
    fn single_bytes_make_no_difference_to_what_is_nearly_json(answer in nearly_json(), cuts in cuts()) {
        for make in [json, sse] {
            let single = through(make(), answer.chunks(1));
            prop_assert_eq!(&through(make(), [&answer[..]]), &single);
            prop_assert_eq!(&through(make(), cut(&answer, &cuts)), &single);
        }
    }

    #[test]
    fn nothing_waits_but_a_value(stream in stream(), place in any::<Index>()) {
        let at = place.index(stream.sent.len() + 1);
        let (mut restamp, mut out) = (sse(), Vec::new());
        restamp.push(&stream.sent.as_bytes()[..at], &mut out);
        let early = out.len();
        restamp.finish(&mut out);
        let held = str::from_utf8(&out[early..]).unwrap_or("\"");
        prop_assert!(held.is_empty() || held.starts_with('"'), "{held:?} was held back");
    }
}

#[test]
fn what_names_no_model_is_not_copied() {
    let vectors = format!(
        r#"{{"data":[{{"embedding":[{}1]}}],"#,
        "0.25,".repeat(5_000)
    );
    let (mut restamp, mut out) = (JsonRestamp::new(STAMP), Vec::new());
    for chunk in vectors.as_bytes().chunks(1024) {
        assert!(restamp.rewrite(chunk, &mut out));
    }
    assert_eq!(out.capacity(), 0);
    assert!(!restamp.rewrite(br#""model":"x"}"#, &mut out));
    assert_eq!(out, br#""model":"gpt-4o \"mini\""}"#);
}
