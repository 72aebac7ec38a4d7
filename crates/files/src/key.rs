//! The secret of a folder, and the seals it makes.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{FileError, PrivateFolder};

/// A secret of 256 random bits, in a file of a private folder.
///
/// Its seal tells a write that was cut, a file somebody edited, and a file of another folder from
/// what was written here. It is no defence against somebody who reads the secret: the folder's mode
/// is. Nor against an old file that was put back.
pub struct Key(Hmac<Sha256>);

impl Key {
    /// Bytes of a seal.
    pub const SEAL: usize = 32;

    /// Reads the key of that name; makes it if there is none. Where several processes make one at
    /// once, the first one's stays.
    ///
    /// # Errors
    /// As [`find`](Self::find), or there are no random bytes to be had.
    pub fn open(folder: &PrivateFolder, name: &str) -> Result<Self, FileError> {
        if let Some(key) = Self::find(folder, name)? {
            return Ok(key);
        }
        let mut secret = [0; SECRET];
        getrandom::fill(&mut secret).map_err(|source| FileError::Random { source })?;
        folder.create(name, &secret)?;
        let gone = || FileError::of(&folder.path_of(name), std::io::ErrorKind::NotFound);
        Self::find(folder, name)?.ok_or_else(gone)
    }

    /// Reads the key of that name; `None` if there is none.
    ///
    /// # Errors
    /// It is no key, or no file that is ours alone; or the disk refuses.
    pub fn find(folder: &PrivateFolder, name: &str) -> Result<Option<Self>, FileError> {
        let damaged = || FileError::KeyDamaged {
            path: folder.path_of(name),
        };
        match folder.read(name, SECRET) {
            Ok(None) => Ok(None),
            Ok(Some(bytes)) => match bytes.try_into() {
                Ok(secret) => Ok(Some(Self::of(secret))),
                Err(_) => Err(damaged()),
            },
            Err(FileError::TooLarge { .. }) => Err(damaged()),
            Err(error) => Err(error),
        }
    }

    /// A key of these bytes.
    #[must_use]
    pub fn of(secret: [u8; SECRET]) -> Self {
        // Zeros up to a block are what HMAC pads a key with: this cannot fail, another length could.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(secret) {
            *to = from;
        }
        Self(Hmac::new(&block.into()))
    }

    /// The seal over these parts, one behind the other. Where one ends is for the caller to settle.
    #[must_use]
    pub fn seal(&self, parts: &[&[u8]]) -> [u8; Self::SEAL] {
        self.over(parts).finalize().into_bytes().into()
    }

    /// Whether this is the seal over these parts. Takes as long for any wrong seal.
    #[must_use]
    pub fn is_seal_of(&self, parts: &[&[u8]], seal: &[u8]) -> bool {
        self.over(parts).verify_slice(seal).is_ok()
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut hmac = self.0.clone();
        parts.iter().for_each(|part| hmac.update(part));
        hmac
    }
}

impl fmt::Debug for Key {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

const SECRET: usize = 32;
