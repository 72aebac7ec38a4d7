//! A policy file that was loaded, so that it can be asked.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use signalbox_policy::Values;
use signalbox_runtime::{LoadOptions, Plugin, Runtime};

use crate::{policy_file::PolicyFile, show};

/// A component, or what a document compiles to, loaded.
pub(crate) struct LoadedPolicy {
    /// Its file, as it was named.
    pub(crate) file: String,
    pub(crate) component: Vec<u8>,
    pub(crate) plugin: Plugin,
}

impl LoadedPolicy {
    /// Every error of a document has been printed when this returns `None`.
    pub(crate) fn read(
        path: &Path,
        values: &Values,
        runtime: &Runtime,
    ) -> anyhow::Result<Option<Self>> {
        let file = path.display().to_string();
        let Some(content) = PolicyFile::read(path, values)? else {
            return Ok(None);
        };
        let component = content.into_component().context(file.clone())?;
        let plugin = runtime
            .load(&component, &LoadOptions::default())
            .with_context(|| format!("{file} does not load"))?;
        Ok(Some(Self {
            file,
            component,
            plugin,
        }))
    }

    /// File, name, version and the beginning of the digest, on one line.
    pub(crate) fn line(&self) -> String {
        let description = self.plugin.description();
        let digest = self.plugin.digest().to_string();
        let version = match description.version.as_str() {
            "" => String::new(),
            version => format!(" {}", show::plain(version)),
        };
        format!(
            "{}: {}{version}, sha256 {}",
            show::plain(&self.file),
            show::plain(&description.name),
            show::short(&digest)
        )
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> Value {
        let description = self.plugin.description();
        json!({
            "file": self.file,
            "name": description.name,
            "version": description.version,
            "digest": self.plugin.digest().to_string(),
        })
    }
}
