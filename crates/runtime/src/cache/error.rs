//! Why there is no cache.

use std::{io, path::PathBuf};

/// Why a folder cannot be a [`crate::Cache`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The system does not let us.
    #[error("`{path}` cannot be used")]
    Io {
        /// The folder, or its key.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// The key is not as long as one is.
    #[error("`{path}` is no key of this cache; remove the folder to begin afresh")]
    Key {
        /// The key.
        path: PathBuf,
    },
    /// Something else is there, or a link to something.
    #[error("`{path}` is a link, or no {expected}")]
    Kind {
        /// The folder, or its key.
        path: PathBuf,
        /// What it has to be.
        expected: &'static str,
    },
    /// Others may read it or write to it.
    #[error(
        "`{path}` is open to others: its mode is {found:04o}, `chmod {expected:04o}` closes it"
    )]
    Open {
        /// The folder, or its key.
        path: PathBuf,
        /// Its mode.
        found: u32,
        /// The mode it has to have.
        expected: u32,
    },
    /// Somebody else owns it.
    #[error("`{path}` belongs to user {owner}, and this is user {user}")]
    Owner {
        /// The folder, or its key.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// No random bytes were to be had for a key.
    #[error("the system gives no random bytes")]
    Random,
}
