//! A document becomes a policy: every word in it is looked at, and everything wrong is reported.

mod callers;
mod case_file;
mod cases;
mod ceilings;
mod client;
mod expectation;
mod labels;
mod limits;
mod models;
mod mutants;
mod names;
mod resolved;
mod routes;
mod words;

use crate::{
    Diagnostic, Document, Files, NoFiles, Policy, Position, Values,
    diagnostic::{Code, Findings, shown},
    policy::Parts,
    resolve::{self, With},
};

pub use case_file::read_cases;
use cases::{Known, cases};
pub use mutants::Mutant;
pub use names::is_published_name;
pub use resolved::{Place, Resolved};

/// Reads a document that stands alone and makes a policy of it. Its values are what they are by
/// default.
///
/// ```
/// let policy = signalbox_policy::read(
///     "policy: smallest\nroutes:\n  GET /v1/models: {verdict: native}\n",
/// )
/// .expect("a valid document");
/// assert_eq!(policy.name(), "smallest");
///
/// let wrong = signalbox_policy::read("policy: p\nroutes:\n  GET /v1/models: {verdit: native}\n")
///     .expect_err("a typing mistake");
/// assert_eq!(wrong[0].to_string(), "3:20: error[unknown_key]: unknown key `verdit` in a route");
/// assert_eq!(wrong[0].help.as_deref(), Some("did you mean `verdict`?"));
/// ```
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn read(text: &str) -> Result<Policy, Vec<Diagnostic>> {
    let resolved = read_with(text, "", &mut NoFiles, &Values::new())?;
    Ok(resolved.into_policy())
}

/// Reads a document with the files it includes and with values for its names. `path` is its own: what
/// it includes is relative to it.
///
/// # Errors
/// Everything that is wrong with any of them: with the document first, each in the order of its text.
pub fn read_with(
    text: &str,
    path: &str,
    files: &mut dyn Files,
    values: &Values,
) -> Result<Resolved, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    limits::source(text, &mut findings);
    let with = With {
        path,
        files,
        values,
    };
    let document = Document::parse_as_far_as_possible(text, 0, &mut findings);
    let resolved = document.and_then(|written| Resolved::new(written, text, with, &mut findings));
    findings.finish(resolved)
}

impl Document {
    /// Checks what the document says and makes a policy of it, as [`read`] does.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the text.
    pub fn check(&self) -> Result<Policy, Vec<Diagnostic>> {
        let mut findings = Findings::default();
        let alone = With {
            path: "",
            files: &mut NoFiles,
            values: &Values::new(),
        };
        let resolved = resolve::resolve(self.clone(), alone, &mut findings);
        let policy = resolved.map(|document| check(&document, &mut findings));
        findings.finish(policy)
    }
}

/// Checks a document. The policy is whole only if nothing was added to `findings`.
fn check(document: &Document, findings: &mut Findings) -> Policy {
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
        findings.add_with_help(Code::MissingKey, Position::TOP, message, help);
    }
    let mut routes = routes::routes(document, findings);
    let mut models = models::models(document, &routes, findings);
    let callers = callers::callers(document, &mut routes, &mut models, findings);
    let cases = cases(&document.cases, Known::Routes(&routes), findings);
    let client = document.client.as_ref();
    let client = client.and_then(|written| client::client(written, findings));
    let routes = routes.whole();
    let policy = Policy::new(Parts {
        name,
        version: version.unwrap_or_default(),
        about,
        client,
        routes,
        models,
        callers,
        cases,
    });
    limits::policy(&policy, document, findings);
    policy
}

fn policy_name(document: &Document, findings: &mut Findings) -> String {
    let Some(name) = &document.policy else {
        if !document.present.has("policy") {
            let help = "begin with `policy: NAME`; a base for others is checked with a document that includes it";
            let message = "a policy document needs `policy`, its name";
            findings.add_with_help(Code::MissingKey, Position::TOP, message, help);
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
