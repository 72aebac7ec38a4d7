//! `signalbox new`: a folder to start from.

mod plugin;
mod templates;

use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write a policy as a program, with its tests, its cases and how it is built.
    Plugin(plugin::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.what {
        What::Plugin(arguments) => plugin::run(arguments),
    }
}
