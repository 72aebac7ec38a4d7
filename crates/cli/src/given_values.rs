//! Values for the names of a document, as they are given on the command line.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use signalbox_policy::{Values, read_values};

use crate::{diagnosis::diagnosis, exit::Misused, included::Texts, named, output};

/// For commands that read documents.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct GivenValues {
    /// What `${NAME}` is in a document; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = named::pair)]
    set: Vec<(String, String)>,
    /// The same for many names: a YAML mapping. `--set` counts before it.
    #[arg(long, value_name = "VALUES.yaml")]
    values: Option<PathBuf>,
}

impl GivenValues {
    /// What is given. Every error of the file has been printed when this returns `None`.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Values>> {
        let mut set = Values::new();
        for (name, value) in &self.set {
            if set.insert(name.clone(), value.clone()).is_some() {
                return Err(Misused(format!("--set {name} is given twice")).into());
            }
        }
        let Some(path) = &self.values else {
            return Ok(Some(set));
        };
        let name = path.display().to_string();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        match read_values(&text) {
            Ok(mut values) => {
                values.extend(set);
                Ok(Some(values))
            }
            Err(found) => {
                output::talk(&diagnosis(&name, &text, &Texts::default(), &found));
                Ok(None)
            }
        }
    }

    /// Whether nothing is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.values.is_none()
    }
}
