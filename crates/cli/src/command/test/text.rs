//! Results for people: a line a case, and what is missing.

use std::fmt::Write as _;

use signalbox_cases::{By, CaseResult, Outcome, Report};

use super::{Tested, coverage::Coverage, laws, mutation::Mutation};
use crate::show;

pub(super) fn of(tested: &Tested) -> String {
    let mut text = format!("{}\n{}", tested.name, on_lines(&tested.report).to_text());
    if let Some(coverage) = &tested.coverage {
        add_coverage(&mut text, coverage);
    }
    if let Some(mutation) = &tested.mutation {
        add_mutation(&mut text, mutation);
    }
    if let Some(report) = &tested.laws {
        laws::add_text(&mut text, report);
    }
    text
}

fn add_coverage(text: &mut String, coverage: &Coverage) {
    let parts: Vec<String> = coverage.parts.iter().map(|part| part.to_text()).collect();
    let _ = write!(text, "\ncoverage: {}", parts.join(", "));
    for thing in coverage.parts.iter().flat_map(|part| &part.uncovered) {
        let place = thing.place.as_deref().map(|place| format!(", {place}"));
        let name = show::plain(&thing.name);
        let _ = write!(text, "\nmissing  {name}{}", place.unwrap_or_default());
    }
}

fn add_mutation(text: &mut String, mutation: &Mutation) {
    let (mutants, survived) = (mutation.mutants.len(), mutation.survivors().count());
    let _ = write!(text, "\nmutants: {mutants}, {survived} survived");
    for it in mutation.survivors() {
        let (rule, change) = (show::plain(&it.rule), show::plain(&it.change));
        let help = show::plain(&it.help);
        let _ = write!(
            text,
            "\nsurvived {rule}: {change}, {}\n         {help}",
            it.place
        );
    }
}

/// The same with each text on one line: a component's own texts must not look like lines of ours.
fn on_lines(report: &Report) -> Report {
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Pass => Outcome::Pass,
        Outcome::Skipped(why) => Outcome::Skipped(show::plain(why)),
        Outcome::Error(why) => Outcome::Error(show::plain(why)),
        Outcome::Fail {
            expected,
            actual,
            by,
        } => Outcome::Fail {
            expected: show::plain(expected),
            actual: show::plain(actual),
            by: by.as_ref().map(|by| By {
                rule: show::plain(&by.rule),
                place: by.place.clone(),
            }),
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
