//! What an unquoted word means to YAML readers.

/// What a scalar is to someone who wants text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Words,
    /// Unquoted, and YAML readers take it for something else than text.
    Number,
    Boolean,
    Nothing,
}

impl Meaning {
    /// What a scalar means. Quoted ones are always text.
    ///
    /// Both YAML 1.2 and 1.1 count, because other tools that read the same file use either: `no`
    /// is a boolean to half of them.
    pub(crate) fn of(text: &str, plain: bool) -> Self {
        if !plain {
            return Self::Words;
        }
        if is_word(text, &["", "~", "null"]) {
            return Self::Nothing;
        }
        if is_word(text, &["true", "false", "yes", "no", "on", "off"]) {
            return Self::Boolean;
        }
        if is_number(text) {
            Self::Number
        } else {
            Self::Words
        }
    }
}

/// Whether `text` is one of `words`, all lower, all upper or with a capital.
fn is_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        text == *word || text == word.to_uppercase() || {
            let rest = text.get(1..);
            text.eq_ignore_ascii_case(word) && rest == word.get(1..)
        }
    })
}

fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    if is_word(text, &[".inf", ".nan"]) || matches!(text, ".Inf" | ".NaN") {
        return true;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return !digits.is_empty() && digits.chars().all(|c| c == '_' || c.is_digit(radix));
        }
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    is_digits(whole)
        && is_digits(fraction)
        && exponent_fits
        && mantissa.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquoted_words_that_are_not_text_are_seen() {
        for number in [
            "0", "-1", "+2", "3.14", "1e3", "1.5E-7", ".5", "5.", "0x1F", "0o17", "0b1", "1_000",
            ".inf", "-.Inf", ".NaN", "007",
        ] {
            assert_eq!(Meaning::of(number, true), Meaning::Number, "{number}");
        }
        for boolean in ["true", "False", "YES", "no", "On", "OFF"] {
            assert_eq!(Meaning::of(boolean, true), Meaning::Boolean, "{boolean}");
        }
        for nothing in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(Meaning::of(nothing, true), Meaning::Nothing, "{nothing}");
        }
    }

    #[test]
    fn other_words_and_everything_quoted_are_text() {
        for text in [
            "gpt-4o",
            "4o",
            "1.2.3",
            "e3",
            "-",
            "+",
            ".",
            "_",
            "nUll",
            "tRue",
            "0xg",
            "0x",
            "2026-08-21",
            "none",
            "all",
        ] {
            assert_eq!(Meaning::of(text, true), Meaning::Words, "{text}");
        }
        for quoted in ["", "1", "true", "null"] {
            assert_eq!(Meaning::of(quoted, false), Meaning::Words, "{quoted}");
        }
    }
}
