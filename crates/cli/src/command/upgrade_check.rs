//! `signalbox upgrade-check`: what of an installation this version would not load, or would treat
//! differently. What is found is found by the code that loads it; nothing is changed.

mod file;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;
use signalbox_host::{
    config::{Config, ConfigError},
    installation::{self, Effect, Finding},
};
use signalbox_policy::Values;
use signalbox_swap::error_chain;

use super::serve::refuse_demo_secrets;
use crate::{compile, exit::Exit, given_values::GivenValues, output, sources::Documents};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Run it with the new version, as the user that runs the host, before the host is replaced; the \
    old one may go on serving. It opens no port, asks nobody, and writes nothing.\n\n\
    Examples:\n  \
    signalbox upgrade-check --config signalbox.yaml\n  \
    signalbox upgrade-check policy.yaml policy.wasm keys.yaml cases.yaml policy.wasm.statement")]
pub(crate) struct Arguments {
    /// The configuration, and all it names: policies, keyring, GT keys, certificates, issuers'
    /// keys, signers' keys, cases, and the state folder.
    #[arg(long, value_name = "signalbox.yaml", required_unless_present = "files")]
    config: Option<PathBuf>,
    /// Documents, components, keyrings, cases, statements, signers' public keys, configurations;
    /// which one it is shows in what it says.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    values: GivenValues,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let mut found = Vec::new();
    if let Some(path) = &arguments.config {
        found.extend(installation(path, &values)?);
    }
    for path in &arguments.files {
        found.extend(file::check(path, &values)?);
    }
    if arguments.json {
        let all: Vec<_> = found.iter().map(to_json).collect();
        output::json(&json!({"version": env!("CARGO_PKG_VERSION"), "findings": all}))?;
    } else {
        found
            .iter()
            .try_for_each(|finding| output::data(&shown(finding)))?;
    }
    Ok(summed_up(&found))
}

/// A configuration, and everything it names.
fn installation(path: &Path, values: &Values) -> anyhow::Result<Vec<Finding>> {
    let mut config = match Config::load(path) {
        Ok(config) => config,
        Err(error @ ConfigError::File { .. }) => return Err(error.into()),
        Err(error) => {
            let reason = error_chain(&error);
            return Ok(vec![
                Finding::stops("configuration", "configuration", reason).of(Some(path)),
            ]);
        }
    };
    config.sources = Arc::new(Documents::with(values.clone()));
    config.compile = compile::in_child()?;
    let mut found = installation::check(&config);
    let has_keyring = !found.iter().any(|finding| finding.code == "keyring");
    if has_keyring && let Err(error) = refuse_demo_secrets(&config) {
        found.push(Finding::stops(
            "demo_secret",
            "configuration",
            format!("{error:#}"),
        ));
    }
    for finding in &mut found {
        // What is in no file of its own is in this one.
        finding.file.get_or_insert_with(|| path.to_owned());
    }
    Ok(found)
}

fn to_json(finding: &Finding) -> serde_json::Value {
    json!({
        "effect": finding.effect.word(),
        "code": finding.code,
        "what": finding.what,
        "file": finding.file.as_ref().map(|path| path.display().to_string()),
        "reason": finding.reason,
        "help": finding.help,
    })
}

/// As `check` prints errors: the file, the code, why, and what to do.
fn shown(finding: &Finding) -> String {
    // The errors of a document name their places themselves, one below the other.
    let mut text = if finding.reason.contains('\n') {
        finding.reason.clone()
    } else {
        let file = finding.file.as_ref();
        let file = file.map_or_else(String::new, |path| format!("{}: ", path.display()));
        let word = match finding.effect {
            Effect::Stops => "error",
            Effect::Differs => "warning",
            Effect::Unchecked => "note",
        };
        let Finding {
            code, what, reason, ..
        } = finding;
        format!("{file}{word}[{code}]: {what}: {reason}")
    };
    if let Some(help) = &finding.help {
        text.push_str("\n    = help: ");
        text.push_str(help);
    }
    text
}

fn summed_up(found: &[Finding]) -> Exit {
    let count = |effect| found.iter().filter(|it| it.effect == effect).count();
    let (stops, differs, unchecked) = (
        count(Effect::Stops),
        count(Effect::Differs),
        count(Effect::Unchecked),
    );
    let version = env!("CARGO_PKG_VERSION");
    output::talk(&format!(
        "signalbox {version}: would not load: {stops}, treated differently: {differs}, not looked \
         at: {unchecked}"
    ));
    if stops == 0 {
        Exit::Ok
    } else {
        Exit::InvalidPolicy
    }
}
