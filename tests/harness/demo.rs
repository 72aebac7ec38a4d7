//! `signalbox demo`, and a shell in which commands run as people paste them.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{
    command::{binary, signalbox},
    process::{Process, Program},
    root,
};

/// The demo; it is killed when this is dropped.
#[derive(Debug)]
pub struct Demo {
    _process: Process,
    /// Where clients connect, as `address:port`.
    pub host: String,
    /// Where operators connect.
    pub admin: String,
}

impl Demo {
    /// Starts one on free ports and waits for it.
    #[must_use]
    pub fn start() -> Self {
        let free = ["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        let process = signalbox().args(free).start();
        Self::wait(process)
    }

    /// Waits until a demo says where it listens.
    #[must_use]
    pub fn wait(mut process: Process) -> Self {
        let [host, admin] = process.wait_until(|process| {
            let printed = process.stdout();
            let address = |name: &str| {
                let line = printed
                    .lines()
                    .find(|line| line.trim_start().starts_with(name))?;
                let url = line.split_whitespace().nth(1)?;
                url.strip_prefix("http://").map(str::to_owned)
            };
            printed
                .contains("/metrics")
                .then_some([address("host ")?, address("admin ")?])
        });
        Self {
            _process: process,
            host,
            admin,
        }
    }

    /// Runs a block of commands in a folder that has what a clone has, and gives what it printed.
    ///
    /// # Panics
    /// If there is no room for that folder.
    #[must_use]
    pub fn run(&self, block: &str) -> String {
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        for name in ["plugins", "docs"] {
            symlink(root().join(name), folder.path().join(name)).expect("a link in our folder");
        }
        self.run_in(folder.path(), block)
    }

    /// Runs a block of commands in a folder, and gives what it printed.
    #[must_use]
    pub fn run_in(&self, folder: &Path, block: &str) -> String {
        self.shell(folder, block).output()
    }

    /// A block of commands, before it runs.
    #[must_use]
    pub fn shell(&self, folder: &Path, block: &str) -> Program {
        let script = block
            .replace("127.0.0.1:8080", &self.host)
            .replace("127.0.0.1:8081", &self.admin);
        let admin = format!("http://{}", self.admin);
        // The commands' default reaches a demo at its usual address; this one has another.
        shell(folder, &script).env("SIGNALBOX_ADMIN", &admin)
    }
}

/// A shell in a folder, with the command, cargo and the clients' Python on its search path.
///
/// # Panics
/// If no search path can be made of these folders.
#[must_use]
pub fn shell(folder: &Path, script: &str) -> Program {
    let commands = binary()
        .parent()
        .expect("a binary lies in a folder")
        .to_owned();
    let inherited = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(
        [commands, root().join(".cache/python/bin")]
            .into_iter()
            .chain(env::split_paths(&inherited)),
    );
    let script = format!("set -eu\ncd {}\n{script}", folder.display());
    let mut shell = Program::new("sh")
        .arg("-c")
        .arg(script)
        .env("PATH", &path.expect("a search path").to_string_lossy())
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    // Where cargo and rustup keep what they have: in a person's home unless these say otherwise.
    for (name, place) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let home = || Path::new(&env::var_os("HOME").unwrap_or_default()).join(place);
        let value = env::var_os(name).map_or_else(home, PathBuf::from);
        shell = shell.env(name, &value.to_string_lossy());
    }
    shell
}

/// The fenced `sh` blocks of a page.
#[must_use]
pub fn blocks(page: &str) -> Vec<String> {
    blocks_in(page, "sh")
}

/// The fenced blocks of a page that are in this language.
///
/// # Panics
/// If there is no such page.
#[must_use]
pub fn blocks_in(page: &str, language: &str) -> Vec<String> {
    let text =
        fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
    text.split(&format!("```{language}\n"))
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}
