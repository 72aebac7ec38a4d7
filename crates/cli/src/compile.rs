//! Where this command has components compiled: in a child, which is this very binary.

use std::path::PathBuf;

use anyhow::Context as _;
use signalbox_runtime::{ChildCompiler, CompileIn, Runtime, Settings};

/// In a child of this binary, also after another version was installed in its place.
pub(crate) fn in_child() -> anyhow::Result<CompileIn> {
    let itself = if cfg!(target_os = "linux") {
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().context("this program does not know where it is")?
    };
    Ok(CompileIn::Child(ChildCompiler::new(itself, [COMMAND])))
}

/// What a command asks components with, one at a time.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(Runtime::new(Settings {
        workers: 1,
        compile: in_child()?,
        ..Settings::default()
    })?)
}

/// The subcommand of the child.
pub(crate) const COMMAND: &str = "compile-component";
