//! `signalbox history`: what was done to a running host's policies, and by whom.

use serde::Deserialize;
use signalbox_swap::Entry;

use crate::{
    admin::{self, Access},
    exit::Exit,
    output, show,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// One entry, with all its steps.
    #[arg(value_name = "N")]
    number: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

#[derive(Deserialize)]
struct Swaps {
    swaps: Vec<Entry>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let client = arguments.access.client()?;
    admin::block_on(async {
        match arguments.number {
            Some(number) => {
                let entry: Entry = client.read(&format!("/swaps/{number}")).await?;
                if arguments.json {
                    output::json(&serde_json::to_value(&entry)?)?;
                } else {
                    output::data(&show::entry::whole(&entry))?;
                }
            }
            None => {
                let Swaps { swaps } = client.read("/swaps").await?;
                if arguments.json {
                    output::json(&serde_json::to_value(&swaps)?)?;
                } else {
                    output::data(&show::entry::history(&swaps))?;
                }
            }
        }
        Ok(Exit::Ok)
    })
}
