//! Percent escapes, read strictly: one that is broken is none that some reader may mend.

/// What `+` stands for.
///
/// Exhaustive on purpose: it is one or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plus {
    /// A space, as forms and queries have it.
    IsSpace,
    /// Itself, as paths have it.
    IsPlus,
}

/// Decodes percent escapes once; `None` if one is broken.
#[must_use]
pub fn decode(text: &str, plus: Plus) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            b'+' if plus == Plus::IsSpace => b' ',
            other => other,
        });
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once_and_broken_ones_refused() {
        let decoded = |text| decode(text, Plus::IsPlus);
        assert_eq!(decoded("a%2Fb%2fc%2525+"), Some(b"a/b/c%25+".to_vec()));
        assert_eq!(decoded("%ff"), Some(vec![0xff]));
        for broken in ["%", "%2", "a%zz", "%+f", "%-1", "% 1", "%\u{e9}"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
        assert_eq!(decode("a+b%2B", Plus::IsSpace), Some(b"a b+".to_vec()));
    }
}
