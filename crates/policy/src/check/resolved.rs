//! A document with all that it is made of, checked.

use std::collections::BTreeMap;

use super::{check, limits};
use crate::{
    Diagnostic, Document, Policy, Position,
    diagnostic::{Code, Findings},
    document::Route,
    gt_routes::{GtRoutes, RouteProblem},
    resolve::{self, With},
    warnings,
};

/// Where something of a document is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The included file it is in; `None` for the document itself.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A valid document, with the files it includes and the values it was given.
#[derive(Clone, Debug)]
pub struct Resolved {
    policy: Policy,
    document: Document,
    source: String,
    /// The files it includes, for the places of what is found later.
    files: Vec<String>,
}

impl Resolved {
    /// Resolves and checks a document that was read from `text`. It is valid only if nothing was
    /// added to `findings`.
    pub(super) fn new(
        written: Document,
        text: &str,
        with: With<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let stands_alone = resolve::is_self_contained(&written);
        let document = resolve::resolve(written, with, findings)?;
        let policy = check(&document, findings);
        let source = if stands_alone {
            text.to_owned()
        } else {
            resolve::text(document.clone())
        };
        if !stands_alone {
            limits::source(&source, findings);
        }
        Some(Self {
            policy,
            document,
            source,
            files: findings.files().to_vec(),
        })
    }

    /// The policy it is.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The policy alone.
    #[must_use]
    pub fn into_policy(self) -> Policy {
        self.policy
    }

    /// A text that stands alone and means the same: what a component carries. It is the document's
    /// own where that includes nothing and has no values.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where a route is written, which is called `METHOD template`.
    #[must_use]
    pub fn place_of_route(&self, name: &str) -> Option<Place> {
        let is_it = |it: &&Route| it.key.value.split_whitespace().eq(name.split(' '));
        let found = self.document.routes.iter().flatten().find(is_it)?;
        Some(self.place(found.key.position))
    }

    /// Where a model is written, a name or a pattern.
    #[must_use]
    pub fn place_of_model(&self, name: &str) -> Option<Place> {
        let mut models = self.document.models.iter();
        let found = models.find(|it| it.name.value == name)?;
        Some(self.place(found.name.position))
    }

    /// Where a rule for callers is written.
    #[must_use]
    pub fn place_of_caller(&self, name: &str) -> Option<Place> {
        let mut callers = self.document.callers.iter().flatten();
        let found = callers.find(|it| it.name.value == name)?;
        Some(self.place(found.name.position))
    }

    /// The document with what it includes.
    pub(super) const fn document(&self) -> &Document {
        &self.document
    }

    pub(super) fn place(&self, position: Position) -> Place {
        let number = usize::from(position.file);
        Place {
            file: number
                .checked_sub(1)
                .and_then(|it| self.files.get(it))
                .cloned(),
            line: position.line,
            column: position.column,
        }
    }

    /// Where it would forward what GT's table does not have, or ask less of a key than GT does.
    #[must_use]
    pub fn check_gt_routes(&self, table: &GtRoutes) -> Vec<Diagnostic> {
        let mut findings = Findings::of_files(&self.files);
        let mut places = BTreeMap::new();
        for Route { key, .. } in self.document.routes.iter().flatten() {
            let words: Vec<&str> = key.value.split_whitespace().collect();
            places.entry(words.join(" ")).or_insert(key.position);
        }
        for fault in table.check(&self.policy.description()) {
            let place = places.get(&fault.route);
            let place = place.copied().unwrap_or(Position::TOP);
            let code = match fault.problem {
                RouteProblem::Unknown => Code::NotInGtTable,
                _ => Code::LessThanGt,
            };
            findings.add_with_help(code, place, fault.to_string(), fault.problem.help());
        }
        findings.sorted()
    }

    /// What is probably not meant, and what says nothing.
    #[must_use]
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let mut findings = Findings::of_files(&self.files);
        warnings::warnings(&self.document, &self.policy, &mut findings);
        findings.sorted()
    }
}
