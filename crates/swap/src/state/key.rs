//! The folder's secret, and the seal it puts on `state.json`.
//!
//! The seal tells a write that was cut, a file somebody edited, and a file of another folder from
//! what this folder's owner wrote. It is no defence against somebody who reads the secret: the
//! folder's mode is. Nor against an old file put back together with its key.

use std::fmt;

use base16ct::HexDisplay;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use signalbox_runtime::Digest;

use super::{Damage, STATE, StateError, folder::Folder};

/// A secret of 32 bytes.
pub(super) struct Key([u8; 32]);

impl Key {
    /// Reads the folder's key, or makes one if the folder is new.
    pub(super) fn open(folder: &Folder) -> Result<Self, StateError> {
        if let Some(key) = Self::find(folder)? {
            return Ok(key);
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|source| StateError::Random { source })?;
        folder.replace(KEY, &secret)?;
        Ok(Self(secret))
    }

    /// Reads the folder's key; `None` if the folder is new.
    pub(super) fn find(folder: &Folder) -> Result<Option<Self>, StateError> {
        if let Some(bytes) = folder.read(KEY, 32)? {
            let key = bytes.try_into().map(Self);
            return key.map(Some).map_err(|_| StateError::KeyDamaged {
                path: folder.path_of(KEY),
            });
        }
        // A new key would make what is there look foreign: say what is wrong.
        if folder.has(STATE)? {
            return Err(StateError::KeyMissing {
                path: folder.path_of(KEY),
            });
        }
        Ok(None)
    }

    /// One JSON object: the format, which key, the seal, and the payload as it is.
    pub(super) fn seal(&self, payload: &[u8]) -> Vec<u8> {
        let mut sealed = self.head().into_bytes();
        let seal = self.over(payload).finalize().into_bytes();
        sealed.extend_from_slice(SEAL);
        sealed.extend_from_slice(format!("{:x}", HexDisplay(&seal)).as_bytes());
        sealed.extend_from_slice(PAYLOAD);
        sealed.extend_from_slice(payload);
        sealed.extend_from_slice(END);
        sealed
    }

    /// The payload of what this key sealed. Every byte of the file is checked: there is one way to
    /// write it.
    pub(super) fn unseal<'a>(&self, sealed: &'a [u8]) -> Result<&'a [u8], Damage> {
        let rest = sealed.strip_prefix(FORMAT).ok_or(Damage::Cut)?;
        let (format, rest) = split(rest, b",\"key\":\"").ok_or(Damage::Cut)?;
        if format != VERSION.as_bytes() {
            let is_number = format.len() <= 9 && format.iter().all(u8::is_ascii_digit);
            return Err(match str::from_utf8(format) {
                Ok(found) if is_number => Damage::OtherFormat(found.to_owned()),
                _ => Damage::Changed,
            });
        }
        let (id, rest) = split(rest, SEAL).ok_or(Damage::Cut)?;
        let (seal, rest) = split(rest, PAYLOAD).ok_or(Damage::Cut)?;
        let payload = rest.strip_suffix(END).ok_or(Damage::Cut)?;
        if id != self.id().as_bytes() {
            return Err(Damage::ForeignKey);
        }
        let text = str::from_utf8(seal).map_err(|_| Damage::Changed)?;
        let seal: Digest = text.parse().map_err(|_| Damage::Changed)?;
        self.over(payload)
            .verify_slice(seal.as_bytes())
            .map_err(|_| Damage::Changed)?;
        // Capital digits say the same in bytes that nobody wrote.
        if seal.to_string() != text {
            return Err(Damage::Changed);
        }
        Ok(payload)
    }

    /// The seal over a payload, before it is finished.
    fn over(&self, payload: &[u8]) -> Hmac<Sha256> {
        self.hmac()
            .chain_update(self.head())
            .chain_update([0])
            .chain_update(payload)
    }

    /// Everything before the seal.
    fn head(&self) -> String {
        format!(
            "{}{VERSION},\"key\":\"{}",
            String::from_utf8_lossy(FORMAT),
            self.id()
        )
    }

    /// Tells this key from others without telling it.
    fn id(&self) -> String {
        let id = self
            .hmac()
            .chain_update("which key")
            .finalize()
            .into_bytes();
        format!("{:x}", HexDisplay(id.get(..8).unwrap_or_default()))
    }

    fn hmac(&self) -> Hmac<Sha256> {
        // Zeros up to a block are what HMAC pads a key with: this cannot fail, another length could.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(self.0) {
            *to = from;
        }
        Hmac::new(&block.into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

/// What is before and after the first such bytes.
fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = bytes.windows(at.len()).position(|window| window == at)?;
    let (before, rest) = bytes.split_at_checked(start)?;
    Some((before, rest.strip_prefix(at)?))
}

const KEY: &str = "key";

/// Raised with every change that an older version would misread.
const VERSION: &str = "1";

const FORMAT: &[u8] = b"{\"format\":";
const SEAL: &[u8] = b"\",\"hmac\":\"";
const PAYLOAD: &[u8] = b"\",\"state\":";
const END: &[u8] = b"}\n";
