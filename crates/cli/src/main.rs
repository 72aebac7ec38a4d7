//! The `signalbox` command: arguments in, exit codes out. One file per subcommand in `command/`.
#![forbid(unsafe_code)]

mod cases_file;
mod command;
mod exit;
mod logging;
mod output;
mod policy_file;
mod shutdown;
mod whole_file;

use clap::{Parser, error::ErrorKind};

use exit::Exit;

/// A policy gate in front of a GT tenant API.
#[derive(Debug, Parser)]
#[command(
    name = "signalbox",
    version,
    about = "A policy gate in front of a GT tenant API",
    after_help = "Exit codes: 0 ok, 1 failed, 2 usage, 3 invalid policy, 4 cases failed.\n\
                  stdout is data, stderr is talk."
)]
struct Arguments {
    #[command(subcommand)]
    command: command::Command,
}

fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    arguments.command.run().unwrap_or_else(|error| {
        output::problem(&format!("{error:#}"));
        Exit::Failed
    })
}

/// Help and versions are answers; everything else clap reports is a mistake in the arguments.
fn usage(error: &clap::Error) -> Exit {
    let printed = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion if printed.is_ok() => Exit::Ok,
        _ => Exit::Usage,
    }
}
