//! What a key looks like, among the words a client may send.
//!
//! A key that is pasted where a model's name belongs is to be in no log, whoever issued it. So there
//! are two rules: what keys are known to begin with, and what no name looks like.

/// Whether a key begins somewhere. What words end with, as `task-router` has `sk-`, begins one only
/// where a word may begin.
pub(super) fn begins_a_key(text: &str) -> bool {
    // The keys that may have begun one byte ago, and two: hardly any word gets to the third.
    let (mut one, mut two) = (0, 0);
    text.bytes().enumerate().any(|(at, byte)| {
        let three = two & keys_with(&THIRD, byte);
        two = one & keys_with(&SECOND, byte);
        one = keys_with(&FIRST, byte);
        three != 0
            && at
                .checked_sub(2)
                .is_some_and(|start| is_key(three, text, start))
    })
}

/// Whether one of these keys begins here.
fn is_key(keys: u32, text: &str, start: usize) -> bool {
    let Some((before, rest)) = text.split_at_checked(start) else {
        return false;
    };
    let before = before.chars().next_back();
    let is_inside = before.is_some_and(char::is_alphanumeric);
    let is_meant = |key: usize| keys >> key & 1 != 0;
    let begins = |(key, prefix): (usize, &&str)| {
        is_meant(key) && rest.starts_with(*prefix) && (!is_inside || prefix.len() >= UNMISTAKABLE)
    };
    KEY_PREFIXES.iter().enumerate().any(begins)
}

/// A bit for each of [`KEY_PREFIXES`], by what its byte at one place is.
type Keys = [u32; 256];

static FIRST: Keys = keys_by(0);
static SECOND: Keys = keys_by(1);
static THIRD: Keys = keys_by(2);

fn keys_with(keys: &'static Keys, byte: u8) -> u32 {
    keys.get(usize::from(byte)).copied().unwrap_or_default()
}

#[expect(
    clippy::indexing_slicing,
    reason = "what is out of bounds does not compile"
)]
const fn keys_by(place: usize) -> Keys {
    let (mut keys, mut key) = ([0; 256], 0);
    while key < KEY_PREFIXES.len() {
        keys[KEY_PREFIXES[key].as_bytes()[place] as usize] |= 1 << key;
        key += 1;
    }
    keys
}

/// Whether no person made it up: a long run of letters and digits without a break, of more than one
/// kind, or one kind after the other all the time.
pub(super) fn is_random(text: &str) -> bool {
    if text.len() < LONG_RUN {
        return false;
    }
    let (mut run, mut changes) = (Run::default(), 0);
    for byte in text.bytes() {
        let kind = Kind::of(byte);
        if run.last.is_some() && kind.is_some() && run.last != kind {
            changes += 1;
            run.is_mixed = true;
        }
        run = match kind {
            Some(_) => Run {
                length: run.length + 1,
                last: kind,
                ..run
            },
            None => Run::default(),
        };
        if changes >= MANY_CHANGES || run.is_mixed && run.length >= LONG_RUN {
            return true;
        }
    }
    false
}

#[derive(Clone, Copy, Default)]
struct Run {
    length: usize,
    last: Option<Kind>,
    is_mixed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lower,
    Upper,
    Digit,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            b'a'..=b'z' => Some(Self::Lower),
            b'A'..=b'Z' => Some(Self::Upper),
            b'0'..=b'9' => Some(Self::Digit),
            _ => None,
        }
    }
}

/// No name of a model has as many letters and digits without `-`, `_`, `.`, `/` or `:`; AWS's keys,
/// the shortest there are, have.
const LONG_RUN: usize = 20;
/// Names that are rich in versions and sizes have nine (`TheBloke/Mixtral-8x7B-Instruct-v0.1-GPTQ`),
/// 32 random bytes in base64 nearly thirty, 16 in hex fifteen.
const MANY_CHANGES: usize = 14;
/// What keys begin with: GT's, signed tokens, those of the providers of models, of source hosts and
/// of clouds. Most of these are long enough to be found without; some have separators in them.
const KEY_PREFIXES: [&str; 26] = [
    "gtak_",
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk_",
    "Bearer ",
    "eyJ",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xox",
    "xai-",
    "hf_",
    "gsk_",
    "r8_",
    "nvapi-",
    "pplx-",
    "npm_",
];
/// Beginnings of so many bytes are in no word.
const UNMISTAKABLE: usize = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, looked for at each letter.
    fn begins_a_key_somewhere(text: &str) -> bool {
        let mut before = None;
        text.char_indices().any(|(at, letter)| {
            let is_inside = before.replace(letter).is_some_and(char::is_alphanumeric);
            let is_long = |prefix: &str| !is_inside || prefix.len() >= UNMISTAKABLE;
            let begins = |prefix: &&str| text[at..].starts_with(*prefix) && is_long(prefix);
            KEY_PREFIXES.iter().any(begins)
        })
    }

    /// Beginnings of keys, parts of them, and what may stand around them.
    fn texts() -> impl Strategy<Value = String> {
        let prefix = prop::sample::select(&KEY_PREFIXES[..]);
        let part = (prefix.clone(), 0_usize..12)
            .prop_map(|(prefix, length)| prefix[..length.min(prefix.len())].to_owned());
        let piece = prop_oneof![
            prefix.prop_map(str::to_owned),
            part,
            "[a-zA-Z0-9/:._ -]{0,4}",
            "\\PC{0,2}",
            ".{0,2}",
        ];
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_key_is_found_where_it_would_be_found_letter_by_letter(text in texts()) {
            prop_assert_eq!(begins_a_key(&text), begins_a_key_somewhere(&text));
        }
    }

    #[test]
    fn every_beginning_of_a_key_is_found_wherever_a_word_may_begin() {
        for prefix in KEY_PREFIXES {
            for before in ["", "x/", "x:", "-", "größe ", "\u{1f511}"] {
                assert!(begins_a_key(&format!("{before}{prefix}x")), "{prefix}");
            }
            assert!(!begins_a_key(&prefix[..prefix.len() - 1]), "{prefix}");
            let is_found_inside = begins_a_key(&format!("wört{prefix}"));
            assert_eq!(is_found_inside, prefix.len() >= UNMISTAKABLE, "{prefix}");
        }
        assert!(!begins_a_key("helpdesk-agent") && !begins_a_key("task-router"));
    }

    /// Made up, in the form each is issued in.
    #[test]
    fn keys_without_a_known_beginning_are_found_by_their_shape() {
        for key in [
            "0123456789abcdef0123456789abcdef",
            "kR7dQ2mVx9LpT4wZb8Nc1YfH",
            "d41d8cd98f00b204e9800998ecf8427e",
            "Q29uZ3JhdHVs-XRpb25z_W91IGZ-dW5kIG1l_DEyMw",
            "openai/kR7dQ2mVx9LpT4wZb8Nc1YfH",
            "AKIB0123456789ABCDEF",
            "tQ3/9xVb2kLm/P0sWz8yRcE4dHgUaJ6nXf5iOeT1Y",
        ] {
            assert!(is_random(key), "{key}");
        }
    }

    #[test]
    fn names_of_models_are_no_keys() {
        for name in [
            "gpt-4o-realtime-preview-2024-12-17",
            "claude-3-5-sonnet-20241022",
            "anthropic.claude-3-5-sonnet-20240620-v1:0",
            "meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo",
            "TheBloke/Mixtral-8x7B-Instruct-v0.1-GPTQ",
            "NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO-GGUF",
            "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B",
            "ft:gpt-4o-mini-2024-07-18:acme:support:9pGzT3aB",
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123def456",
            "text-embedding-3-large",
            "supportagentfortheeasternregion",
            "größe-der-modelle",
        ] {
            assert!(!is_random(name) && !begins_a_key(name), "{name}");
        }
    }
}
