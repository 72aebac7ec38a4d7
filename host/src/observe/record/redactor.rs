//! What may be written down of what a client sent.
//!
//! A client can put anything anywhere: a key into the path, a prompt into the model name. What does
//! not look like the plain word it should be is written as `~` and a keyed hash: equal things are
//! seen to be equal within one run of the host, and nothing can be looked up from outside.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use super::token_shape::{begins_a_key, is_random};

/// Decides what is shown as it is.
#[derive(Debug)]
pub(super) struct Redactor {
    salt: [u8; 16],
    headers: Vec<String>,
}

impl Redactor {
    /// `headers` are lower-case names of headers whose values are shown.
    pub(super) fn new(headers: Vec<String>) -> Self {
        let mut salt = [0; 16];
        // Without randomness the hashes can be tried out, which is no reason not to serve.
        let _ = getrandom::fill(&mut salt);
        Self { salt, headers }
    }

    /// A model's name. One that the policy lists is the operator's own word, whatever it looks like.
    pub(super) fn model<'a>(&self, name: &'a str, is_listed: bool) -> Cow<'a, str> {
        match is_listed {
            true => Cow::Borrowed(name),
            false => self.shown(name),
        }
    }

    /// A word: a parameter, a name.
    pub(super) fn word(&self, text: &str, into: &mut String) {
        into.push_str(&self.shown(text));
    }

    /// A word, without a copy if it may be shown as it is.
    pub(super) fn shown<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if is_word(text) {
            return Cow::Borrowed(text);
        }
        let mut hash = String::new();
        self.hash(text.as_bytes(), &mut hash);
        Cow::Owned(hash)
    }

    /// A path: all of its words but ids of files and conversations, which open them to whoever
    /// knows them.
    pub(super) fn path(&self, path: &str, into: &mut String) {
        let mut before = "";
        for (n, segment) in path.split('/').enumerate() {
            if n > 0 {
                into.push('/');
            }
            let is_id = matches!(before, "files" | "uploads")
                || (before == "conversations" && segment != "files");
            if is_id && !segment.is_empty() {
                self.hash(segment.as_bytes(), into);
            } else {
                self.word(segment, into);
            }
            before = segment;
        }
    }

    /// A query: its names, and hashes of its values.
    pub(super) fn query(&self, query: &str, into: &mut String) {
        for (n, pair) in query.split('&').enumerate() {
            if n > 0 {
                into.push('&');
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.word(name, into);
            into.push('=');
            if !value.is_empty() {
                self.hash(value.as_bytes(), into);
            }
        }
    }

    /// A header's value.
    pub(super) fn header(&self, name: &str, value: &[u8], into: &mut String) {
        match std::str::from_utf8(value) {
            Ok(text) if self.headers.iter().any(|shown| shown == name) && is_line(text) => {
                into.push_str(text);
            }
            _ => self.hash(value, into),
        }
    }

    /// A media type, without the parameters that a client chooses.
    pub(super) fn media_type(&self, text: &str, into: &mut String) {
        self.word(text.split(';').next().unwrap_or_default().trim(), into);
    }

    /// A client's address, which a hash of one run does not tell.
    pub(super) fn address(&self, address: IpAddr) -> String {
        let mut text = String::new();
        match address {
            IpAddr::V4(address) => self.hash(&address.octets(), &mut text),
            IpAddr::V6(address) => self.hash(&address.octets(), &mut text),
        }
        text
    }

    /// Anything that opens something to whoever knows it.
    pub(super) fn hash(&self, bytes: &[u8], into: &mut String) {
        let digest = Sha256::new()
            .chain_update(self.salt)
            .chain_update(bytes)
            .finalize();
        let (first, _) = digest
            .as_slice()
            .split_first_chunk()
            .unwrap_or((&[0; 8], &[]));
        // Writing into a string cannot fail.
        let _ = write!(into, "~{:016x}", u64::from_be_bytes(*first));
    }
}

/// Short, printable, in one piece, and not in the shape of a key.
fn is_word(text: &str) -> bool {
    // Nearly every word is of these letters, none of which is a space or a control character.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_line = match is_plain {
        true => text.len() <= LONGEST_WORD && !begins_a_key(text),
        false => is_line(text) && !text.contains(char::is_whitespace),
    };
    is_line && !is_random(text)
}

fn is_line(text: &str) -> bool {
    text.len() <= LONGEST_WORD && !text.contains(is_unseen) && !begins_a_key(text)
}

/// Whether a character is no letter of a line: it moves, hides or turns around what stands beside it.
fn is_unseen(character: char) -> bool {
    let is_mark = matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    );
    is_mark || character.is_control()
}

/// Model names are at most this long, and so are path parameters.
const LONGEST_WORD: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(write: impl FnOnce(&Redactor, &mut String)) -> String {
        let mut text = String::new();
        write(&Redactor::new(vec!["x-team".to_owned()]), &mut text);
        text
    }

    #[test]
    fn plain_words_are_shown_and_others_hashed() {
        for text in ["gpt-4o", "openai/gpt-4o", "support-agent", "größe", ""] {
            assert_eq!(shown(|shown, into| shown.word(text, into)), text);
        }
        let long = "x".repeat(257);
        for text in [
            "gtak_abc",
            "x/gtak_abc",
            "sk-abc",
            "tell me a story",
            "a\nb",
            "a\u{202e}b",
            "eyJhbGc",
            &long,
        ] {
            let written = shown(|shown, into| shown.word(text, into));
            assert!(
                written.starts_with('~') && written.len() == 17,
                "{text}: {written}"
            );
        }
    }

    #[test]
    fn ids_in_paths_are_hashed_and_datasets_shown() {
        for (path, pattern) in [
            ("/v1/chat/completions", "/v1/chat/completions"),
            ("/v1/datasets/briefs/files", "/v1/datasets/briefs/files"),
            ("/v1/conversations/files", "/v1/conversations/files"),
            ("/v1/files/abc", "/v1/files/~"),
            ("/v1/uploads/abc", "/v1/uploads/~"),
            ("/v1/conversations/abc", "/v1/conversations/~"),
            ("/v1/gtak_abc", "/v1/~"),
        ] {
            let written = shown(|shown, into| shown.path(path, into));
            match pattern.strip_suffix('~') {
                None => assert_eq!(written, pattern),
                Some(start) => {
                    assert!(
                        written.starts_with(start) && !written.contains("abc"),
                        "{written}"
                    );
                }
            }
        }
    }

    #[test]
    fn values_of_queries_and_headers_are_hashed_unless_listed() {
        let query = shown(|shown, into| shown.query("limit=5&key=abc&flag", into));
        assert!(
            query.starts_with("limit=~") && query.ends_with("&flag="),
            "{query}"
        );
        assert!(!query.contains("=abc"), "{query}");
        for (name, value, is_shown) in [
            ("x-team", &b"search team"[..], true),
            ("x-other", b"abc", false),
            ("x-team", b"gtak_abc", false),
            ("x-team", &[0xff], false),
        ] {
            let written = shown(|shown, into| shown.header(name, value, into));
            assert_eq!(!written.starts_with('~'), is_shown, "{name}: {written}");
        }
        let media = shown(|shown, into| shown.media_type("multipart/form-data; boundary=x", into));
        assert_eq!(media, "multipart/form-data");
    }

    #[test]
    fn a_name_that_the_policy_lists_is_shown_whatever_it_looks_like() {
        let shown = Redactor::new(Vec::new());
        for name in [
            "sk-large",
            "helpdesk-agent",
            "ABCDEFGHIJ0123456789abcdefghij",
        ] {
            assert_eq!(shown.model(name, true), name);
        }
        let unlisted = shown.model("sk-large", false);
        assert!(unlisted.starts_with('~'), "{unlisted}");
    }

    /// Control characters, spaces, and marks that are not seen or that turn text around.
    fn is_dark(letter: char) -> bool {
        let is_mark = letter == '\u{ad}'
            || letter == '\u{61c}'
            || letter == '\u{feff}'
            || ('\u{200b}'..'\u{2010}').contains(&letter)
            || ('\u{2028}'..'\u{202f}').contains(&letter)
            || ('\u{2060}'..'\u{2070}').contains(&letter);
        letter.is_control() || letter.is_whitespace() || is_mark
    }

    proptest! {
        #[test]
        fn words_are_known_by_what_they_are_not(text in "(gtak_|sk-|Bearer |eyJ|\\PC|[a-z]{0,130}|.){0,4}") {
            let is_short = text.len() <= LONGEST_WORD;
            let is_a_key = begins_a_key(&text) || is_random(&text);
            let expected = is_short && !text.contains(is_dark) && !is_a_key;
            prop_assert_eq!(is_word(&text), expected);
        }
    }

    #[test]
    fn each_letter_is_a_word_or_is_none() {
        for letter in (0..0x3100).filter_map(char::from_u32) {
            assert_eq!(
                is_word(&format!("a{letter}b")),
                !is_dark(letter),
                "{letter:?}"
            );
        }
    }

    #[test]
    fn equal_things_have_equal_hashes_within_one_run_only() {
        let one = Redactor::new(Vec::new());
        let write = |shown: &Redactor| {
            let mut text = String::new();
            shown.word("gtak_abc", &mut text);
            text
        };
        assert_eq!(write(&one), write(&one));
        assert_ne!(write(&one), write(&Redactor::new(Vec::new())));
    }
}
