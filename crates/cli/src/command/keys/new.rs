//! `signalbox keys new`.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use signalbox_host::{keyring::Keyring, presets::Preset};

use crate::{exit::Exit, output};

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
    /// A dataset target the key may write to; may be repeated.
    #[arg(long = "dataset", value_name = "TARGET")]
    datasets: Vec<String>,
    /// The policy that decides for the key.
    #[arg(long, default_value = "default", value_name = "NAME")]
    policy: String,
    /// When the key ends, as in 2027-06-30T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// Print entry and token as JSON, both on stdout.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let token = token()?;
    let digest = hex(&Sha256::digest(token.as_bytes()));
    let entry = entry(arguments, &digest);
    // What is printed is what the host will read: a mistake shows here, not at the next reload.
    if let Err(error) = Keyring::parse(&format!("keys:\n{entry}")) {
        output::problem(&format!("{:#}", anyhow::Error::from(error)));
        return Ok(Exit::Usage);
    }
    if arguments.json {
        output::json(&json!({"entry": entry, "token": token}))?;
        return Ok(Exit::Ok);
    }
    output::data(entry.trim_end())?;
    output::talk(&format!(
        "token, shown this once: {token}\nadd the entry under `keys:` in the keyring; a running \
         host reads it within seconds"
    ));
    Ok(Exit::Ok)
}

fn presets() -> Vec<&'static str> {
    Preset::ALL.iter().map(|preset| preset.word).collect()
}

/// 256 random bits behind GT's own prefix, so that secret scanners know it.
fn token() -> anyhow::Result<String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the operating system gives no random bytes")?;
    Ok(format!("gtak_{}", hex(&random)))
}

fn entry(arguments: &Arguments, digest: &str) -> String {
    let mut text = format!(
        "  - id: {}\n    sha256: \"{digest}\"\n",
        quoted(&arguments.id)
    );
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
    let all = arguments.models.len() == 1 && arguments.models.iter().all(|name| name == "all");
    line(
        "models",
        &if all {
            "all".to_owned()
        } else {
            list(&arguments.models)
        },
    );
    line("datasets", &list(&arguments.datasets));
    if let Some(expires) = &arguments.expires {
        line("expires", &quoted(expires));
    }
    text
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("[{}]", names.join(", "))
}

/// A JSON string is a YAML string, whatever is in it.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
