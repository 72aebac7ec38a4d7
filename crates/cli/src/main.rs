//! The `signalbox` command: arguments in, exit codes out. One file per subcommand in `command/`.
#![forbid(unsafe_code)]

mod admin;
mod cases_file;
mod checked;
mod command;
mod compile;
mod component_file;
mod diagnosis;
mod exit;
mod finding;
mod gate_url;
mod given_values;
mod included;
mod loaded_policy;
mod logging;
mod named;
mod output;
mod policy_file;
mod recorded;
mod show;
mod shutdown;
mod sources;
mod transaction;
mod uri;

use clap::{Parser, error::ErrorKind};

use admin::AdminError;
use command::keys::InvalidKeyring;
use exit::{Exit, Misused};
use signalbox_files::FileError;
use tikv_jemallocator::Jemalloc;

/// A host that a thousand clients have left is as small again as before they came.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// A policy gate in front of a GT tenant API.
#[derive(Debug, Parser)]
#[command(
    name = "signalbox",
    version,
    about = "A policy gate in front of a GT tenant API",
    after_help = "Exit codes: 0 ok, 1 failed, 2 usage, 3 invalid policy, 4 cases failed, 5 something differs.\n\
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
    arguments
        .command
        .run()
        .unwrap_or_else(|error| failed(&error))
}

/// Says what went wrong, and what to do about it where that is known.
fn failed(error: &anyhow::Error) -> Exit {
    output::problem(&format!("{error:#}"));
    if let Some(error) = error.downcast_ref::<AdminError>() {
        if let Some(help) = error.help() {
            output::talk(&format!("    = help: {help}"));
        }
        return error.exit();
    }
    if let Some(error) = error.downcast_ref::<FileError>() {
        output::talk(&format!("    = help: {}", error.help()));
    }
    if error.is::<Misused>() {
        Exit::Usage
    } else if error.is::<InvalidKeyring>() {
        Exit::InvalidPolicy
    } else {
        Exit::Failed
    }
}

/// Help and versions are answers; everything else clap reports is a mistake in the arguments.
fn usage(error: &clap::Error) -> Exit {
    let printed = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion if printed.is_ok() => Exit::Ok,
        _ => Exit::Usage,
    }
}
