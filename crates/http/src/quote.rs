//! Writing one JSON string.

use crate::stride::{Special, stride};

/// `text` as a JSON string with its quotes: only what must be escaped is.
#[must_use]
pub fn quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    quote(text, &mut out);
    out
}

/// Appends `text` as a JSON string.
pub fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, tail) = rest.split_at(stride::<Special>(rest));
        out.extend_from_slice(plain);
        let Some((&byte, after)) = tail.split_first() else {
            break;
        };
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            _ => out.extend(format!("\\u{byte:04x}").bytes()),
        }
        rest = after;
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn every_text_reads_back() {
        for text in [
            "",
            "gpt-4o",
            "a\"b\\c/d",
            "\u{0}\u{1f}\u{7f}\n\r\t\u{2028}",
            "köln 🚂",
        ] {
            let read: String = serde_json::from_slice(&quoted(text)).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn plain_text_is_not_escaped() {
        assert_eq!(quoted("openai/gpt-4o ü"), "\"openai/gpt-4o ü\"".as_bytes());
        assert_eq!(quoted("\n\u{1}"), br#""\n\u0001""#);
    }
}
