//! Prints the fingerprint by which a runtime recognises an engine, for `cargo xtask engine`.
//!
//! `cargo run --package signalbox-compiler --example fingerprint -- ENGINE.wasm`

use std::{env, error::Error, fs};

use signalbox_compiler::{fingerprint, splice};

#[expect(clippy::print_stdout, reason = "a program that prints one line")]
fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("give the path of an engine")?;
    // A fingerprint leaves the last data segment out, so there has to be one that is not the
    // engine's own.
    let spliced = splice(&fs::read(path)?, &[])?;
    println!("{}", fingerprint(&spliced)?);
    Ok(())
}
