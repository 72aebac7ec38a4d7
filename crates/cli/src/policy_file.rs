//! Policy files as people keep them: a document, a component, or a guest's core module. Which one
//! it is shows in its first bytes, not in its name.

use std::{fs, path::Path};

use anyhow::Context as _;
use signalbox_policy::{Diagnostic, Policy};

use crate::output;

/// A policy file's content.
#[derive(Debug)]
pub(crate) enum PolicyFile {
    /// A component, ready to load.
    Component(Vec<u8>),
    /// A guest's core module, to be wrapped by `signalbox build`.
    CoreModule(Vec<u8>),
    /// A document, checked.
    Document { source: String, policy: Box<Policy> },
}

impl PolicyFile {
    /// Reads and, if it is a document, checks a policy file.
    ///
    /// Every error of a document has been printed when this returns `None`.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        match bytes.get(..8) {
            Some(b"\0asm\x01\0\0\0") => return Ok(Some(Self::CoreModule(bytes))),
            Some([0, b'a', b's', b'm', ..]) => return Ok(Some(Self::Component(bytes))),
            _ => {}
        }
        let source = String::from_utf8(bytes)
            .with_context(|| format!("{} is neither WebAssembly nor UTF-8", path.display()))?;
        Ok(Self::check(&path.display().to_string(), source))
    }

    /// Checks a document; prints every error under `name` if it has any.
    pub(crate) fn check(name: &str, source: String) -> Option<Self> {
        match signalbox_policy::read(&source) {
            Ok(policy) => Some(Self::Document {
                source,
                policy: Box::new(policy),
            }),
            Err(diagnostics) => {
                print_diagnostics(name, &source, &diagnostics);
                None
            }
        }
    }

    /// The component it is, or compiles to.
    pub(crate) fn into_component(self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Component(bytes) => Ok(bytes),
            Self::CoreModule(_) => {
                anyhow::bail!("this is a core module; run `signalbox build` on it first")
            }
            Self::Document { source, policy } => Ok(signalbox_compiler::compile(&policy, &source)?),
        }
    }
}

/// Components by the name a key asks for them by.
#[derive(Debug, Default)]
pub(crate) struct Components(pub(crate) Vec<(String, Vec<u8>)>);

/// Prints `file:line:column: error[code]: message`, the line at fault, and the help.
pub(crate) fn print_diagnostics(name: &str, source: &str, diagnostics: &[Diagnostic]) {
    let lines: Vec<&str> = source.lines().collect();
    for diagnostic in diagnostics {
        output::talk(&format!("{name}:{diagnostic}"));
        let index = usize::try_from(diagnostic.line.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(line) = lines.get(index) {
            let column = usize::try_from(diagnostic.column.saturating_sub(1)).unwrap_or_default();
            let shown: String = line.chars().take(160).collect();
            output::talk(&format!("    | {shown}"));
            if column < 160 {
                output::talk(&format!("    | {}^", " ".repeat(column)));
            }
        }
        if let Some(help) = &diagnostic.help {
            output::talk(&format!("    = help: {help}"));
        }
    }
    let errors = diagnostics.len();
    let plural = if errors == 1 { "" } else { "s" };
    output::talk(&format!(
        "{name}: {errors} error{plural}; docs/errors.md explains each code"
    ));
}
