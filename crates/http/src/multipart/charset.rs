//! What a `charset` says about the bytes of a text.

/// How a text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// As UTF-8. Who names no charset means this one.
    Utf8,
    /// In one that has ASCII in the same bytes as UTF-8, and everything else in other ones.
    AsciiOnly,
}

impl Charset {
    /// Reads the value of a `charset` parameter. Nothing for those that write ASCII in other bytes,
    /// like UTF-16, and for those that not all readers know.
    pub(super) fn of(value: &str) -> Option<Self> {
        let quoted = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        match quoted.unwrap_or(value).to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "us-ascii" | "iso-8859-1" | "windows-1252" => Some(Self::AsciiOnly),
            _ => None,
        }
    }

    /// What holds where both are said: some readers go by the one, some by the other.
    pub(super) fn and(self, other: Self) -> Self {
        match self {
            Self::Utf8 => other,
            Self::AsciiOnly => self,
        }
    }

    /// Whether every reader takes the UTF-8 bytes of this text for this text.
    pub(super) fn holds(self, text: &str) -> bool {
        match self {
            Self::Utf8 => true,
            Self::AsciiOnly => text.is_ascii(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charset_is_known_in_either_spelling_or_not_at_all() {
        for (value, charset) in [
            ("UTF-8", Some(Charset::Utf8)),
            ("\"utf-8\"", Some(Charset::Utf8)),
            ("utf8", Some(Charset::Utf8)),
            ("ISO-8859-1", Some(Charset::AsciiOnly)),
            ("\"US-ASCII\"", Some(Charset::AsciiOnly)),
            ("windows-1252", Some(Charset::AsciiOnly)),
            ("utf-16", None),
            ("utf-7", None),
            ("\"utf-8", None),
            ("utf-8\"", None),
            ("", None),
        ] {
            assert_eq!(Charset::of(value), charset, "{value}");
        }
    }

    #[test]
    fn who_may_be_read_in_two_charsets_holds_ascii_alone() {
        for (one, other, holds) in [
            (Charset::Utf8, Charset::Utf8, true),
            (Charset::Utf8, Charset::AsciiOnly, false),
            (Charset::AsciiOnly, Charset::Utf8, false),
        ] {
            assert_eq!(one.and(other).holds("köln"), holds);
            assert!(one.and(other).holds("koeln"));
        }
    }
}
