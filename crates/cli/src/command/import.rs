//! `signalbox import`: the models of another program's configuration, as a policy document.

mod catalogue;
mod continue_dev;
mod document;
mod imported;
mod librechat;
mod litellm;
mod notices;
mod open_webui;
mod secret;
mod tree;

use std::path::{Path, PathBuf};

use crate::{diagnosis::diagnosis, exit::Exit, included::Texts, named, output};
use imported::Imported;
use tree::Tree;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Example:\n  \
    signalbox import litellm config.yaml --out policy.yaml")]
pub(crate) struct Arguments {
    /// Whose configuration it is.
    source: Source,
    /// Its file, YAML or JSON.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the policy is called; without it, as the program.
    #[arg(long, value_name = "NAME", value_parser = named::name)]
    name: Option<String>,
    /// Where the document goes, in place of stdout.
    #[arg(long, value_name = "POLICY.yaml")]
    out: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long, requires = "out")]
    force: bool,
}

/// A program whose configuration is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Source {
    /// LiteLLM's proxy: `config.yaml`.
    Litellm,
    /// LibreChat: `librechat.yaml`.
    Librechat,
    /// Open WebUI: its configuration or its models, as its settings export them.
    #[value(alias = "open-webui")]
    Openwebui,
    /// Continue: `config.yaml` or `config.json`.
    Continue,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
enum ImportError {
    #[error("{file} names no model as {program} does")]
    NoModel { file: String, program: &'static str },
    #[error("{0} is there already; --force writes over it")]
    IsThere(String),
}

impl Source {
    const fn program(self) -> &'static str {
        match self {
            Self::Litellm => "LiteLLM",
            Self::Librechat => "LibreChat",
            Self::Openwebui => "Open WebUI",
            Self::Continue => "Continue",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Litellm => "litellm",
            Self::Librechat => "librechat",
            Self::Openwebui => "openwebui",
            Self::Continue => "continue",
        }
    }

    fn read(self, root: &Tree) -> Imported {
        let mut imported = Imported::default();
        imported.notices.remark(format!(
            "Models of {}. Put the names that your GT publishes in place of what they lead to.",
            self.program()
        ));
        imported.notices.find_secrets("", root);
        let read = match self {
            Self::Litellm => litellm::read,
            Self::Librechat => librechat::read,
            Self::Openwebui => open_webui::read,
            Self::Continue => continue_dev::read,
        };
        read(root, &mut imported);
        imported
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let source = arguments.source;
    let root = Tree::of(&arguments.file)?;
    let Imported { catalogue, notices } = source.read(&root);
    let lines = notices.lines();
    lines
        .iter()
        .for_each(|line| output::talk(&format!("note: {line}")));
    if catalogue.is_empty() {
        let file = arguments.file.display().to_string();
        let program = source.program();
        return Err(ImportError::NoModel { file, program }.into());
    }
    let name = arguments.name.as_deref().unwrap_or(source.word());
    let about = format!("The models of a configuration of {}.", source.program());
    let text = document::text(name, &about, &catalogue, &lines);
    // What is written is what `check` takes: a mistake shows here, not later.
    if let Err(found) = signalbox_policy::read(&text) {
        output::talk(&diagnosis(
            "the imported document",
            &text,
            &Texts::default(),
            &found,
        ));
        return Ok(Exit::InvalidPolicy);
    }
    match &arguments.out {
        None => output::data(text.trim_end())?,
        Some(path) => write(path, &text, arguments.force)?,
    }
    Ok(Exit::Ok)
}

fn write(path: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    // A link that leads nowhere is there as well.
    if !force && path.symlink_metadata().is_ok() {
        return Err(ImportError::IsThere(path.display().to_string()).into());
    }
    signalbox_files::replace(path, text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests;
