//! Generated bodies: valid JSON in every spelling, with many a `model`, and what mutation makes of it.

use proptest::{collection::vec, prelude::*, sample::Index};

/// One valid JSON object.
pub(crate) fn object() -> impl Strategy<Value = String> {
    (
        vec((white(), key(), white(), value()), 0..6),
        white(),
        white(),
    )
        .prop_map(|(members, before, after)| {
            let members: Vec<String> = members
                .into_iter()
                .map(|(before, key, after, value)| format!("{before}{key}{after}:{value}"))
                .collect();
            format!("{before}{{{}}}{after}", members.join(","))
        })
}

/// A valid object with up to three of its bytes changed, doubled or left out.
pub(crate) fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<Index>(),
        0..3_u8,
        prop_oneof![any::<u8>(), select_byte()],
    );
    (object(), vec(edit, 0..4)).prop_map(|(object, edits)| {
        let mut body = object.into_bytes();
        for (place, how, byte) in edits {
            let at = place.index(body.len() + 1);
            match how {
                0 if at < body.len() => body[at] = byte,
                1 if at < body.len() => drop(body.remove(at)),
                _ => body.insert(at, byte),
            }
        }
        body
    })
}

/// Where to cut, for [`cut`].
pub(crate) fn cuts() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..8)
}

/// The bytes in chunks, some of them empty.
pub(crate) fn cut<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| &bytes[pair[0]..pair[1]])
        .collect()
}

fn select_byte() -> impl Strategy<Value = u8> {
    proptest::sample::select(&b"\"\\{}[]:, \n0-.eutfn\x00\xef\xbb\xbf\xc3\xa4\xf0"[..])
}

fn white() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 1 => "[ \t\n\r]{1,3}"]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("\"model\"".to_owned()),
        2 => model_escaped(),
        1 => proptest::sample::select(&["\"Model\"", "\"MODEL\"", "\"m\\u004fdel\"", "\"models\"", "\"mode\"", "\"\""][..])
            .prop_map(str::to_owned),
        8 => string(),
    ]
}

/// `model`, each letter plain or escaped.
fn model_escaped() -> impl Strategy<Value = String> {
    vec(any::<bool>(), 5).prop_map(|escaped| {
        let letters = "model".chars().zip(escaped);
        let spelled: String = letters
            .map(|(letter, escaped)| {
                if escaped {
                    format!("\\u{:04X}", letter as u32)
                } else {
                    letter.to_string()
                }
            })
            .collect();
        format!("\"{spelled}\"")
    })
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => string(),
        3 => "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
        1 => proptest::sample::select(&["true", "false", "null"][..]).prop_map(str::to_owned),
    ];
    let spaced =
        (white(), leaf, white()).prop_map(|(before, leaf, after)| format!("{before}{leaf}{after}"));
    spaced.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (white(), vec(inner.clone(), 0..4)).prop_map(|(white, items)| format!(
                "[{white}{}]",
                items.join(",")
            )
            .replace("[]", "[ ]")),
            (white(), vec((key(), inner), 0..4)).prop_map(|(white, members)| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(key, value)| format!("{key}{white}:{value}"))
                    .collect();
                format!("{{{white}{}}}", members.join(","))
            }),
        ]
    })
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z/ {}:,\\[\\]']{0,8}",
        1 => "[ -!#-\\[\\]-~]{0,80}",
        2 => "[ä€🚂\u{7f}\u{2028}]{1,3}",
        2 => proptest::sample::select(
            &["\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\t", "\\u0000", "\\u20aC", "\\ud83d\\uDE82", "model"][..])
            .prop_map(str::to_owned),
    ];
    vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}
