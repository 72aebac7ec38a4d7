//! The key of a cache, and what is sealed with it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    CacheError,
    folder::{Folder, ReadError},
};

/// A key of 256 random bits, in a file of the folder that only this user can read.
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    /// Bytes of a seal.
    pub(super) const SEAL: usize = 32;

    /// The key of a folder. Where several processes make one at once, the first one's stays.
    pub(super) fn of(folder: &Folder) -> Result<Self, CacheError> {
        if let Some(key) = Self::read(folder)? {
            return Ok(key);
        }
        let mut bytes = [0; KEY];
        getrandom::fill(&mut bytes).map_err(|_| CacheError::Random)?;
        folder
            .write_first(FILE, &bytes)
            .map_err(|cause| folder.failed(FILE, cause))?;
        let gone = || folder.failed(FILE, std::io::ErrorKind::NotFound.into());
        Self::read(folder)?.ok_or_else(gone)
    }

    fn read(folder: &Folder) -> Result<Option<Self>, CacheError> {
        let wrong = || CacheError::Key {
            path: folder.path_of(FILE),
        };
        let bytes = match folder.read_secret(FILE, KEY as u64)? {
            Ok(bytes) => bytes,
            Err(ReadError::Io(cause)) if cause.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(ReadError::Io(cause)) => return Err(folder.failed(FILE, cause)),
            Err(ReadError::TooLarge) => return Err(wrong()),
            Err(ReadError::NotAFile) => {
                return Err(CacheError::Kind {
                    path: folder.path_of(FILE),
                    expected: "file",
                });
            }
        };
        let bytes = bytes.try_into().map_err(|_| wrong())?;
        Self::from_bytes(bytes).map(Some).ok_or_else(wrong)
    }

    /// An HMAC takes a key of any length; its type does not say so.
    pub(super) fn from_bytes(bytes: [u8; KEY]) -> Option<Self> {
        Hmac::new_from_slice(&bytes).map(Self).ok()
    }

    pub(super) fn seal(&self, bytes: &[u8]) -> [u8; Self::SEAL] {
        let mut seal = self.0.clone();
        seal.update(bytes);
        seal.finalize().into_bytes().into()
    }

    /// Takes as long for any wrong seal.
    pub(super) fn is_seal_of(&self, bytes: &[u8], seal: &[u8]) -> bool {
        let mut expected = self.0.clone();
        expected.update(bytes);
        expected.verify_slice(seal).is_ok()
    }
}

const FILE: &str = "key";
const KEY: usize = 32;
