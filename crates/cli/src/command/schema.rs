//! `signalbox schema`: what may stand in a file, as JSON Schema.

mod page;
mod shapes;

use clap::ValueEnum;
use serde_json::Value;
use signalbox_gate::keyring::Keyring;
use signalbox_host::config::Config;
use signalbox_policy::schema;

use crate::{exit::Exit, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Of which kind of file.
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Of {
    /// Policy documents.
    Document,
    /// The host's `signalbox.yaml`.
    Configuration,
    /// Keyrings.
    Keyring,
    /// Case files.
    Cases,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    output::json(&arguments.of.schema())?;
    Ok(Exit::Ok)
}

impl Of {
    fn schema(self) -> Value {
        match self {
            Self::Document => schema::document(),
            Self::Cases => schema::cases(),
            Self::Configuration => {
                let page = page::Page::of(include_str!("../../../../docs/configuration.md"));
                shapes::schema(
                    "The configuration of a Signalbox host",
                    &Config::shape(),
                    &page,
                )
            }
            Self::Keyring => {
                let page = page::Page::of(include_str!("../../../../docs/keys.md")).below("keys");
                shapes::schema("A keyring of Signalbox", &Keyring::shape(), &page)
            }
        }
    }
}
