//! The `signalbox` command as a person runs it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use crate::{process::Program, root};

/// The command, built as it stands.
///
/// Cargo gives tests the path of a binary only within the binary's own package, so this asks cargo to
/// build it, which takes no time when it is built, and looks where cargo puts it.
#[must_use]
pub fn signalbox() -> Program {
    Program::new(binary())
}

/// Where it lies.
#[must_use]
pub fn binary() -> &'static Path {
    &BINARY
}

static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // Benches are optimised, and measure what is.
    let (profile, folder) = match cfg!(debug_assertions) {
        true => ("dev", "debug"),
        false => ("release", "release"),
    };
    build.args(["build", "--quiet", "--workspace", "--bin", "signalbox"]);
    build.args(["--profile", profile]);
    // What describes this package would make the build scripts of others run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            build.env_remove(name.as_ref());
        }
    }
    let status = build.current_dir(root()).status().expect("cargo starts");
    assert!(status.success(), "the command does not build");
    target().join(folder).join("signalbox")
});

/// Where cargo builds: this test itself lies in `TARGET/debug/deps`.
pub(crate) fn target() -> PathBuf {
    let this = std::env::current_exe().expect("this test has a path");
    let target = this
        .ancestors()
        .nth(3)
        .expect("tests are built in TARGET/PROFILE/deps");
    target.to_owned()
}
