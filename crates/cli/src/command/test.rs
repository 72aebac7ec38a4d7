//! `signalbox test`: runs the cases of documents or components against the real runtime.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use serde_json::Value;
use signalbox_runtime::LoadOptions;
use signalbox_testkit::{CaseResult, Outcome, Report};

use crate::{
    cases_file, compile, exit::Exit, given_values::GivenValues, output, policy_file::PolicyFile,
    show,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Policy documents or components.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Cases to run in place of those the files carry.
    #[arg(long, value_name = "CASES.yaml")]
    cases: Option<PathBuf>,
    #[command(flatten)]
    values: GivenValues,
    /// How to print the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a case.
    Text,
    /// One JSON document.
    Json,
    /// JUnit XML, as CI systems read it.
    Junit,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let cases = match &arguments.cases {
        Some(path) => match cases_file::read(path)? {
            Some(cases) => Some(cases),
            None => return Ok(Exit::InvalidPolicy),
        },
        None => None,
    };
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let runtime = compile::runtime()?;
    let mut exit = Exit::Ok;
    let mut reports = Vec::new();
    for path in &arguments.files {
        let name = path.display().to_string();
        let Some(file) = PolicyFile::read(path, &values)? else {
            exit = Exit::InvalidPolicy;
            continue;
        };
        let plugin = runtime
            .load(&file.into_component()?, &LoadOptions::default())
            .with_context(|| format!("{name} does not load"))?;
        let carried;
        let cases = match &cases {
            Some(cases) => cases,
            None => {
                carried = signalbox_testkit::carried_cases(&plugin).context(name.clone())?;
                &carried
            }
        };
        if cases.is_empty() {
            anyhow::bail!("{name} has no cases; write some under `cases:` or give --cases");
        }
        let report = signalbox_testkit::run(&plugin, cases);
        if !report.passed() && exit == Exit::Ok {
            exit = Exit::CasesFailed;
        }
        reports.push((name, report));
    }
    print(arguments.format, &reports)?;
    Ok(exit)
}

fn print(format: Format, reports: &[(String, Report)]) -> anyhow::Result<()> {
    match format {
        Format::Text => reports.iter().try_for_each(|(name, report)| {
            output::data(&format!("{name}\n{}", on_lines(report).to_text()))
        }),
        Format::Json => {
            let files = reports.iter().map(|(name, report)| report.to_json(name));
            output::json(&Value::Array(files.collect()))
        }
        Format::Junit => {
            let suites: Vec<String> = reports
                .iter()
                .map(|(name, report)| report.to_junit(name))
                .collect();
            output::data(&format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{}\n</testsuites>",
                suites.join("\n")
            ))
        }
    }
}

/// The same with each text on one line: a component's own texts must not look like lines of ours.
fn on_lines(report: &Report) -> Report {
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Pass => Outcome::Pass,
        Outcome::Skipped(why) => Outcome::Skipped(show::plain(why)),
        Outcome::Error(why) => Outcome::Error(show::plain(why)),
        Outcome::Fail { expected, actual } => Outcome::Fail {
            expected: show::plain(expected),
            actual: show::plain(actual),
        },
    };
    let result = |result: &CaseResult| CaseResult {
        name: show::plain(&result.name),
        request: show::plain(&result.request),
        outcome: outcome(&result.outcome),
    };
    Report {
        results: report.results.iter().map(result).collect(),
    }
}
