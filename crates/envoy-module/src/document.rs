//! Components out of policy files: they are one, or are made of a document.

use std::path::{Path, PathBuf};

use signalbox_policy::{Diagnostic, Files, NoFiles, Unreadable, Values, read_with};

use crate::error::SourceError;

/// The largest file that is looked at.
const LARGEST: u64 = 32 << 20;

/// Reads a policy file, and what it includes; `read` is told of each file.
pub(crate) fn of_file(path: &Path, read: &mut dyn FnMut(PathBuf)) -> Result<Vec<u8>, SourceError> {
    read(path.to_owned());
    let bytes = signalbox_files::read_regular(path, LARGEST);
    let bytes = bytes.map_err(|error| SourceError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    if bytes.starts_with(b"\0asm") {
        return match bytes.get(4..8) == Some(&[1, 0, 0, 0]) {
            true => Err(SourceError::CoreModule),
            false => Ok(bytes),
        };
    }
    let text = String::from_utf8(bytes).map_err(|_invalid| SourceError::NotText)?;
    compile(&text, &path.display().to_string(), &mut Included(read))
}

/// Makes a component of a document that stands alone.
pub(crate) fn of_text(text: &str) -> Result<Vec<u8>, SourceError> {
    compile(text, "", &mut NoFiles)
}

fn compile(text: &str, name: &str, files: &mut dyn Files) -> Result<Vec<u8>, SourceError> {
    let resolved = read_with(text, name, files, &Values::new());
    let resolved = resolved.map_err(|found| SourceError::Document(told(name, &found)))?;
    signalbox_compiler::compile(resolved.policy(), resolved.source())
        .map_err(|error| SourceError::Compile(error.to_string()))
}

/// Each error with its place.
fn told(name: &str, found: &[Diagnostic]) -> String {
    let lines = found.iter().map(|error| match name {
        "" => format!("{error}"),
        name => format!("{name}: {error}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

struct Included<'r>(&'r mut dyn FnMut(PathBuf));

impl Files for Included<'_> {
    fn text(&mut self, path: &str) -> Result<String, Unreadable> {
        (self.0)(path.into());
        let bytes = signalbox_files::read_regular(Path::new(path), LARGEST);
        let bytes = bytes.map_err(|error| Unreadable::Because(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| Unreadable::Because(error.to_string()))
    }
}
