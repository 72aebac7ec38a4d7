//! Case files, as people write them.

use super::cases::{Known, cases};
use crate::{Case, Diagnostic, diagnostic::Findings, document::case_file, resolve, yaml};

/// Reads a case file: a mapping with `cases:` and nothing else, or a list of cases. Its entries are
/// as in a document.
///
/// Nothing is known of the policy, so a case may expect any route and any code.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn read_cases(text: &str) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let written = yaml::read(text, 0, &mut findings).map(|root| case_file(root, &mut findings));
    let written = written.map(|written| resolve::cases_of_file(written, &mut findings));
    let cases = written.map(|written| cases(&written, Known::Nothing, &mut findings));
    findings.finish(cases)
}
