//! `signalbox compile-component`: what another `signalbox` starts to compile a component, within
//! bounds. Not for people.

use std::io::{stdin, stdout};

use crate::exit::Exit;

pub(crate) fn run() -> anyhow::Result<Exit> {
    signalbox_runtime::serve_compiler(stdin().lock(), stdout().lock())?;
    Ok(Exit::Ok)
}
