//! The quick reader says what the other one says, or nothing.

use std::fmt::Write as _;

use crate::auth::key_limits::KeyLimits;
use crate::auth::keyring::{Keyring, check, file};
use crate::text::yaml::Position;

/// What is in a keyring, in words.
fn told(keyring: &Keyring) -> String {
    let mut text = String::new();
    for key in keyring.iter() {
        let _ = writeln!(
            text,
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            key.caller,
            key.policy,
            key.limits,
            key.expires,
            key.revoked,
            key.group,
            key.credentials,
            key.opener,
            key.position,
        );
    }
    text
}

fn quickly(text: &str) -> Option<Result<String, String>> {
    let entries = super::read(text)?;
    let checked = check::check(entries, KeyLimits::default(), &Keyring::default());
    Some(
        checked
            .map(|keyring| told(&keyring))
            .map_err(|error| error.to_string()),
    )
}

fn slowly(text: &str) -> Result<String, String> {
    let file: file::File = crate::text::yaml::read(text).map_err(|error| error.to_string())?;
    let entries = file
        .keys
        .into_iter()
        .map(|entry| (Position::of(&entry), entry.value));
    let checked = check::check(entries.collect(), KeyLimits::default(), &Keyring::default());
    checked
        .map(|keyring| told(&keyring))
        .map_err(|error| error.to_string())
}

/// Holds the quick reader to the other; says whether it read the text.
fn agree(text: &str) -> bool {
    match quickly(text) {
        Some(Ok(read)) => {
            assert_eq!(Ok(read), slowly(text), "{text}");
            true
        }
        // What is wrong is told by the other one.
        Some(Err(error)) => {
            assert!(slowly(text).is_err(), "{error}: {text}");
            false
        }
        None => false,
    }
}

const SHA: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn texts() -> [String; 5] {
    [
        format!(
            "# ours: ü\nkeys:  # all\n\n  - id: \"a\" # first\n    sha256: \"{SHA}\"\n    policy: 'p'\n    preset: chat-client\n\
             \n    # which?\n    models: [gpt-4o, \"o 1\", 'x', team/*]\n    datasets: []\n    published: all\n    \
             limits: {{per_minute: 600, body_mb: \"32\", upload_mb: 64}}\n    expires: 2027-06-30T00:00:00Z\n    \
             labels: {{team: search, \"owner\": \"me, you\"}}\n    group: g\n    credentials: {{inference: x}}\n    revoked: false\n"
        ),
        format!(
            "keys:\n- id: a\n  sha256: {SHA}\n  purposes:\n    - inference\n  scopes:\n    - inference:chat\n  \
             models:\n    - a\n    - \"b*\"\n  labels:\n    team: search\n    n: 7\n  revoked: true\n- id: b\n  \
             profile: true\n  preset: chat-client\n  models: all"
        ),
        format!(
            "keys:\n    - {{id: a, sha256: '{SHA}', preset: chat-client, models: [a,b], labels: {{x: y}}}} # one\n"
        ),
        format!(
            "{{\"keys\":[{{\"id\":\"a\",\"sha256\":\"{SHA}\",\"preset\":\"chat-client\",\"models\":\"all\",\"revoked\":true}},\n \
             {{ \"id\": \"b\", \"profile\": true, \"preset\": \"chat-client\", \"models\": [ \"a\" , \"b\" ],\n  \"limits\": {{\"streams\": 3}} }} ]}}\n"
        ),
        format!("\n{{keys: [{{id: a, sha256: '{SHA}', preset: chat-client, models: all}}]}}\n"),
    ]
}

#[test]
fn plain_texts_are_read_quickly_and_alike() {
    for text in texts() {
        assert!(agree(&text), "{text}\n{:?}", slowly(&text));
    }
}

#[test]
fn changed_anywhere_a_text_still_says_the_same_to_both_or_nothing_to_one() {
    let bits = [
        "", " ", "  ", "\n", "\n  ", "#", " # x", ":", ": ", ",", "- ", "\"", "'", "{", "}", "[",
        "]", "&a ", "*a", "!t ", "|", ">", "null", "~", "true", "0x1f", "1e3", "é", "\t", "\r\n",
        "\\n", "%", "@", "`", "id: z\n", "? ", "<<", "---\n", "...\n", "\u{85}", "\u{2028}",
        "\u{feff}",
    ];
    let mut read = 0;
    for text in texts() {
        for (at, _) in text.char_indices() {
            let (before, after) = text.split_at(at);
            let rest = after.get(1..).unwrap_or_default();
            for bit in bits.iter().skip(at % 3).step_by(3) {
                read += usize::from(agree(&format!("{before}{bit}{after}")));
                read += usize::from(agree(&format!("{before}{bit}{rest}")));
            }
        }
    }
    assert!(read > 500, "{read} of them were plain");
}

#[test]
fn words_that_mean_something_elsewhere_mean_themselves() {
    for word in [
        "true",
        "no",
        "y",
        "null",
        "Null",
        "~",
        "0",
        "007",
        "0x1f",
        "0o7",
        "1_000",
        "1e3",
        ".5",
        "+1",
        "1.5",
        "2020-01-01",
        "12:30",
        "inf",
        ".inf",
        ".nan",
        "=",
        "<<",
        "a:b",
        "a::b",
        "a:",
        "-",
        "-a",
        "a#b",
        "a b",
        "a@b",
        "/a",
        "_a",
        "@a",
        "%a",
        "a%",
        "\"\"",
        "''",
        "'null'",
        "\"~\"",
        "'it''s'",
        "\"a\\tb\"",
        "a,b",
        "a]b",
    ] {
        for text in [
            format!(
                "keys:\n  - id: k\n    profile: true\n    preset: chat-client\n    models: all\n    labels:\n      l: {word}\n"
            ),
            format!("keys:\n  - {{id: k, profile: true, preset: chat-client, models: [{word}]}}\n"),
            format!(
                "keys:\n  - id: {word}\n    profile: true\n    preset: chat-client\n    models: all\n"
            ),
            format!(
                "keys:\n  - id: k\n    profile: {word}\n    preset: chat-client\n    models: {word}\n"
            ),
        ] {
            agree(&text);
        }
    }
}
