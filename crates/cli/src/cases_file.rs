//! Files with cases: YAML, or JSON, which is YAML too.

use std::{fs, path::Path};

use anyhow::Context as _;
use signalbox_policy::Case;

use crate::{diagnosis::diagnosis, included::Texts, output};

/// Reads cases. Every error of the file has been printed when this returns `None`.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Vec<Case>>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    match of(&path.display().to_string(), &text) {
        Ok(cases) => Ok(Some(cases)),
        Err(errors) => {
            output::talk(&errors);
            Ok(None)
        }
    }
}

/// The cases in the text of the file `name`, or every error of it.
pub(crate) fn of(name: &str, text: &str) -> Result<Vec<Case>, String> {
    signalbox_policy::read_cases(text)
        .map_err(|found| diagnosis(name, text, &Texts::default(), &found))
}
