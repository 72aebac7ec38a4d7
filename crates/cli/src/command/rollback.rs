//! `signalbox rollback`: an earlier generation serves again.

use serde_json::json;

use crate::{
    admin::{Access, Body},
    exit::{Exit, Misused},
    named,
    transaction::{self, Reader, Transaction},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Examples:\n  \
    signalbox rollback                  the policy named default, to what served before\n  \
    signalbox rollback 4                to generation 4\n  \
    signalbox rollback litellm --to 4   another policy\n\n\
    `signalbox status` shows which generations are kept.")]
pub(crate) struct Arguments {
    /// The policy; a bare number is the generation.
    #[arg(value_name = "NAME|N", default_value = named::DEFAULT, value_parser = named::name)]
    name: String,
    /// The generation, in place of the one that served before.
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// Print the entry of the history as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (name, to) = match (arguments.name.parse(), arguments.to) {
        (Ok(number), None) => (named::DEFAULT, Some(number)),
        (Ok::<u64, _>(number), Some(to)) => {
            return Err(Misused(format!("two generations: {number} and --to {to}")).into());
        }
        (Err(_), to) => (arguments.name.as_str(), to),
    };
    let body = to.map_or_else(|| json!({}), |to| json!({"generation": to}));
    let transaction = Transaction {
        path: format!("/policies/{name}/rollback"),
        body: Body::Json(body),
    };
    transaction::carry_out(&arguments.access, Reader::of(arguments.json), transaction)
}
