//! What holds for any policy, looked at with requests that are made of a policy's own words.

use std::{fmt::Write as _, time::Duration};

use signalbox_policy::Case;
use signalbox_testkit::{Component, LawReport, Trial, Words, case_line, try_laws};

use super::subject::Subject;
use crate::show;

/// Looks at each law, and goes on for so many seconds.
pub(super) fn of(subject: &Subject, cases: &[Case], seed: u64, seconds: u64) -> LawReport {
    let component = Component::of(subject.plugin.clone());
    let words = Words::of(&component).with_cases(cases);
    let trial = Trial {
        seed,
        time: Duration::from_secs(seconds),
        ..Trial::default()
    };
    try_laws(&component, &words, &trial)
}

/// A line for all, and below it each that is broken, with a case to paste.
pub(super) fn add_text(text: &mut String, report: &LawReport) {
    let (laws, broken) = (report.results.len(), report.broken().count());
    let (requests, seed) = (report.requests, report.seed);
    let _ = write!(
        text,
        "\nlaws: {laws}, {broken} broken, {requests} requests, seed {seed}"
    );
    for it in report.broken() {
        let (why, case) = (show::plain(&it.why), case_line(&it.to_case()));
        let case = show::plain(&case);
        let _ = write!(text, "\nbroken   {}: {why}\n         {case}", it.law);
    }
}
