//! Where the top-level members that were asked for stand, and what is told of them.
//!
//! While the body streams by, no more is kept of a member than where its value begins. What the value
//! is follows from the body, once that is known to be JSON.

use std::sync::Arc;

use super::{Member, MemberFault, Text, key::Similarity};

/// The names of members that somebody asks for. No two are the same but for case, and none is `model`.
pub type MemberNames = Arc<[Arc<str>]>;

/// What is told of the members a body has, by their names.
pub type ToldMembers = Vec<(Arc<str>, Member)>;

/// What was seen of the members asked for.
#[derive(Debug)]
pub struct Members {
    names: MemberNames,
    seen: Vec<Seen>,
    /// The key in hand, as far as it is needed to compare it.
    key: Vec<u8>,
    /// Whose value comes next.
    next: Option<usize>,
}

/// What was seen of one member.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    start: Option<usize>,
    is_repeated: bool,
    has_likeness: bool,
}

impl Members {
    pub(super) fn new(names: &MemberNames) -> Self {
        Self {
            names: Arc::clone(names),
            seen: vec![Seen::default(); names.len()],
            key: Vec::new(),
            next: None,
        }
    }

    /// A key begins.
    pub(super) fn begin_key(&mut self) {
        self.key.clear();
    }

    /// More of the key, escapes resolved.
    pub(super) fn feed(&mut self, part: &[u8]) {
        let room = LONGEST_KEY.saturating_sub(self.key.len());
        self.key.extend(part.iter().take(room));
    }

    /// The key has ended. Says whether its value is one that was asked for.
    pub(super) fn end_key(&mut self) -> bool {
        let names = self.names.iter().zip(&mut self.seen).enumerate();
        for (place, (name, seen)) in names {
            match likeness(name, &self.key) {
                Similarity::Other => continue,
                Similarity::Folded => seen.has_likeness = true,
                Similarity::Same if seen.start.is_some() => seen.is_repeated = true,
                Similarity::Same => self.next = Some(place),
            }
            break;
        }
        self.next.is_some()
    }

    /// The value of the last key begins at this offset of the body.
    pub(super) fn begin_value(&mut self, start: usize) {
        if let Some(seen) = self.next.take().and_then(|place| self.seen.get_mut(place)) {
            seen.start = Some(start);
        }
    }

    /// What is told of each that the body has, in the order in which they are asked for. `body` is the
    /// one that was scanned, whole.
    #[must_use]
    pub fn told(&self, body: &[u8]) -> ToldMembers {
        let all = self.names.iter().zip(&self.seen);
        all.filter_map(|(name, seen)| Some((Arc::clone(name), seen.told(body)?)))
            .collect()
    }
}

impl Seen {
    fn told(self, body: &[u8]) -> Option<Member> {
        if self.is_repeated {
            return Some(Member::Unclear(MemberFault::Repeated));
        }
        if self.has_likeness {
            return Some(Member::Unclear(MemberFault::LetterCase));
        }
        Some(value(body.get(self.start?..).unwrap_or_default()))
    }
}

/// How a key relates to a name. Some readers take a key in other case for it, some stop at a NUL, and
/// some fold letters as Unicode does.
fn likeness(name: &str, key: &[u8]) -> Similarity {
    if key == name.as_bytes() {
        return Similarity::Same;
    }
    let head = key.split(|byte| *byte == 0).next().unwrap_or_default();
    let is_like = str::from_utf8(head).is_ok_and(|head| {
        let folded = head.chars().map(folded);
        folded.eq(name.chars().map(|letter| letter.to_ascii_lowercase()))
    });
    match is_like {
        true => Similarity::Folded,
        false => Similarity::Other,
    }
}

/// A letter in lower case, and the four beyond ASCII whose other case is a letter of ASCII.
const fn folded(letter: char) -> char {
    match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        '\u{130}' | '\u{131}' => 'i',
        _ => letter.to_ascii_lowercase(),
    }
}

/// What is told of the value at the beginning of `text`, which is JSON.
fn value(text: &[u8]) -> Member {
    match text {
        [b'"', inside @ ..] => string(inside),
        [b'0'..=b'9', ..] => integer(text),
        _ => Member::Unclear(MemberFault::OtherType),
    }
}

fn string(mut inside: &[u8]) -> Member {
    let mut text = Vec::new();
    let ended = Text::new().run(&mut inside, |part| {
        // One byte over the limit is enough to know.
        text.extend(part.iter().take(LONGEST_TEXT + 1 - text.len()));
    });
    if text.len() > LONGEST_TEXT {
        return Member::Unclear(MemberFault::TooLong);
    }
    match (ended, String::from_utf8(text)) {
        (Ok(true), Ok(text)) => Member::Text(text),
        // Of a body that was scanned there is none.
        _ => Member::Unclear(MemberFault::OtherType),
    }
}

fn integer(text: &[u8]) -> Member {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = text.split_at(digits);
    let is_whole = !matches!(after.first(), Some(b'.' | b'e' | b'E'));
    let number = str::from_utf8(digits).ok().filter(|_| is_whole);
    match number.and_then(|digits| digits.parse().ok()) {
        Some(number) => Member::Integer(number),
        None => Member::Unclear(MemberFault::OtherType),
    }
}

/// Three times the longest name that may be asked for, and a NUL behind it: the characters that are
/// taken for letters have up to three bytes.
const LONGEST_KEY: usize = 3 * 64 + 1;
const LONGEST_TEXT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_as_readers_might() {
        for (key, likeness_of) in [
            ("max_tokens", Similarity::Same),
            ("Max_Tokens", Similarity::Folded),
            ("max_to\u{212a}en\u{17f}", Similarity::Folded),
            ("max_tokens\0", Similarity::Folded),
            ("MAX_TOKENS\0more", Similarity::Folded),
            ("max_token", Similarity::Other),
            ("max_tokens_", Similarity::Other),
            ("max\0tokens", Similarity::Other),
            ("", Similarity::Other),
        ] {
            assert_eq!(
                likeness("max_tokens", key.as_bytes()),
                likeness_of,
                "{key:?}"
            );
        }
        assert_eq!(
            likeness("tIme", "t\u{131}me".as_bytes()),
            Similarity::Folded
        );
        assert_eq!(
            likeness("time", "T\u{130}ME".as_bytes()),
            Similarity::Folded
        );
    }

    #[test]
    fn no_other_character_folds_to_a_letter() {
        for character in (0x80..=u32::from(char::MAX)).filter_map(char::from_u32) {
            if folded(character).is_ascii() {
                continue;
            }
            let lower = character.to_lowercase().collect::<String>();
            let upper = character.to_uppercase().collect::<String>();
            assert!(!(lower.len() == 1 && lower.is_ascii()), "{character:?}");
            assert!(!(upper.len() == 1 && upper.is_ascii()), "{character:?}");
        }
    }
}
