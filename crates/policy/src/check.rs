//! A document becomes a policy: every word in it is looked at, and everything wrong is reported.

mod cases;
mod models;
mod names;
mod routes;
mod words;

use crate::{
    Document, Policy, Position,
    diagnostic::{Code, Findings, shown},
    policy::Parts,
};

pub(crate) use cases::{Known, cases};

/// Checks a document. The policy is whole only if nothing was added to `findings`.
pub(crate) fn check(document: &Document, findings: &mut Findings) -> Policy {
    let name = policy_name(document, findings);
    let version = document
        .version
        .as_ref()
        .map(|text| words::line(text, "`version`", findings));
    let about = document
        .about
        .as_ref()
        .map(|text| words::prose(text, "`about`", findings));
    if document.routes.is_none() && !document.present.has("routes") {
        let help = "a policy without routes refuses everything: say so with `routes: {}`";
        let message = "a policy document needs `routes`";
        findings.add_with_help(Code::MissingKey, TOP, message, help);
    }
    let routes = routes::routes(document, findings);
    let models = models::models(document, &routes, findings);
    let cases = cases(&document.cases, Known::Routes(&routes), findings);
    let routes = routes.whole();
    Policy::new(Parts {
        name,
        version: version.unwrap_or_default(),
        about,
        routes,
        models,
        cases,
    })
}

fn policy_name(document: &Document, findings: &mut Findings) -> String {
    let Some(name) = &document.policy else {
        if !document.present.has("policy") {
            let help = "begin with `policy: NAME`";
            let message = "a policy document needs `policy`, its name";
            findings.add_with_help(Code::MissingKey, TOP, message, help);
        }
        return String::new();
    };
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let starts_well = name
        .value
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !starts_well || !name.value.bytes().all(is_legal) || name.value.len() > 64 {
        let message = format!("`{}` is no policy name", shown(&name.value));
        let help = "use 1 to 64 of A–Z a–z 0–9 - _ . and begin with a letter or a digit";
        findings.add_with_help(Code::BadPolicyName, name.position, message, help);
    }
    name.value.clone()
}

/// Where a document begins: the place of what is not there.
const TOP: Position = Position { line: 1, column: 1 };
