//! The demo that a plugin is served by, in a thread of its own.

use std::{
    net::SocketAddr,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use anyhow::Context as _;

use super::Arguments;
use crate::{
    command::{demo, swap},
    exit::Exit,
    output,
};

pub(super) struct Served {
    thread: JoinHandle<anyhow::Result<Exit>>,
    admin: SocketAddr,
}

impl Served {
    /// Starts a demo with a plugin behind every key; nothing if it said why it does not serve it.
    pub(super) fn start(arguments: &Arguments, plugin: &str) -> anyhow::Result<Option<Self>> {
        let (listen, admin) = (arguments.listen.to_string(), arguments.admin.to_string());
        let words = ["--listen", &listen, "--admin", &admin, "--policy", plugin];
        let demo: demo::Arguments = parsed(&words)?;
        let (bound, told) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("demo".into())
            .spawn(move || demo::run_telling(&demo, &|admin| bound.send(admin).unwrap_or_default()))
            .context("no thread for the demo")?;
        match told.recv() {
            Ok(admin) => Ok(Some(Self { thread, admin })),
            // It ended before it was bound.
            Err(mpsc::RecvError) => joined(thread).map(|_| None),
        }
    }

    /// Puts another plugin behind every key; whether it serves.
    pub(super) fn swap(&self, plugin: &str) -> anyhow::Result<bool> {
        let policies = demo::policy_names().map(|name| format!("{name}={plugin}"));
        let admin = format!("http://{}", self.admin);
        let words: Vec<&str> = policies.iter().map(String::as_str).collect();
        let arguments: swap::Arguments = parsed(&[&words[..], &["--admin", &admin]].concat())?;
        Ok(match swap::run(&arguments) {
            Ok(exit) => exit == Exit::Ok,
            Err(error) => {
                output::problem(&format!("{error:#}"));
                false
            }
        })
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// How it ended.
    pub(super) fn exit(self) -> anyhow::Result<Exit> {
        joined(self.thread)
    }
}

fn joined(thread: JoinHandle<anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    match thread.join() {
        Ok(ended) => ended,
        Err(_) => anyhow::bail!("the demo panicked"),
    }
}

/// Another command's arguments, as its own command line has them.
pub(super) fn parsed<A: clap::Args>(words: &[&str]) -> anyhow::Result<A> {
    let command = A::augment_args(clap::Command::new("signalbox")).no_binary_name(true);
    let matches = command.try_get_matches_from(words)?;
    Ok(A::from_arg_matches(&matches)?)
}
