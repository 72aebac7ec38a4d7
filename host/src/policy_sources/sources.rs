//! Where policies come from, and how what lies there becomes a component.
//!
//! The host knows components alone. Who embeds it may know more, like policy documents, and says
//! with [`Sources`] how to turn them into components. It is asked at start, by the file watch and
//! by SIGHUP, never while a request waits.

use std::fmt::{self, Debug, Display};
use std::io;
use std::path::{Path, PathBuf};

use signalbox_registry::{Reference, ReferenceError};

/// Where the host finds a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicySource {
    /// A file, read again when it changes.
    File(PathBuf),
    /// In an OCI registry, looked up on an interval.
    Registry(Reference),
}

/// Reads a file.
pub type ReadFile<'r> = dyn FnMut(&Path) -> io::Result<Vec<u8>> + 'r;

/// Turns what an operator writes into what the host takes.
///
/// Called from threads that may take their time, several at once.
pub trait Sources: Debug + Send + Sync {
    /// The component of a file. `read` gives the bytes of further files that it is made of: it is made
    /// again when one of them changes.
    ///
    /// # Errors
    /// If none can be made of it.
    fn component(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        read: &mut ReadFile<'_>,
    ) -> Result<Vec<u8>, SourceError>;

    /// The cases in a file, as JSON.
    ///
    /// # Errors
    /// If they cannot be read.
    fn cases(&self, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, SourceError>;
}

/// Files are components and cases in JSON already. Whether they are is found out where every
/// component and every case is: on its way into service.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsIs;

/// Nothing can be made of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// A stable word.
    pub code: &'static str,
    /// Every diagnostic there is, one a line, with its place.
    pub message: String,
}

impl PolicySource {
    /// What text means: a reference if it begins with `oci://`, else a path in `folder`.
    ///
    /// # Errors
    /// If it begins as a reference and is none.
    pub fn read(text: &str, folder: &Path) -> Result<Self, ReferenceError> {
        if text.starts_with(OCI) {
            text.parse().map(Self::Registry)
        } else {
            Ok(Self::File(folder.join(text)))
        }
    }

    /// With a path that is relative to `folder`.
    pub(crate) fn within(self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(folder.join(path)),
            source @ Self::Registry(_) => source,
        }
    }
}

impl Display for PolicySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => Display::fmt(&path.display(), formatter),
            Self::Registry(reference) => Display::fmt(reference, formatter),
        }
    }
}

impl From<PathBuf> for PolicySource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl SourceError {
    /// With a stable word and every diagnostic.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl Sources for AsIs {
    fn component(
        &self,
        _: &Path,
        bytes: Vec<u8>,
        _: &mut ReadFile<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        Ok(bytes)
    }

    fn cases(&self, _: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        Ok(bytes)
    }
}

const OCI: &str = "oci://";
