//! `signalbox check`: every error and every warning of a document at once.

mod envoy;
mod json;
mod sarif;

use std::path::PathBuf;

use clap::{ValueEnum, builder::PossibleValuesParser};
use signalbox_policy::{Diagnostic, Policy, Rules as _, Severity};

use crate::{
    checked::Checked, exit::Exit, finding::Finding, given_values::GivenValues, output,
    policy_file::GtRoutesFile,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Policy documents.
    #[arg(required_unless_present = "envoy", value_name = "POLICY.yaml")]
    files: Vec<PathBuf>,
    /// A configuration of Envoy with the gate in it: what of it fails open; may be repeated.
    #[arg(long, value_name = "ENVOY.yaml")]
    envoy: Vec<PathBuf>,
    /// Fail if there are warnings.
    #[arg(long)]
    deny_warnings: bool,
    /// Leave out warnings with this code; may be repeated.
    #[arg(
        long,
        value_name = "CODE",
        value_parser = PossibleValuesParser::new(warnings()),
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
    let mut files = Vec::new();
    let mut is_unread = false;
    let policies = arguments.files.iter().map(|path| -> anyhow::Result<_> {
        let mut file = Checked::read(path, &values, &table)?;
        file.allow(&arguments.allow);
        Ok(CheckedFile::Policy(Box::new(file)))
    });
    let proxies = arguments.envoy.iter().map(|path| -> anyhow::Result<_> {
        let mut file = envoy::Checked::read(path)?;
        file.allow(&arguments.allow);
        Ok(CheckedFile::Envoy(file))
    });
    for read in policies.chain(proxies) {
        // One that cannot be read hides nothing of the others.
        let file = match read {
            Ok(file) => file,
            Err(error) => {
                output::problem(&format!("{error:#}"));
                is_unread = true;
                continue;
            }
        };
        if arguments.format == Format::Text {
            file.text();
        }
        files.push(file);
    }
    match arguments.format {
        Format::Text => {}
        Format::Json => output::json(&json::report(&files))?,
        Format::Sarif => output::json(&serde_json::to_value(sarif::log(&files))?)?,
    }
    let fails = |file: &CheckedFile| {
        let is_denied = arguments.deny_warnings && file.count(Severity::Warning) > 0;
        file.count(Severity::Error) > 0 || is_denied
    };
    Ok(if is_unread {
        Exit::Failed
    } else if files.iter().any(fails) {
        Exit::InvalidPolicy
    } else {
        Exit::Ok
    })
}

/// A file that was looked at.
enum CheckedFile {
    Policy(Box<Checked>),
    Envoy(envoy::Checked),
}

impl CheckedFile {
    fn name(&self) -> &str {
        match self {
            Self::Policy(file) => file.name(),
            Self::Envoy(file) => file.name(),
        }
    }

    /// All that was found.
    fn found(&self) -> Vec<&dyn Finding> {
        match self {
            Self::Policy(file) => file.found().iter().map(|it| it as &dyn Finding).collect(),
            Self::Envoy(file) => file.found().iter().map(|it| it as &dyn Finding).collect(),
        }
    }

    fn count(&self, severity: Severity) -> usize {
        let found = self.found().into_iter();
        found.filter(|it| it.severity() == severity).count()
    }

    /// The policy it is, if it is a valid one.
    fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Policy(file) => file.valid().map(|resolved| resolved.policy()),
            Self::Envoy(_) => None,
        }
    }

    fn text(&self) {
        match self {
            Self::Policy(file) => text(file),
            Self::Envoy(file) => {
                if !file.found().is_empty() {
                    output::talk(&file.diagnosis());
                }
                if self.count(Severity::Error) == 0 {
                    output::talk(&format!("{}: {}", file.name(), file.fine()));
                }
            }
        }
    }
}

/// The codes of all warnings.
fn warnings() -> Vec<&'static str> {
    [Diagnostic::WARNINGS, envoy::WARNINGS].concat()
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
