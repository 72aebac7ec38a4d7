//! The proxy on Pingora: it has a workspace of its own, and is built where ours is, so that what both have in common is
//! compiled once.

use super::clients;
use crate::process::{cargo, target};

/// Builds it, with what that takes.
pub(super) fn build() -> anyhow::Result<()> {
    // For zlib-ng, below Pingora.
    clients::debian(&[("cmake", "cmake")])?;
    cargo(["build", "--locked", "--example", "pingora_proxy"])
        .within("examples/pingora")
        .env("CARGO_TARGET_DIR", &target().to_string_lossy())
        .run()
}
