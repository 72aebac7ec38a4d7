//! `signalbox check --envoy`: what in a configuration of Envoy lets requests past the gate, or cuts what the
//! gate lets through.
//!
//! It reads the static resources of a bootstrap, as YAML or JSON. What is wrong where the gate cannot
//! answer any more is an error: requests would go on. What only refuses more than has to be is a warning.

mod clusters;
mod codes;
mod filter;
mod listeners;
mod routes;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::Context as _;
use signalbox_policy::Severity;

use crate::{diagnosis::diagnosis, finding::Finding, included::Texts};
use codes::Code;
pub(super) use codes::WARNINGS;
use tree::Node;

/// A configuration of Envoy, and what is to be said of it.
pub(super) struct Checked {
    name: String,
    source: String,
    found: Vec<EnvoyFinding>,
    /// Listeners that ask the gate.
    listeners: usize,
    /// Their routes.
    routes: usize,
}

/// One thing to be said of a configuration of Envoy.
pub(super) struct EnvoyFinding {
    code: Code,
    line: u32,
    column: u32,
    message: String,
    help: &'static str,
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<EnvoyFinding>);

impl Checked {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
        let source = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
        let tree = tree::parse(&source).map_err(|why| anyhow::anyhow!("{name}:{why}"))?;
        let mut findings = Findings::default();
        let (listeners, routes) = listeners::check(&tree, &mut findings);
        let mut found = findings.0;
        let order = |it: &EnvoyFinding| (it.severity() == Severity::Warning, it.line, it.column);
        found.sort_by_key(order);
        Ok(Self {
            name,
            source,
            found,
            listeners,
            routes,
        })
    }

    /// Leaves out the warnings with these codes.
    pub(super) fn allow(&mut self, codes: &[String]) {
        let is_allowed = |it: &EnvoyFinding| {
            it.severity() == Severity::Warning && codes.iter().any(|code| code == it.code())
        };
        self.found.retain(|it| !is_allowed(it));
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn found(&self) -> &[EnvoyFinding] {
        &self.found
    }

    pub(super) fn diagnosis(&self) -> String {
        diagnosis(&self.name, &self.source, &Texts::default(), &self.found)
    }

    /// What can be said of one that lets nothing past the gate.
    pub(super) fn fine(&self) -> String {
        let (listeners, routes) = (self.listeners, self.routes);
        format!("ok: {listeners} listeners ask the gate, {routes} routes")
    }
}

impl Findings {
    /// Says something of a value.
    fn add(&mut self, code: Code, at: &Node, message: impl Into<String>) {
        let place = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        self.0.push(EnvoyFinding {
            code,
            line: place(at.referenced.line()),
            column: place(at.referenced.column()),
            message: message.into(),
            help: code.help(),
        });
    }
}

impl Finding for EnvoyFinding {
    fn severity(&self) -> Severity {
        self.code.severity()
    }

    fn code(&self) -> &'static str {
        self.code.word()
    }

    fn file(&self) -> Option<&str> {
        None
    }

    fn place(&self) -> (u32, u32) {
        (self.line, self.column)
    }

    fn message(&self) -> &str {
        &self.message
    }

    fn help(&self) -> Option<&str> {
        Some(self.help)
    }

    fn suggestion(&self) -> Option<&str> {
        None
    }
}

impl fmt::Display for EnvoyFinding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.place();
        let (severity, code) = (self.severity().word(), self.code());
        write!(out, "{line}:{column}: {severity}[{code}]: {}", self.message)
    }
}
