//! `signalbox promote` and `signalbox withdraw`: what becomes of a shadow or a canary.

use crate::{
    admin::{Access, Body},
    exit::Exit,
    named,
    transaction::{self, Reader, Transaction},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The policy.
    #[arg(default_value = named::DEFAULT, value_parser = named::name)]
    name: String,
    /// Print the entry of the history as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

pub(crate) fn promote(arguments: &Arguments) -> anyhow::Result<Exit> {
    run(arguments, "promote")
}

pub(crate) fn withdraw(arguments: &Arguments) -> anyhow::Result<Exit> {
    run(arguments, "withdraw")
}

fn run(arguments: &Arguments, verb: &str) -> anyhow::Result<Exit> {
    let transaction = Transaction {
        path: format!("/policies/{}/{verb}", arguments.name),
        body: Body::Empty,
    };
    transaction::carry_out(&arguments.access, Reader::of(arguments.json), transaction)
}
