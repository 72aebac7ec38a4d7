//! Policy files as people keep them: a document, a component, or a guest's core module. Which one
//! it is shows in its first bytes, not in its name.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use signalbox_gate::gt_routes;
use signalbox_policy::{Resolved, Values, gt_routes::GtRoutes, read_with};

use crate::{
    diagnosis::{Included, diagnosis},
    exit::Misused,
    output,
};

/// A policy file's content.
#[derive(Debug)]
pub(crate) enum PolicyFile {
    /// A component, ready to load.
    Component(Vec<u8>),
    /// A guest's core module, to be wrapped by `signalbox build`.
    CoreModule(Vec<u8>),
    /// A document, checked.
    Document(Box<Document>),
}

/// A document with what it includes.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) resolved: Resolved,
    source: String,
    included: Included,
}

/// Why a file's bytes are no policy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPolicy {
    /// A document with errors: every one of them, as `check` prints them.
    #[error("{0}")]
    Invalid(String),
    #[error("{0} is neither WebAssembly nor UTF-8")]
    NotText(String),
    #[error("{0} is WebAssembly; values are for documents")]
    ValuesForComponent(String),
}

impl PolicyFile {
    /// Reads and, if it is a document, checks a policy file.
    ///
    /// Every error of a document has been printed when this returns `None`.
    pub(crate) fn read(path: &Path, values: &Values) -> anyhow::Result<Option<Self>> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        printed(Self::of(&path.display().to_string(), bytes, values))
    }

    /// What the bytes of the file `name` are, and the files it includes.
    pub(crate) fn of(name: &str, bytes: Vec<u8>, values: &Values) -> Result<Self, NoPolicy> {
        let mut included = Included::default();
        let is_wasm = bytes.starts_with(b"\0asm");
        if is_wasm && !values.is_empty() {
            return Err(NoPolicy::ValuesForComponent(name.to_owned()));
        }
        match bytes.get(..8) {
            Some(b"\0asm\x01\0\0\0") => return Ok(Self::CoreModule(bytes)),
            Some([0, b'a', b's', b'm', ..]) => return Ok(Self::Component(bytes)),
            _ => {}
        }
        let source = String::from_utf8(bytes).map_err(|_| NoPolicy::NotText(name.to_owned()))?;
        match read_with(&source, name, &mut included, values) {
            Ok(resolved) => Ok(Self::Document(Box::new(Document {
                resolved,
                source,
                included,
            }))),
            Err(found) => Err(NoPolicy::Invalid(diagnosis(
                name, &source, &included, &found,
            ))),
        }
    }

    /// Checks a document that this program brings.
    pub(crate) fn check(name: &str, source: String) -> anyhow::Result<Option<Self>> {
        printed(Self::of(name, source.into_bytes(), &Values::new()))
    }

    /// Whether a document asks for no less than GT's table; prints where it does not. A component
    /// says what it forwards when a host loads it.
    pub(crate) fn fits_gt_routes(&self, path: &Path, table: &GtRoutesFile) -> anyhow::Result<bool> {
        let Self::Document(document) = self else {
            return Ok(true);
        };
        let found = document.resolved.check_gt_routes(&*table.read()?);
        if !found.is_empty() {
            let Document {
                source, included, ..
            } = &**document;
            let name = path.display().to_string();
            output::talk(&diagnosis(&name, source, included, &found));
        }
        Ok(found.is_empty())
    }

    /// What a document calls itself.
    pub(crate) fn own_name(&self) -> Option<&str> {
        match self {
            Self::Document(document) => Some(document.resolved.policy().name()),
            Self::Component(_) | Self::CoreModule(_) => None,
        }
    }

    /// The component it is, or compiles to.
    pub(crate) fn into_component(self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Component(bytes) => Ok(bytes),
            Self::CoreModule(_) => {
                anyhow::bail!("this is a core module; run `signalbox build` on it first")
            }
            Self::Document(document) => {
                let resolved = document.resolved;
                let (policy, source) = (resolved.policy(), resolved.source());
                Ok(signalbox_compiler::compile(policy, source)?)
            }
        }
    }
}

/// GT's table of routes, for commands that read documents.
#[derive(Debug, clap::Args)]
pub(crate) struct GtRoutesFile {
    /// GT's table of routes, if yours has other routes than GT documents.
    #[arg(long, value_name = "FILE")]
    gt_routes: Option<PathBuf>,
}

impl GtRoutesFile {
    fn read(&self) -> anyhow::Result<Arc<GtRoutes>> {
        let Some(path) = &self.gt_routes else {
            return Ok(gt_routes::shipped());
        };
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let table = gt_routes::parse(&text);
        Ok(Arc::new(table.with_context(|| path.display().to_string())?))
    }
}

/// Prints the errors of a document.
fn printed(file: Result<PolicyFile, NoPolicy>) -> anyhow::Result<Option<PolicyFile>> {
    match file {
        Ok(file) => Ok(Some(file)),
        Err(NoPolicy::Invalid(errors)) => {
            output::talk(&errors);
            Ok(None)
        }
        Err(error @ NoPolicy::ValuesForComponent(_)) => Err(Misused(error.to_string()).into()),
        Err(error @ NoPolicy::NotText(_)) => Err(error.into()),
    }
}
