//! Writing one JSON string.

/// `text` as a JSON string with its quotes: only what must be escaped is.
#[must_use]
pub fn quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    out
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
