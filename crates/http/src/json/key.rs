//! Comparing an object's key with `model` while it streams by.

/// How a key relates to `model`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Similarity {
    /// It is `model`, escapes resolved.
    Same,
    /// It is `model` in other case, or with a NUL behind it. Go's and .NET's decoders take the one
    /// for the field, readers whose strings end at NUL the other.
    Folded,
    /// It is another key.
    Other,
}

/// Compares the bytes of a key as they come, holding none.
///
/// Folding is ASCII's: no character beyond ASCII folds to a letter of `model` (Go also folds U+017F
/// to `s` and U+212A to `k`, which it lacks; a test goes through all characters).
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyMatch {
    matched: usize,
    likeness: Similarity,
    /// Whether a NUL ended it, for readers whose strings end there.
    is_over: bool,
}

impl KeyMatch {
    pub(crate) const fn new() -> Self {
        Self {
            matched: 0,
            likeness: Similarity::Same,
            is_over: false,
        }
    }

    /// Takes the next decoded bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.likeness == Similarity::Other || self.is_over {
                return;
            }
            if byte == 0 && self.matched == MODEL.len() {
                self.likeness = Similarity::Folded;
                self.is_over = true;
                return;
            }
            self.likeness = match MODEL.get(self.matched) {
                Some(&expected) if byte == expected => self.likeness,
                Some(expected) if byte.eq_ignore_ascii_case(expected) => Similarity::Folded,
                _ => Similarity::Other,
            };
            self.matched += 1;
        }
    }

    /// What the whole key is.
    pub(crate) const fn finish(self) -> Similarity {
        if self.matched == MODEL.len() {
            self.likeness
        } else {
            Similarity::Other
        }
    }
}

const MODEL: &[u8] = b"model";

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(key: &str) -> Similarity {
        let mut key_match = KeyMatch::new();
        for byte in key.bytes() {
            key_match.feed(&[byte]);
        }
        key_match.finish()
    }

    #[test]
    fn only_model_is_the_same() {
        assert_eq!(likeness("model"), Similarity::Same);
        for key in [
            "", "m", "mode", "models", "MODELS", "modem", "xmodel", " model", "mode\0l", "\0model",
        ] {
            assert_eq!(likeness(key), Similarity::Other, "{key:?}");
        }
    }

    #[test]
    fn other_case_is_folded() {
        for key in [
            "Model",
            "MODEL",
            "mOdEl",
            "modeL",
            "model\0",
            "model\0s",
            "Model\0\0",
        ] {
            assert_eq!(likeness(key), Similarity::Folded, "{key}");
        }
    }

    #[test]
    fn no_character_beyond_ascii_folds_to_a_letter_of_model() {
        for character in (0x80..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let lower: String = character.to_lowercase().collect();
            let upper: String = character.to_uppercase().collect();
            for letter in ["m", "o", "d", "e", "l"] {
                assert_ne!(lower, letter, "{character:?}");
                assert_ne!(upper.to_ascii_lowercase(), letter, "{character:?}");
            }
        }
    }
}
