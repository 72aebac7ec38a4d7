//! Where the exchanges are.

use std::path::PathBuf;

use crate::root;

/// Where the files are.
#[must_use]
pub fn folder() -> PathBuf {
    root().join("tests/conformance")
}
