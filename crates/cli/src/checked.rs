//! A document with all that is wrong with it, and all that is probably not meant.

use std::{fs, path::Path};

use anyhow::Context as _;
use signalbox_host::ReadFile;
use signalbox_policy::{Diagnostic, Resolved, Severity, Values, gt_routes::GtRoutes, read_with};

use crate::{
    diagnosis::diagnosis,
    included::{Included, Texts, from_disk},
};

/// A document, valid or not.
#[derive(Debug)]
pub(crate) struct Checked {
    name: String,
    source: String,
    included: Texts,
    found: Vec<Diagnostic>,
    resolved: Option<Resolved>,
}

impl Checked {
    /// Reads the document in a file.
    pub(crate) fn read(path: &Path, values: &Values, table: &GtRoutes) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let bytes = fs::read(path).with_context(|| format!("cannot read {name}"))?;
        if bytes.starts_with(b"\0asm") {
            anyhow::bail!("{name} is WebAssembly; `check` reads documents");
        }
        let Ok(source) = String::from_utf8(bytes) else {
            anyhow::bail!("{name} is neither WebAssembly nor UTF-8");
        };
        Ok(Self::of(&name, source, &mut from_disk, values, table))
    }

    /// Reads a document by its text; `name` is its path, and `read` reads the files it includes.
    pub(crate) fn of(
        name: &str,
        source: String,
        read: &mut ReadFile<'_>,
        values: &Values,
        table: &GtRoutes,
    ) -> Self {
        let mut included = Texts::default();
        let files = &mut Included::shown(read, &mut included);
        let (found, resolved) = match read_with(&source, name, files, values) {
            Ok(resolved) => {
                let mut found = resolved.check_gt_routes(table);
                found.extend(resolved.warnings());
                (found, Some(resolved))
            }
            Err(found) => (found, None),
        };
        Self {
            name: name.to_owned(),
            source,
            included,
            found,
            resolved,
        }
    }

    /// Leaves out the warnings with these codes.
    pub(crate) fn allow(&mut self, codes: &[String]) {
        let is_allowed = |it: &Diagnostic| {
            it.severity == Severity::Warning && codes.iter().any(|code| code == it.code)
        };
        self.found.retain(|it| !is_allowed(it));
    }

    /// The path of its file.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// All that was found: errors before warnings, each in the order of the text.
    pub(crate) fn found(&self) -> &[Diagnostic] {
        &self.found
    }

    /// How many of a kind were found.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        let found = self.found.iter();
        found.filter(|it| it.severity == severity).count()
    }

    /// What it means, if it is valid.
    pub(crate) fn valid(&self) -> Option<&Resolved> {
        let is_valid = self.count(Severity::Error) == 0;
        self.resolved.as_ref().filter(|_| is_valid)
    }

    /// What was found, for people.
    pub(crate) fn diagnosis(&self) -> String {
        diagnosis(&self.name, &self.source, &self.included, &self.found)
    }
}
