//! How a contender is started.

use std::{
    fs::File,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;

use super::{bounded, exchange::Exchange};

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) tls: bool,
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) port: Port,
    pub(super) path: &'static str,
    pub(super) key: &'static str,
    pub(super) model: &'static str,
    /// What it is asked for.
    pub(super) exchanges: &'static [Exchange],
    pub(super) environment: Vec<(&'static str, String)>,
    /// How long it may take until it answers.
    pub(super) patience: Duration,
    /// Whether others need it in their turns.
    pub(super) is_upstream: bool,
    /// Whether what it prints is kept. Not of those that print a line for each request.
    pub(super) logs: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Port {
    At(u16),
    /// It picks one and prints `port NUMBER`.
    Printed,
}

impl Plan {
    /// Starts it in a process group of its own. What it prints goes to the file, or nowhere.
    pub(super) fn spawn(&self, log: Option<File>) -> anyhow::Result<Child> {
        let (out, err) = match log {
            Some(log) => (Stdio::from(log.try_clone()?), Stdio::from(log)),
            None => (Stdio::null(), Stdio::null()),
        };
        self.command()
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program))
    }

    /// Starts it once more to hear why it fails: what it printed the first time is gone.
    pub(super) fn said_when_failing(&self) -> String {
        let said = bounded::output(&mut self.command(), Duration::from_secs(5));
        said.unwrap_or_else(|error| error.to_string())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}
