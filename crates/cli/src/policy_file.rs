//! Policy files as people keep them: a document, a component, or a guest's core module. Which one
//! it is shows in its first bytes, not in its name.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use signalbox_gate::gt_routes;
use signalbox_host::ReadFile;
use signalbox_policy::{Diagnostic, Files, Resolved, Values, gt_routes::GtRoutes, read_with};

use crate::{
    diagnosis::diagnosis,
    exit::Misused,
    included::{Included, Texts, from_disk},
    output,
};

/// What is given where a policy is wanted, and why it is none: the folder of a plugin, or its source.
fn mistaken(path: &Path) -> Option<String> {
    let shown = path.display();
    if path.is_dir() {
        return Some(format!(
            "{shown} is a folder; a plugin in it is `{shown}/plugin.wasm`, once its build.sh has run"
        ));
    }
    let end = path.extension()?.to_str()?;
    let is_source = ["js", "mjs", "ts", "py", "go", "c", "rs"].contains(&end);
    is_source.then(|| {
        format!("{shown} is source; a host loads the component that is built of it, `plugin.wasm`")
    })
}

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
    included: Texts,
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
        if let Some(mistake) = mistaken(path) {
            return Err(Misused(mistake).into());
        }
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::of_file(path, bytes, values)
    }

    /// The same of what was read from there.
    pub(crate) fn of_file(
        path: &Path,
        bytes: Vec<u8>,
        values: &Values,
    ) -> anyhow::Result<Option<Self>> {
        printed(Self::of(&path.display().to_string(), bytes, values))
    }

    /// What the bytes of the file `name` are, with the files it includes.
    pub(crate) fn of(name: &str, bytes: Vec<u8>, values: &Values) -> Result<Self, NoPolicy> {
        let (mut texts, mut read) = (Texts::default(), from_disk);
        let files = &mut Included::shown(&mut read, &mut texts);
        let parsed = Parsed::of(name, bytes, files, values)?;
        parsed.into_policy(name, texts)
    }

    /// The same for a host, which reads the files it includes, and shows no lines of them.
    pub(crate) fn for_host(
        name: &str,
        bytes: Vec<u8>,
        read: &mut ReadFile<'_>,
        values: &Values,
    ) -> Result<Self, NoPolicy> {
        let files = &mut Included::hidden(read);
        let parsed = Parsed::of(name, bytes, files, values)?;
        parsed.into_policy(name, Texts::default())
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

/// What the bytes of a file are, before its errors are written out.
enum Parsed {
    Wasm(PolicyFile),
    Document(String, Result<Box<Resolved>, Vec<Diagnostic>>),
}

impl Parsed {
    fn of(
        name: &str,
        bytes: Vec<u8>,
        files: &mut dyn Files,
        values: &Values,
    ) -> Result<Self, NoPolicy> {
        if bytes.starts_with(b"\0asm") {
            if !values.is_empty() {
                return Err(NoPolicy::ValuesForComponent(name.to_owned()));
            }
            let is_core = bytes.get(4..8) == Some(&[1, 0, 0, 0]);
            return Ok(Self::Wasm(if is_core {
                PolicyFile::CoreModule(bytes)
            } else {
                PolicyFile::Component(bytes)
            }));
        }
        let source = String::from_utf8(bytes).map_err(|_| NoPolicy::NotText(name.to_owned()))?;
        let resolved = read_with(&source, name, files, values);
        Ok(Self::Document(source, resolved.map(Box::new)))
    }

    fn into_policy(self, name: &str, included: Texts) -> Result<PolicyFile, NoPolicy> {
        match self {
            Self::Wasm(file) => Ok(file),
            Self::Document(source, Ok(resolved)) => Ok(PolicyFile::Document(Box::new(Document {
                resolved: *resolved,
                source,
                included,
            }))),
            Self::Document(source, Err(found)) => {
                let errors = diagnosis(name, &source, &included, &found);
                Err(NoPolicy::Invalid(errors))
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
    pub(crate) fn read(&self) -> anyhow::Result<Arc<GtRoutes>> {
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
