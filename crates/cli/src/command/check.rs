//! `signalbox check`: every error and every warning of a document at once.

mod json;
mod sarif;

use std::path::PathBuf;

use clap::{ValueEnum, builder::PossibleValuesParser};
use signalbox_policy::{Diagnostic, Policy, Rules as _, Severity};

use crate::{
    checked::Checked, exit::Exit, given_values::GivenValues, output, policy_file::GtRoutesFile,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Policy documents.
    #[arg(required = true, value_name = "POLICY.yaml")]
    files: Vec<PathBuf>,
    /// Fail if there are warnings.
    #[arg(long)]
    deny_warnings: bool,
    /// Leave out warnings with this code; may be repeated.
    #[arg(
        long,
        value_name = "CODE",
        value_parser = PossibleValuesParser::new(Diagnostic::WARNINGS),
        hide_possible_values = true
    )]
    allow: Vec<String>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    values: GivenValues,
    #[command(flatten)]
    gt_routes: GtRoutesFile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, on stderr.
    Text,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, as code hosts and editors read it.
    Sarif,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let table = arguments.gt_routes.read()?;
    let mut files = Vec::with_capacity(arguments.files.len());
    let mut is_unread = false;
    for path in &arguments.files {
        // One that cannot be read hides nothing of the others.
        let mut file = match Checked::read(path, &values, &table) {
            Ok(file) => file,
            Err(error) => {
                output::problem(&format!("{error:#}"));
                is_unread = true;
                continue;
            }
        };
        file.allow(&arguments.allow);
        if arguments.format == Format::Text {
            text(&file);
        }
        files.push(file);
    }
    match arguments.format {
        Format::Text => {}
        Format::Json => output::json(&json::report(&files))?,
        Format::Sarif => output::json(&serde_json::to_value(sarif::log(&files))?)?,
    }
    let fails = |file: &Checked| {
        let is_denied = arguments.deny_warnings && file.count(Severity::Warning) > 0;
        file.valid().is_none() || is_denied
    };
    Ok(if is_unread {
        Exit::Failed
    } else if files.iter().any(fails) {
        Exit::InvalidPolicy
    } else {
        Exit::Ok
    })
}

fn text(file: &Checked) {
    if !file.found().is_empty() {
        output::talk(&file.diagnosis());
    }
    if let Some(resolved) = file.valid() {
        output::talk(&format!("{}: {}", file.name(), fine(resolved.policy())));
    }
}

/// What can be said of a document without errors.
fn fine(policy: &Policy) -> String {
    format!(
        "ok: policy `{}`, {} routes, {} models, {} cases",
        policy.name(),
        policy.routes().count(),
        policy.models().count(),
        policy.cases().len(),
    )
}
