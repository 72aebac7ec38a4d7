//! The file of keys.

use std::path::Path;

use signalbox_gate::keyring::{Keyring, KeyringError, LARGEST_FILE};

use crate::file_watcher;

/// Reads a keyring from its file, with the built-in limits for keys that set none.
///
/// # Errors
/// If it cannot be read, or any of it cannot be used.
pub fn load_keyring(path: &Path) -> Result<Keyring, KeyringError> {
    let text = file_watcher::read_text(path, LARGEST_FILE);
    Keyring::parse(&text.map_err(|source| KeyringError::file(path, source))?)
}
