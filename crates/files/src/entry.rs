//! What is in a folder.

use rustix::fs::Stat;

use crate::folder::TEMPORARY;

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was written or [used](crate::PrivateFolder::touch), in nanoseconds since 1970.
    pub modified: i128,
}

impl Entry {
    pub(crate) fn of(name: &str, found: &Stat) -> Self {
        Self {
            name: name.to_owned(),
            size: u64::try_from(found.st_size).unwrap_or_default(),
            modified: i128::from(found.st_mtime) * 1_000_000_000 + i128::from(found.st_mtime_nsec),
        }
    }
}

/// Whether a file of that name is not in its place yet, or was left by who was killed.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    // So version 0.1 called them in a cache.
    const OF_0_1: &str = ".new";
    name.ends_with(TEMPORARY) || name.ends_with(OF_0_1)
}
