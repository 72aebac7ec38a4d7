//! `signalbox keys`: make, list and revoke client keys.

mod append;
mod file;
mod list;
mod new;
mod revoke;
mod taken_over;

pub(crate) use file::{InvalidKeyring, KeyFile};

use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key: the keyring entry goes to stdout, the token is shown once.
    New(Box<new::Arguments>),
    /// List a keyring's keys.
    List(list::Arguments),
    /// Mark a key as revoked in its file.
    Revoke(revoke::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::New(arguments) => new::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Revoke(arguments) => revoke::run(arguments),
    }
}
