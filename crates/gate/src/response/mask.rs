//! GT's errors without the GT key: what quotes the request it was sent must not tell the client.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::auth::secret::Secret;

/// Writes asterisks over a GT key, wherever it is in a body that comes in pieces. No length changes.
pub(crate) struct Mask {
    secret: Arc<Secret>,
    /// The end of what came, where it may be the beginning of the key.
    kept: Vec<u8>,
}

impl Mask {
    pub(crate) const fn new(secret: Arc<Secret>) -> Self {
        Self {
            secret,
            kept: Vec::new(),
        }
    }

    /// What goes on; `None` if more has to be seen first.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Option<Bytes> {
        let key = self.secret.key();
        let mut bytes = std::mem::take(&mut self.kept);
        bytes.extend_from_slice(chunk);
        let mut from = 0;
        while let Some(at) = find(bytes.get(from..).unwrap_or_default(), key) {
            from += at + key.len();
            if let Some(place) = bytes.get_mut(from - key.len()..from) {
                place.fill(b'*');
            }
        }
        let rest = bytes.get(from..).unwrap_or_default();
        let longest = rest.len().min(key.len() - 1);
        let is_beginning = |length: &usize| {
            let end = rest.get(rest.len() - length..);
            end.is_some_and(|end| key.starts_with(end))
        };
        let kept = (1..=longest).rev().find(is_beginning).unwrap_or(0);
        self.kept = bytes.split_off(bytes.len() - kept);
        (!bytes.is_empty()).then(|| bytes.into())
    }

    /// The body has ended: what was kept is no key.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept)
    }
}

/// Whether a text has the key in it.
pub(crate) fn is_in(text: &[u8], secret: &Secret) -> bool {
    find(text, secret.key()).is_some()
}

fn find(text: &[u8], key: &[u8]) -> Option<usize> {
    text.windows(key.len()).position(|window| window == key)
}

impl fmt::Debug for Mask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Mask(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "gtak_gtak_1";

    fn masked(pieces: &[&[u8]]) -> String {
        let mut mask = Mask::new(Arc::new(Secret::read(KEY).unwrap()));
        let mut out = Vec::new();
        for piece in pieces {
            out.extend_from_slice(&mask.push(piece).unwrap_or_default());
        }
        out.extend(mask.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_key_is_masked_however_it_is_cut() {
        let text = "x gtak_gtak_gtak_1gtak_gtak_1 gtak_gtak_2 gtak_gtak_";
        let expected = "x gtak_********************** gtak_gtak_2 gtak_gtak_";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let bytes = text.as_bytes();
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(masked(&pieces), expected, "{first}, {second}");
            }
        }
    }

    #[test]
    fn what_is_no_beginning_of_a_key_is_not_kept_back() {
        let mut mask = Mask::new(Arc::new(Secret::read(KEY).unwrap()));
        assert_eq!(mask.push(b"invalid").as_deref(), Some(&b"invalid"[..]));
        assert_eq!(mask.push(b"gtak"), None);
        assert_eq!(mask.push(b" is").as_deref(), Some(&b"gtak is"[..]));
    }
}
