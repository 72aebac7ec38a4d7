//! The form of an entry: what it is of, machine code, and a seal over both.
//!
//! ```text
//! 16 bytes  form and version
//! 32 bytes  environment
//! 32 bytes  digest of the component
//!           machine code
//! 32 bytes  HMAC-SHA256 of everything before
//! ```
//!
//! The seal tells where an entry ends, so that nothing before it need be believed first.

use base16ct::HexDisplay;
use signalbox_files::Key;

use super::Environment;
use crate::Digest;

/// What an entry is of.
pub(super) struct Name {
    environment: Environment,
    digest: Digest,
}

impl Name {
    pub(super) const fn new(environment: Environment, digest: Digest) -> Self {
        Self {
            environment,
            digest,
        }
    }

    /// The name of its file: engines of different versions leave each other's entries alone.
    pub(super) fn file(&self) -> String {
        let (environment, _) = self.environment.as_bytes().split_at(16);
        format!("{}-{:x}{ENTRY}", self.digest, HexDisplay(environment))
    }

    /// What an entry of it begins with.
    fn head(&self) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        let parts = FORM
            .iter()
            .chain(self.environment.as_bytes())
            .chain(self.digest.as_bytes());
        for (to, from) in head.iter_mut().zip(parts) {
            *to = *from;
        }
        head
    }
}

/// Machine code that this key's holder sealed, for the name that was asked for.
pub(crate) struct Verified(Vec<u8>);

impl Verified {
    /// The code.
    pub(crate) fn code(&self) -> &[u8] {
        let end = self.0.len().saturating_sub(Key::SEAL);
        self.0.get(HEAD..end).unwrap_or_default()
    }
}

/// An entry as it is written.
pub(super) fn seal(key: &Key, name: &Name, code: &[u8]) -> Vec<u8> {
    let mut entry = Vec::with_capacity(HEAD + code.len() + Key::SEAL);
    entry.extend_from_slice(&name.head());
    entry.extend_from_slice(code);
    let seal = key.seal(&[&entry]);
    entry.extend_from_slice(&seal);
    entry
}

/// The code in an entry, if all of it is as it was sealed and it is of that name. The seal comes
/// first: nothing in an entry is looked at that is not known to be ours.
pub(super) fn verify(key: &Key, name: &Name, entry: Vec<u8>) -> Option<Verified> {
    let end = entry.len().checked_sub(Key::SEAL)?;
    let (sealed, seal) = entry.split_at_checked(end)?;
    if !key.is_seal_of(&[sealed], seal) || !sealed.starts_with(&name.head()) {
        return None;
    }
    Some(Verified(entry))
}

const FORM: &[u8; 16] = b"signalbox code 1";
const HEAD: usize = FORM.len() + 32 + 32;

/// How the names of entries end.
pub(super) const ENTRY: &str = ".code";

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::of([7; 32])
    }

    fn name(component: &[u8]) -> Name {
        let engine = wasmtime::Engine::default();
        Name::new(Environment::of(&engine), Digest::of(component))
    }

    fn code_of(name: &Name, entry: &[u8]) -> Option<Vec<u8>> {
        verify(&key(), name, entry.to_vec()).map(|verified| verified.code().to_vec())
    }

    #[test]
    fn entry_gives_the_code_that_was_sealed() {
        let name = name(b"a");
        for code in [&b""[..], b"c", &[0; 1000]] {
            let entry = seal(&key(), &name, code);
            assert_eq!(code_of(&name, &entry).as_deref(), Some(code));
        }
    }

    #[test]
    fn entry_with_any_bit_changed_gives_nothing() {
        let name = name(b"a");
        let entry = seal(&key(), &name, b"machine code");
        for place in 0..entry.len() {
            for bit in 0..8 {
                let mut changed = entry.clone();
                changed[place] ^= 1 << bit;
                assert_eq!(code_of(&name, &changed), None, "byte {place}, bit {bit}");
            }
        }
    }

    #[test]
    fn entry_cut_or_grown_gives_nothing() {
        let name = name(b"a");
        let entry = seal(&key(), &name, b"machine code");
        for length in 0..entry.len() {
            assert_eq!(code_of(&name, &entry[..length]), None, "{length} bytes");
            assert_eq!(code_of(&name, &entry[length + 1..]), None, "from {length}");
        }
        assert_eq!(code_of(&name, &[&entry[..], b"x"].concat()), None);
        assert_eq!(code_of(&name, &[&entry[..], &entry].concat()), None);
    }

    #[test]
    fn entry_of_another_name_or_key_gives_nothing() {
        let (one, other) = (name(b"a"), name(b"b"));
        let entry = seal(&key(), &other, b"machine code");
        assert_eq!(code_of(&one, &entry), None);
        let foreign = Key::of([8; 32]);
        let entry = seal(&foreign, &one, b"machine code");
        assert_eq!(code_of(&one, &entry), None);
    }
}
