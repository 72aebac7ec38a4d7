//! `signalbox fmt`: lays files out anew, in their place or on stdout.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use signalbox_files::LockedFile;
use signalbox_policy::{NotReformatted, limits::TEXT_BYTES, reformat};

use crate::{diagnosis::diagnosis, exit::Exit, included::Texts, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Documents, cases, values or keyrings; `-` reads stdin and writes stdout.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing, and fail if something would change.
    #[arg(long)]
    check: bool,
}

/// What became of one text.
enum Done {
    AsItWas,
    Formatted(String),
    /// It was said why.
    Refused,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut exit = Exit::Ok;
    for path in &arguments.files {
        let done = if path.as_os_str() == "-" {
            stdin(arguments.check)
        } else {
            file(path, arguments.check)
        };
        exit = match done {
            // One that cannot be read keeps nothing from the others.
            Err(error) => {
                output::problem(&format!("{error:#}"));
                Exit::Failed
            }
            Ok(Done::Refused) if exit == Exit::Ok => Exit::InvalidPolicy,
            Ok(Done::Formatted(_)) if arguments.check && exit == Exit::Ok => Exit::Failed,
            Ok(_) => exit,
        };
    }
    Ok(exit)
}

fn stdin(only_checks: bool) -> anyhow::Result<Done> {
    const NAME: &str = "stdin";
    let mut text = String::new();
    let mut stdin = std::io::stdin().lock().take(MOST_BYTES);
    stdin.read_to_string(&mut text).context(NAME)?;
    let done = formatted(NAME, &text);
    match &done {
        Done::Formatted(_) if only_checks => would_change(NAME),
        Done::Formatted(text) => output::text(text)?,
        Done::AsItWas if !only_checks => output::text(&text)?,
        Done::AsItWas | Done::Refused => {}
    }
    Ok(done)
}

fn file(path: &Path, only_checks: bool) -> anyhow::Result<Done> {
    let name = path.display().to_string();
    let waits = || output::talk(&format!("waits for another process that changes {name}"));
    let limit = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
    let file = LockedFile::open(path, limit, PATIENCE, waits)?;
    let bytes = file
        .bytes()
        .with_context(|| format!("{name} is not there"))?;
    let text = std::str::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
    let done = formatted(&name, text);
    match &done {
        Done::Formatted(_) if only_checks => would_change(&name),
        Done::Formatted(text) => {
            file.replace(text.as_bytes())?;
            output::talk(&format!("{name}: formatted"));
        }
        Done::AsItWas | Done::Refused => {}
    }
    Ok(done)
}

fn formatted(name: &str, text: &str) -> Done {
    match reformat(text) {
        Ok(formatted) if formatted == text => Done::AsItWas,
        Ok(formatted) => Done::Formatted(formatted),
        Err(NotReformatted::Invalid(found)) => {
            output::talk(&diagnosis(name, text, &Texts::default(), &found));
            Done::Refused
        }
        Err(error @ NotReformatted::WouldDiffer) => {
            output::problem(&format!("{name} stays as it is: {error}"));
            Done::Refused
        }
    }
}

fn would_change(name: &str) {
    output::talk(&format!("{name}: not formatted; run `signalbox fmt` on it"));
}

/// One more than is read of a document, so that a longer one is refused where that is explained.
const MOST_BYTES: u64 = TEXT_BYTES as u64 + 1;

/// As for keyrings.
const PATIENCE: Duration = Duration::from_secs(10);
