//! The project's own chores, as `cargo xtask COMMAND`.
//!
//! | command | does |
//! | --- | --- |
//! | `engine` | builds the engine guest and its fingerprint; with `--check`, compares |
//! | `bench` | the figures of the README: proxies taking turns, and the crates' own benches |
//! | `fuzz` | every fuzz target for a while, from the saved corpus on |
//! | `test` | installs what is missing, then runs every check and every test |

mod bench;
mod engine;
mod fuzz;
mod process;
mod test;

use std::process::ExitCode;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The project's own chores", version)]
enum Command {
    /// Build the engine guest, byte for byte the same wherever the repository lies
    Engine(engine::Arguments),
    /// Measure: proxies taking turns, and the crates' own benches
    Bench(bench::Arguments),
    /// Run the fuzz targets, each for a while
    Fuzz(fuzz::Arguments),
    /// Run every check and every test; installs what they need and is missing
    Test(test::Arguments),
}

fn main() -> ExitCode {
    if let Some(code) = engine::stand_in() {
        return code;
    }
    let outcome = match Command::parse() {
        Command::Engine(arguments) => engine::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments, test::install_plugins),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Says what failed and why, outermost first; a backtrace would push that off the screen.
#[expect(
    clippy::print_stderr,
    reason = "a command line's talk belongs on standard error"
)]
fn complain(error: &anyhow::Error) {
    eprintln!("\nerror: {error:#}");
}
