//! Which of the clients GT has a runbook for are proved here, and how: what the tests run and what
//! `docs/clients.md` says, from one table.

mod closed;
mod forms;
mod node;
mod page;
mod python;
mod sdk;

pub use page::page;
use signalbox_policy::Resolved;

use crate::{
    gate::{Gate, Setup},
    policies::component_of,
};

/// One client, as far as it can be proved here.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// Its name, as people know it.
    pub client: &'static str,
    /// The file in `plugins/runbooks` that it is proved under.
    pub runbook: &'static str,
    /// How it is proved.
    pub how: How,
    /// What it is told as its base URL, after the gate's address.
    pub bases: &'static [&'static str],
    /// What is asked with it; its script tells no more and no less.
    pub asked: &'static [Asked],
}

/// How a client is proved.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// It is installed and asked to work: by a script of `tests/runbook_clients`.
    Runs(Installed),
    /// It is installed with the others of the step `clients`, whose tests know more of it.
    Sdk(Installed),
    /// What it sends stands in a file of `tests/runbook_clients/requests`, from its source.
    Source {
        /// The version that was read.
        version: &'static str,
        /// The file that sends it.
        read: &'static str,
        /// The start of the files' names.
        requests: &'static str,
        /// What its exported configuration was compared with.
        export: &'static str,
    },
    /// It runs nowhere but with its vendor: what its documentation says was read.
    Closed {
        /// What its exported configuration was compared with.
        export: &'static str,
    },
}

/// A client that is installed here.
#[derive(Clone, Copy, Debug)]
pub struct Installed {
    /// The script that asks with it.
    pub script: &'static str,
    /// The package whose version counts.
    pub package: &'static str,
    /// The file that pins it: requirements, or a `package.json`.
    pub pins: &'static str,
}

/// What a client is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To list the models.
    Models,
    /// To chat.
    Chat,
    /// To chat and show the answer as it comes.
    Stream,
    /// To embed two texts.
    Embeddings,
    /// To do a task as an agent.
    Agent,
    /// To use this route, which its runbook says it does not support.
    NotSupported(&'static str),
    /// To chat with a key that may not.
    WrongScope,
    /// To chat when it is set up by what `signalbox export` writes for it, unchanged.
    Exported,
}

impl Asked {
    /// What a script calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Models => "models",
            Self::Chat => "chat",
            Self::Stream => "stream",
            Self::Embeddings => "embeddings",
            Self::Agent => "agent",
            Self::NotSupported(_) => "not_supported",
            Self::WrongScope => "wrong_scope",
            Self::Exported => "exported",
        }
    }
}

/// All of them, in the order of GT's runbooks.
#[must_use]
pub fn trials() -> Vec<Trial> {
    [
        sdk::TRIALS,
        python::TRIALS,
        node::TRIALS,
        forms::TRIALS,
        closed::TRIALS,
    ]
    .concat()
}

/// The one of this client.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn trial(client: &str) -> Trial {
    let mut trials = trials().into_iter();
    let found = trials.find(|trial| trial.client == client);
    found.unwrap_or_else(|| panic!("no trial of {client}"))
}

impl Trial {
    /// What `signalbox export` calls it.
    #[must_use]
    pub fn export_name(&self) -> &'static str {
        match self.runbook {
            "full" => "openai-sdk-curl",
            runbook => runbook,
        }
    }
}

/// A gate under a runbook, with a key that may use all of it and one that may embed alone.
#[must_use]
pub fn gate(runbook: &Resolved) -> Gate {
    let all = "policy: runbook, models: all, preset: chat-embeddings";
    let embed =
        "policy: runbook, models: all, purposes: [inference], scopes: [\"inference:embed\"]";
    Setup::new()
        .policy("runbook", &component_of(runbook))
        .key("all", KEY, all)
        .key("embed", EMBED_KEY, embed)
        .start()
}

/// The key for chat and embeddings.
pub const KEY: &str = "gtak_trial";
/// The key for embeddings alone.
pub const EMBED_KEY: &str = "gtak_trial_embed";

/// The four forms of a base URL: GT's documented one first.
const EVERY_BASE: &[&str] = &["/api/tenant", "/api/tenant/v1", "/v1", ""];
/// What GT's runbooks give.
const DOCUMENTED: &[&str] = &["/api/tenant"];
