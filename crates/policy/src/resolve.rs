//! A document and the files it includes become one document, with a value in place of each name.
//!
//! Everything is read first; then the values are known, and put into every text; then entries are
//! put together.

use std::collections::BTreeMap;

use crate::{Diagnostic, Document, Text, diagnostic::Findings, format, yaml};
pub(crate) use each::cases_of_file;
use expander::{Expander, Row};
use include::Part;
use values::Settled;

mod each;
mod expander;
mod include;
mod merge;
mod reference;
mod values;

/// What is given for the names under `values:`, by name.
pub type Values = BTreeMap<String, String>;

/// Where the files come from that a document includes. This crate reads none.
pub trait Files {
    /// The text of a file. Its path is made of the document's own and of what `include` says.
    ///
    /// # Errors
    /// Why there is none.
    fn text(&mut self, path: &str) -> Result<String, Unreadable>;
}

/// For documents that must stand alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

/// Why there is no text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// No file can be read where the document is.
    NoFiles,
    /// This one cannot, because of that.
    Because(String),
}

impl Files for NoFiles {
    fn text(&mut self, _: &str) -> Result<String, Unreadable> {
        Err(Unreadable::NoFiles)
    }
}

/// Reads a file of values: a mapping of names to texts.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn read_values(text: &str) -> Result<Values, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let root = yaml::read(text, 0, &mut findings);
    let values = root.map(|root| values::file(root, &mut findings));
    findings.finish(values)
}

/// What a document is read with besides its own text.
pub(crate) struct With<'w> {
    /// The document's own path: what it includes is relative to it.
    pub(crate) path: &'w str,
    pub(crate) files: &'w mut dyn Files,
    pub(crate) values: &'w Values,
}

/// The document with what it includes and without names of values. `None` if something of it is
/// missing, so that no more can be said of it.
pub(crate) fn resolve(
    document: Document,
    with: With<'_>,
    findings: &mut Findings,
) -> Option<Document> {
    let With {
        path,
        files,
        values: given,
    } = with;
    let mut parts = include::load(document, path, files, findings)?;
    let declared = merge::values(&parts, findings);
    let values = values::settle(&declared, given, findings);
    put(&values, &mut parts, findings);
    Some(merge::document(parts, findings))
}

/// Puts the values into every text of every part.
fn put(values: &Settled<'_>, parts: &mut [Part], findings: &mut Findings) {
    let mut expander = Expander::of(values);
    for part in parts {
        // A case may have names of its own.
        let cases = std::mem::take(&mut part.document.cases);
        let none = Row::new();
        let mut put = |text: &mut Text| expander.put(text, &none, findings);
        part.document.each_text(&mut put);
        part.document.cases = each::cases(cases, &mut expander, findings);
    }
    values.check_used(&expander.used, findings);
}

/// Whether the document says by itself all that it means.
pub(crate) fn is_self_contained(document: &Document) -> bool {
    document.include.is_none() && document.values.is_empty()
}

/// The text of a resolved document, which includes nothing and has no values.
pub(crate) fn text(mut document: Document) -> String {
    document.each_text(&mut |text| reference::escape(&mut text.value));
    format(&document)
}
