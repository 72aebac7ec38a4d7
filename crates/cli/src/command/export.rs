//! `signalbox export`: what a client has to be told so that it works through the gate with a key.

mod abilities;
mod client;
mod clients;
mod files;
mod literal;
mod template;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::Timestamp;
use signalbox_gate::keyring::{Key, KeyStatus};
use signalbox_policy::Policy;

use super::keys::KeyFile;
use crate::{
    exit::{Exit, Misused},
    gate_url::GateUrl,
    given_values::GivenValues,
    output,
    policy_file::PolicyFile,
    show::{self, table::table},
};
use abilities::{Abilities, Unable};
use client::Client;
use files::{Made, NoFiles, made};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Example:\n  \
    signalbox export librechat --keys keys.yaml --key librechat-prod --policy policy.yaml \
    --url https://gate.example")]
pub(crate) struct Arguments {
    /// The client, as `--list` names it.
    #[arg(required_unless_present = "list")]
    client: Option<String>,
    /// List the clients.
    #[arg(long, exclusive = true)]
    list: bool,
    /// The keyring.
    #[arg(long, value_name = "KEYS.yaml", required_unless_present = "list")]
    keys: Option<PathBuf>,
    /// The key that the client is to use.
    #[arg(long, value_name = "ID", required_unless_present = "list")]
    key: Option<String>,
    /// The policy that the key is under: a document, or a component that carries its document.
    #[arg(long, value_name = "FILE", required_unless_present = "list")]
    policy: Option<PathBuf>,
    /// Where the client reaches the gate; with or without a base.
    #[arg(long, value_name = "URL", value_parser = GateUrl::parse, required_unless_present = "list")]
    url: Option<GateUrl>,
    /// A model to offer; may be repeated. Without it, all by name that the key may use.
    #[arg(long = "model", value_name = "NAME")]
    models: Vec<String>,
    /// Print this file alone.
    #[arg(long, value_name = "NAME", conflicts_with = "out")]
    file: Option<String>,
    /// Write the files into this folder, in place of printing them.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write over files that are there.
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    values: GivenValues,
}

/// Why there is nothing to export.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("the key `{0}` is revoked")]
    Revoked(String),
    #[error("the key `{id}` ended at {at}")]
    Expired { id: String, at: Timestamp },
    #[error("the key `{key}` cannot do what {client} needs: {why}")]
    Unable {
        key: String,
        client: &'static str,
        why: Unable,
    },
    #[error(transparent)]
    Broken(NoFiles),
    #[error("{0} carries no document; name the document it was made from")]
    NoDocument(String),
    #[error("{0} is there already; --force writes over it")]
    IsThere(String),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Arguments {
        client: Some(name),
        keys: Some(keys),
        key: Some(id),
        policy: Some(policy),
        url: Some(url),
        ..
    } = arguments
    else {
        return list();
    };
    let client = client(name)?;
    let Some(policy) = read_policy(policy, &arguments.values)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let keys = KeyFile::read(keys)?;
    let key = keys.key(id)?;
    check_standing(key)?;
    let abilities = Abilities::of(&policy, &key.caller, &arguments.models);
    let files = made(client, url, &abilities).map_err(|why| match why {
        NoFiles::Unable(why) => ExportError::Unable {
            key: id.clone(),
            client: client.name,
            why,
        },
        broken @ NoFiles::Template { .. } => ExportError::Broken(broken),
    })?;
    match &arguments.out {
        Some(folder) => write(folder, &files.made, arguments.force)?,
        None => print(arguments.file.as_deref(), &files.made)?,
    }
    files
        .left_out
        .iter()
        .for_each(|note| output::talk(&format!("note: {note}")));
    explain(key, url, &files.made);
    Ok(Exit::Ok)
}

fn list() -> anyhow::Result<Exit> {
    let rows: Vec<[String; 3]> = clients::all()
        .map(|client| {
            let files = client.files.iter().map(|template| template.file);
            let files: Vec<_> = files.collect();
            [
                client.slug.to_owned(),
                client.name.to_owned(),
                files.join(", "),
            ]
        })
        .collect();
    output::data(&table(["client", "name", "files"], &rows))?;
    Ok(Exit::Ok)
}

fn client(name: &str) -> Result<&'static Client, Misused> {
    clients::find(name).map_err(|near| {
        let name = show::plain(name);
        Misused(match near {
            Some(near) => format!("there is no client `{name}`; did you mean `{near}`?"),
            None => format!("there is no client `{name}`; --list names them"),
        })
    })
}

fn read_policy(path: &Path, values: &GivenValues) -> anyhow::Result<Option<Policy>> {
    let Some(values) = values.read()? else {
        return Ok(None);
    };
    Ok(match PolicyFile::read(path, &values)? {
        None => None,
        Some(PolicyFile::Document(document)) => Some(document.resolved.into_policy()),
        Some(file) => {
            let policy = signalbox_compiler::document_of(&file.into_component()?);
            let name = path.display().to_string();
            Some(policy.ok_or(ExportError::NoDocument(name))?)
        }
    })
}

fn check_standing(key: &Key) -> Result<(), ExportError> {
    let id = key.caller.id.clone();
    match (key.status(Timestamp::now()), key.expires) {
        (KeyStatus::Revoked, _) => Err(ExportError::Revoked(id)),
        (KeyStatus::Expired, Some(at)) => Err(ExportError::Expired { id, at }),
        _ => Ok(()),
    }
}

fn print(only: Option<&str>, files: &[Made]) -> anyhow::Result<()> {
    if let Some(name) = only {
        let file = files.iter().find(|made| made.file == name);
        let Some(file) = file else {
            let known: Vec<_> = files.iter().map(|made| made.file).collect();
            let known = known.join(", ");
            let message = format!("--file {name}: there is {known}");
            return Err(Misused(message).into());
        };
        return output::data(file.text.trim_end());
    }
    let [only] = files else {
        let texts = files.iter();
        let texts: Vec<_> = texts
            .map(|made| format!("==> {} <==\n{}", made.file, made.text))
            .collect();
        return output::data(texts.join("\n").trim_end());
    };
    output::data(only.text.trim_end())
}

/// All of them, or none if one is there. What was created is taken away again if one cannot be
/// written.
fn write(folder: &Path, files: &[Made], force: bool) -> anyhow::Result<()> {
    let path_of = |made: &Made| folder.join(made.file);
    // A link that leads nowhere is there as well.
    let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
    let mut there = files.iter().map(path_of).filter(is_there);
    if let Some(path) = there.next().filter(|_| !force) {
        return Err(ExportError::IsThere(path.display().to_string()).into());
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut created = Vec::new();
    for made in files {
        let path = path_of(made);
        let is_new = !is_there(&path);
        if let Err(error) = signalbox_files::replace(&path, made.text.as_bytes()) {
            for path in created {
                let _ = fs::remove_file(path);
            }
            return Err(error.into());
        }
        if is_new {
            created.push(path);
        }
    }
    Ok(())
}

/// What to do with the files, and where the secret comes from that is in none of them.
fn explain(key: &Key, url: &GateUrl, files: &[Made]) {
    for made in files {
        output::talk(&format!("{}: {}", made.file, made.then));
    }
    let id = show::plain(&key.caller.id);
    output::talk(&match key.is_profile() {
        true => format!("SIGNALBOX_KEY stands for a token of `jwt` that names the profile `{id}`"),
        false => format!(
            "SIGNALBOX_KEY stands for the token of the key `{id}`, which was shown when the key was made"
        ),
    });
    if url.is_exposed() {
        output::talk("warning: over plain http anybody on the way can read the token: use https");
    }
}
