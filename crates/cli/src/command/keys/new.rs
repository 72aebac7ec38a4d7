//! `signalbox keys new`.

use std::{fmt::Write as _, path::PathBuf};

use anyhow::Context as _;
use base16ct::HexDisplay;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use signalbox_gate::keyring::Keyring;
use signalbox_policy::presets::Preset;
use signalbox_swap::error_chain;

use super::append;
use crate::{exit::Exit, named, output};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Arguments {
    /// The key's identifier in the keyring.
    #[arg(long)]
    id: String,
    /// What GT's wizard calls a preset: scopes and purpose in one word.
    #[arg(long, group = "what", conflicts_with_all = ["scopes", "purposes"], value_parser = presets())]
    preset: Option<String>,
    /// A scope; may be repeated.
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        group = "what",
        requires = "purposes"
    )]
    scopes: Vec<String>,
    /// What the key is for; may be repeated.
    #[arg(long = "purpose", value_name = "PURPOSE", group = "what",
          value_parser = ["inference", "upload", "conversation"])]
    purposes: Vec<String>,
    /// A model name or `prefix*` the key may use, or `all`; may be repeated.
    #[arg(long = "model", value_name = "NAME", required = true)]
    models: Vec<String>,
    /// A published name or `prefix*` the key may reach; may be repeated, and absent means all.
    #[arg(long = "published", value_name = "NAME")]
    published: Vec<String>,
    /// A dataset target the key may write to; may be repeated.
    #[arg(long = "dataset", value_name = "TARGET")]
    datasets: Vec<String>,
    /// The policy that decides for the key.
    #[arg(long, default_value = "default", value_name = "NAME")]
    policy: String,
    /// Requests a minute.
    #[arg(long, value_name = "N")]
    per_minute: Option<String>,
    /// Requests at a time.
    #[arg(long, value_name = "N")]
    concurrent: Option<String>,
    /// Streamed answers at a time.
    #[arg(long, value_name = "N")]
    streams: Option<String>,
    /// The largest JSON body, in MiB.
    #[arg(long, value_name = "N")]
    body_mb: Option<String>,
    /// The largest upload or form, in MiB.
    #[arg(long, value_name = "N")]
    upload_mb: Option<String>,
    /// When the key ends, as in 2027-06-30T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// A label for policies and logs; may be repeated.
    #[arg(long = "label", value_name = "NAME=TEXT", value_parser = named::pair)]
    labels: Vec<(String, String)>,
    /// Keys of one group may share conversations and files.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// The GT key for a purpose, by its name in `upstream.credentials`; may be repeated.
    #[arg(long = "credential", value_name = "PURPOSE=NAME", value_parser = named::pair)]
    credentials: Vec<(String, String)>,
    /// Make a profile for callers of `jwt`: it has no token.
    #[arg(long)]
    profile: bool,
    /// Add the entry to this keyring as well; the rest of the file stays as it is.
    #[arg(long, value_name = "KEYS.yaml")]
    append: Option<PathBuf>,
    /// Print entry and token as JSON, both on stdout.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let token = (!arguments.profile).then(token).transpose()?;
    let opener = match &token {
        Some(token) => format!(
            "sha256: \"{:x}\"",
            HexDisplay(&Sha256::digest(token.as_bytes()))
        ),
        None => "profile: true".to_owned(),
    };
    let entry = entry(arguments, &opener);
    // What is printed is what the host will read: a mistake shows here, not at the next reload.
    if let Err(error) = Keyring::parse(&format!("keys:\n{entry}")) {
        output::problem(&error_chain(&error));
        return Ok(Exit::Usage);
    }
    if let Some(path) = &arguments.append {
        append::append(path, &arguments.id, &entry)?;
    }
    if arguments.json {
        output::json(&json!({"entry": entry, "token": token}))?;
        return Ok(Exit::Ok);
    }
    output::data(entry.trim_end())?;
    if let Some(token) = token {
        output::talk(&format!("token, shown this once: {token}"));
    }
    output::talk(&match &arguments.append {
        Some(path) => format!(
            "added to {}; a running host reads it within seconds",
            path.display()
        ),
        None => {
            "add the entry under `keys:` in the keyring; a running host reads it within seconds"
                .to_owned()
        }
    });
    Ok(Exit::Ok)
}

fn presets() -> Vec<&'static str> {
    Preset::ALL.iter().map(|preset| preset.word).collect()
}

/// 256 random bits behind GT's own prefix, so that secret scanners know it.
fn token() -> anyhow::Result<String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the operating system gives no random bytes")?;
    Ok(format!("gtak_{:x}", HexDisplay(&random)))
}

fn entry(arguments: &Arguments, opener: &str) -> String {
    let mut text = format!("  - id: {}\n    {opener}\n", quoted(&arguments.id));
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "    {key}: {value}");
    };
    line("policy", &quoted(&arguments.policy));
    match &arguments.preset {
        Some(preset) => line("preset", preset),
        None => {
            line("scopes", &list(&arguments.scopes));
            line("purposes", &list(&arguments.purposes));
        }
    }
    line("models", &names(&arguments.models));
    if !arguments.published.is_empty() {
        line("published", &names(&arguments.published));
    }
    line("datasets", &names(&arguments.datasets));
    let limits = limits(arguments);
    if !limits.is_empty() {
        line("limits", &map(&limits));
    }
    if let Some(expires) = &arguments.expires {
        line("expires", &quoted(expires));
    }
    if !arguments.labels.is_empty() {
        line("labels", &map(&arguments.labels));
    }
    if let Some(group) = &arguments.group {
        line("group", &quoted(group));
    }
    if !arguments.credentials.is_empty() {
        line("credentials", &map(&arguments.credentials));
    }
    text
}

fn limits(arguments: &Arguments) -> Vec<(String, String)> {
    let limits = [
        ("per_minute", &arguments.per_minute),
        ("concurrent", &arguments.concurrent),
        ("streams", &arguments.streams),
        ("body_mb", &arguments.body_mb),
        ("upload_mb", &arguments.upload_mb),
    ];
    let set = limits
        .into_iter()
        .filter_map(|(name, limit)| Some((name.to_owned(), limit.clone()?)));
    set.collect()
}

/// A list, or the word `all`.
fn names(names: &[String]) -> String {
    match names {
        [only] if only == "all" => "all".to_owned(),
        names => list(names),
    }
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("[{}]", names.join(", "))
}

fn map(fields: &[(String, String)]) -> String {
    let fields = fields.iter();
    let fields: Vec<String> = fields
        .map(|(name, text)| format!("{}: {}", quoted(name), quoted(text)))
        .collect();
    format!("{{{}}}", fields.join(", "))
}

/// A JSON string is a YAML string, whatever is in it.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}
