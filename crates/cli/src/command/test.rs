//! `signalbox test`: runs the cases of documents or components against the real runtime, and says what
//! they leave untried.

mod coverage;
pub(super) mod junit;
mod laws;
mod mutation;
mod native;
mod subject;
mod text;

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::Value;
use signalbox_cases::Report;
use signalbox_policy::{Case, Resolved};
use signalbox_testkit::LawReport;

use crate::{
    cases_file, compile,
    exit::{Exit, Misused},
    given_values::GivenValues,
    output,
};
use coverage::Coverage;
use mutation::Mutation;
use subject::Subject;

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
    /// Say which routes, models and rules no case is decided by.
    #[arg(long)]
    coverage: bool,
    /// Fail if routes, models or rules are covered by less; implies --coverage.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_under: Option<u8>,
    /// Change each rule of a document in turn, and fail if no case notices.
    #[arg(long)]
    mutate: bool,
    /// Look for a request that breaks what holds for any policy, and print it as a case.
    #[arg(long)]
    laws: bool,
    /// Go on looking for so long; implies --laws.
    #[arg(long, value_name = "SECONDS")]
    fuzz: Option<u64>,
    /// What requests are drawn by.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
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

/// What became of one file.
struct Tested {
    name: String,
    report: Report,
    coverage: Option<Coverage>,
    /// `None` also if cases failed: then any mutant would seem to be noticed.
    mutation: Option<Mutation>,
    laws: Option<LawReport>,
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
    let mut tested = Vec::new();
    for path in &arguments.files {
        let Some(subject) = Subject::read(path, &values, &runtime)? else {
            exit = Exit::InvalidPolicy;
            continue;
        };
        let carried;
        let cases = match &cases {
            Some(cases) => cases,
            None => {
                carried = subject.cases()?;
                &carried
            }
        };
        let file = arguments.test(&subject, cases)?;
        if exit == Exit::Ok && !arguments.is_fulfilled(&file) {
            exit = Exit::CasesFailed;
        }
        tested.push(file);
    }
    print(arguments.format, &tested)?;
    Ok(exit)
}

impl Arguments {
    fn test(&self, subject: &Subject, cases: &[Case]) -> anyhow::Result<Tested> {
        let name = &subject.name;
        let looks_at_laws = self.laws || self.fuzz.is_some();
        if cases.is_empty() && !looks_at_laws {
            anyhow::bail!("{name} has no cases; write some under `cases:` or give --cases");
        }
        let report = subject.run(cases);
        let coverage = if self.coverage || self.fail_under.is_some() {
            Some(Coverage::of(
                subject,
                document(subject, "--coverage")?,
                cases,
            ))
        } else {
            None
        };
        let mutation = if !self.mutate {
            None
        } else if report.passed() {
            Some(Mutation::of(subject, document(subject, "--mutate")?, cases))
        } else {
            output::talk(&format!(
                "note: {name}: no rule was changed, because cases fail as it is"
            ));
            None
        };
        let seconds = self.fuzz.unwrap_or_default();
        let laws = looks_at_laws.then(|| laws::of(subject, cases, self.seed, seconds));
        Ok(Tested {
            name: name.clone(),
            report,
            coverage,
            mutation,
            laws,
        })
    }

    /// Whether all that was asked for holds.
    fn is_fulfilled(&self, tested: &Tested) -> bool {
        let is_covered = |coverage: &Coverage| {
            self.fail_under
                .is_none_or(|percent| coverage.reaches(percent))
        };
        let has_none = |mutation: &Mutation| mutation.survivors().next().is_none();
        tested.report.passed()
            && tested.coverage.as_ref().is_none_or(is_covered)
            && tested.mutation.as_ref().is_none_or(has_none)
            && tested.laws.as_ref().is_none_or(LawReport::holds)
    }
}

/// What only a document can say.
fn document<'s>(subject: &'s Subject, flag: &str) -> anyhow::Result<&'s Resolved> {
    let document = subject.document.as_ref();
    let without = || {
        let name = &subject.name;
        let why = "which this component was not compiled from by this version";
        Misused(format!(
            "{flag} looks at the rules of a document, {why}: {name}"
        ))
    };
    Ok(document.ok_or_else(without)?)
}

fn print(format: Format, tested: &[Tested]) -> anyhow::Result<()> {
    match format {
        Format::Text => tested
            .iter()
            .try_for_each(|file| output::data(&text::of(file))),
        Format::Json => output::json(&Value::Array(tested.iter().map(to_json).collect())),
        Format::Junit => output::data(junit::document(tested)?.trim_end()),
    }
}

fn to_json(file: &Tested) -> Value {
    let mut value = file.report.to_json(&file.name);
    if let Some(members) = value.as_object_mut() {
        let coverage = file.coverage.as_ref().map(Coverage::to_json);
        let mutation = file.mutation.as_ref().map(Mutation::to_json);
        members.extend(coverage.map(|it| ("coverage".to_owned(), it)));
        let laws = file.laws.as_ref().map(LawReport::to_json);
        members.extend(mutation.map(|it| ("mutation".to_owned(), it)));
        members.extend(laws.map(|it| ("laws".to_owned(), it)));
    }
    value
}
