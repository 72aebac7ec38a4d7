//! What a file holds that has cases: a component, with the document that it was compiled from.

use std::path::Path;

use anyhow::Context as _;
use signalbox_cases::{By, Outcome, Report};
use signalbox_policy::{Case, Check, DecidedBy, NoFiles, Place, Resolved, Values, read_with};
use signalbox_runtime::{LoadOptions, Plugin, Runtime};

use super::native::Native;
use crate::policy_file::PolicyFile;

pub(super) struct Subject {
    /// The file's name.
    pub(super) name: String,
    pub(super) plugin: Plugin,
    /// `None` of a component that was not compiled from a document by this version.
    pub(super) document: Option<Resolved>,
}

impl Subject {
    /// Reads and loads a file. Every error of a document has been printed when this returns `None`.
    pub(super) fn read(
        path: &Path,
        values: &Values,
        runtime: &Runtime,
    ) -> anyhow::Result<Option<Self>> {
        let name = path.display().to_string();
        let Some(file) = PolicyFile::read(path, values)? else {
            return Ok(None);
        };
        let (component, document) = match file {
            PolicyFile::Document(document) => {
                let resolved = document.resolved;
                let (policy, source) = (resolved.policy(), resolved.source());
                (signalbox_compiler::compile(policy, source)?, Some(resolved))
            }
            other => (other.into_component()?, None),
        };
        let plugin = runtime
            .load(&component, &LoadOptions::default())
            .with_context(|| format!("{name} does not load"))?;
        let document = document.or_else(|| carried(&component, &plugin));
        Ok(Some(Self {
            name,
            plugin,
            document,
        }))
    }

    /// The cases it carries.
    pub(super) fn cases(&self) -> anyhow::Result<Vec<Case>> {
        signalbox_cases::carried_cases(&self.plugin).context(self.name.clone())
    }

    /// Runs cases in the runtime, and says of those that fail which rule decided instead.
    pub(super) fn run(&self, cases: &[Case]) -> Report {
        let mut report = signalbox_cases::run(&self.plugin, cases);
        let Some(document) = &self.document else {
            return report;
        };
        let native = Native::of(document.policy());
        for (case, result) in cases.iter().zip(&mut report.results) {
            if let Outcome::Fail { by, .. } = &mut result.outcome {
                let (_, decided) = native.answer(case);
                *by = Some(self.by(document, decided.as_ref()));
            }
        }
        report
    }

    /// The rule that decided, and where it is written.
    fn by(&self, document: &Resolved, decided: Option<&DecidedBy>) -> By {
        let Some(decided) = decided else {
            return By {
                rule: "the host, before it asks a policy".to_owned(),
                place: None,
            };
        };
        let model = decided.model.as_deref();
        let model = model.filter(|_| decided.check.is_none_or(is_of_model));
        let (what, place) = match (model, &decided.route) {
            (Some(model), _) => (format!("model `{model}`"), document.place_of_model(model)),
            (None, Some(route)) => (format!("route `{route}`"), document.place_of_route(route)),
            (None, None) => ("`routes`, where nothing fits".to_owned(), None),
        };
        let check = decided
            .check
            .map(|check| format!("check `{}`, ", check.word()));
        By {
            rule: format!("{}{what}", check.unwrap_or_default()),
            place: place.map(|place| self.place(&place)),
        }
    }

    /// `file:line:column`
    pub(super) fn place(&self, place: &Place) -> String {
        let file = place.file.as_deref().unwrap_or(&self.name);
        format!("{file}:{}:{}", place.line, place.column)
    }
}

/// The document that a component carries, if it was compiled from that.
fn carried(component: &[u8], plugin: &Plugin) -> Option<Resolved> {
    signalbox_compiler::document_of(component)?;
    read_with(plugin.source()?, "", &mut NoFiles, &Values::new()).ok()
}

/// Whether a check looks at a model's own entry.
const fn is_of_model(check: Check) -> bool {
    matches!(
        check,
        Check::ModelEndpoint | Check::ModelForCaller | Check::ModelOnKey | Check::Ceilings
    )
}
