//! A folder for one run: the templates of `tests/bench`, filled in.

use std::{fs, path::PathBuf};

use anyhow::Context as _;

/// Removed with everything in it when the run ends.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("signalbox-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let scratch = Self(folder);
        for entry in fs::read_dir(templates())? {
            let path = entry?.path();
            let text = fs::read_to_string(&path)?;
            let filled = text.replace("@DIR@", &scratch.0.display().to_string());
            if let Some(name) = path.file_name() {
                fs::write(scratch.0.join(name), filled)?;
            }
        }
        Ok(scratch)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn templates() -> PathBuf {
    crate::process::root().join("tests/bench")
}
