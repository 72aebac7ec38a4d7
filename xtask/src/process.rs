//! Running other programs: the command is shown, its output goes straight through, and a failure
//! names it.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

/// A program about to run in the repository's root.
pub(crate) struct Run {
    command: Command,
    shown: Vec<String>,
}

/// Cargo itself: the one that runs this program.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Run {
    let program = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut run = Run::new(&program, args);
    run.shown = vec!["cargo".to_owned()];
    run.shown.extend(args.iter().map(ToString::to_string));
    run
}

impl Run {
    pub(crate) fn new<const N: usize>(program: &str, args: [&str; N]) -> Self {
        let mut command = Command::new(program);
        command.current_dir(root()).args(args).stdin(Stdio::null());
        // `cargo run` describes this package in the environment; build scripts that look there
        // would be run again, and all above them built again, for each outer command.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name.as_ref());
            }
        }
        let shown = std::iter::once(program)
            .chain(args)
            .map(str::to_owned)
            .collect();
        Self { command, shown }
    }

    pub(crate) fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.command.args(args);
        self.shown.extend(args.map(str::to_owned));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn within(mut self, folder: &str) -> Self {
        self.command.current_dir(root().join(folder));
        self
    }

    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        let shown = self.shown.join(" ");
        say(&format!("$ {shown}"));
        let status = self
            .command
            .status()
            .with_context(|| format!("cannot start `{shown}`"))?;
        if !status.success() {
            bail!("`{shown}` ended with {status}");
        }
        Ok(())
    }

    /// Runs it unseen and gives what it prints; what it complains of still goes through.
    pub(crate) fn output(mut self) -> anyhow::Result<String> {
        let shown = self.shown.join(" ");
        let output = self.command.stderr(Stdio::inherit()).output();
        let output = output.with_context(|| format!("cannot start `{shown}`"))?;
        if !output.status.success() {
            bail!("`{shown}` ended with {}", output.status);
        }
        let text = String::from_utf8(output.stdout);
        let text = text.with_context(|| format!("`{shown}` printed no text"))?;
        Ok(text.trim_end().to_owned())
    }
}

/// Whether a program of this name is on the path.
pub(crate) fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The repository's root: the workspace this program was built from.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// Says something to the person who waits.
#[expect(
    clippy::print_stdout,
    reason = "a run's headings belong between its tools' own output"
)]
pub(crate) fn say(text: &str) {
    println!("{text}");
}
