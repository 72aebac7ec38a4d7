//! The two ends of the gate, in a process of their own: `tests/instructions`.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, ensure};

use super::workloads::Setup;

/// The client and the upstream; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Driver {
    process: Child,
    says: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts it; the folder then has what the gate is configured with.
    pub(super) fn start(program: &Path, folder: &Path, setup: Setup) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .arg(folder)
            .arg(setup.word())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let says = process.stdout.take().context("it has an output")?;
        let mut driver = Self {
            process,
            says: BufReader::new(says),
        };
        driver.hear("ready")?;
        Ok(driver)
    }

    /// Asks a gate so often, and returns when every answer was right.
    pub(super) fn ask(
        &mut self,
        workload: &str,
        requests: u32,
        gate: SocketAddr,
    ) -> anyhow::Result<()> {
        let orders = self.process.stdin.as_mut().context("it has an input")?;
        writeln!(orders, "{workload} {requests} {gate}")?;
        orders.flush()?;
        self.hear("done")
    }

    fn hear(&mut self, word: &str) -> anyhow::Result<()> {
        let mut line = String::new();
        self.says.read_line(&mut line)?;
        ensure!(line.trim() == word, "the driver failed; why stands above");
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Either may fail because it has ended by itself, which is as good.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
