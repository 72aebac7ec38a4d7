//! `signalbox dev`: builds a plugin at each change, runs its cases, swaps it into a demo, and shows the
//! decisions as they happen.

mod build;
mod served;
pub(super) mod watched;

use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    thread,
    time::Duration,
};

use anyhow::{Context as _, anyhow};

use super::{demo, test};
use crate::{
    exit::{Exit, Misused},
    output,
};
use build::Built;
use served::{Served, parsed};
use watched::{State, Texts};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The plugin's folder: its `build.sh` makes `plugin.wasm`.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Where clients connect, on loopback.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where operators connect, on loopback.
    #[arg(long, default_value = demo::DEFAULT_ADMIN, value_name = "ADDRESS")]
    admin: SocketAddr,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (folder, script) = (&arguments.folder, build::SCRIPT);
    if !folder.join(script).is_file() {
        let folder = folder.display();
        let error = format!("{folder} has no {script}; `signalbox new plugin` writes one with it");
        return Err(Misused(error).into());
    }
    if !arguments.listen.ip().is_loopback() || !arguments.admin.ip().is_loopback() {
        return Err(Misused("this is for one author: it listens on loopback alone".into()).into());
    }
    // Told now, not when all is built.
    for address in [arguments.listen, arguments.admin] {
        TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    }
    Loop {
        arguments,
        served: None,
    }
    .run()
}

struct Loop<'a> {
    arguments: &'a Arguments,
    served: Option<Served>,
}

impl Loop<'_> {
    /// Until the demo ends, which a signal makes it do.
    fn run(&mut self) -> anyhow::Result<Exit> {
        let (mut built, mut meanwhile) = (None, BTreeSet::new());
        loop {
            if let Some(served) = self.served.take_if(|served| served.has_ended()) {
                return served.exit();
            }
            let before = State::of(&self.arguments.folder)?;
            if built.as_ref() == Some(&before) {
                thread::sleep(PAUSE);
                continue;
            }
            let texts = Texts::of(&self.arguments.folder, &before);
            let round = self.round()?;
            let after = State::of(&self.arguments.folder)?;
            // What was saved while it was built is built next. What was written as it was is no change.
            let changed = texts.changed(&self.arguments.folder, &after);
            if !changed.is_empty() && changed == meanwhile {
                let script = build::SCRIPT;
                for path in changed.iter().map(|path| path.display()) {
                    let hint = format!("if {script} writes it, .gitignore is to name it");
                    output::talk(&format!("{path} changes at each build: {hint}"));
                }
                thread::sleep(AGAIN);
            }
            built = Some(if changed.is_empty() { after } else { before });
            meanwhile = changed;
            output::talk(match round {
                Round::Serves => "serving it: the next change builds it again, Ctrl-C ends",
                Round::Failed => "waiting for the next change; Ctrl-C ends",
            });
        }
    }

    /// What is wrong with the plugin is said, and what serves goes on.
    fn round(&mut self) -> anyhow::Result<Round> {
        output::talk("building");
        let is_over = || self.served.as_ref().is_some_and(Served::has_ended);
        if build::run(&self.arguments.folder, is_over)? == Built::No {
            return Ok(Round::Failed);
        }
        let plugin = self.plugin()?;
        let tested = parsed(&[&plugin]).and_then(|tests: test::Arguments| test::run(&tests));
        match tested {
            Ok(Exit::Ok) => {}
            Ok(_) => return Ok(Round::Failed),
            Err(error) => {
                output::problem(&format!("{error:#}"));
                return Ok(Round::Failed);
            }
        }
        let served = match &self.served {
            Some(served) => served.swap(&plugin)?,
            None => {
                self.served = Served::start(self.arguments, &plugin)?;
                self.served.is_some()
            }
        };
        Ok(if served { Round::Serves } else { Round::Failed })
    }

    fn plugin(&self) -> anyhow::Result<String> {
        let path = self.arguments.folder.join(build::PLUGIN);
        let path = path.to_str().map(str::to_owned);
        path.ok_or_else(|| anyhow!("the folder's name is not UTF-8"))
    }
}

/// How a round of the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    Serves,
    Failed,
}

/// How often the folder is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// What changes at each build would else be built without a pause.
const AGAIN: Duration = Duration::from_secs(1);
