//! A component that was made, on its way to a file.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::ensure;

use crate::{cases_file, output};

/// Where a component goes, and what goes with it.
#[derive(Debug, clap::Args)]
pub(crate) struct ComponentFile {
    /// Where the component goes.
    #[arg(short, long, value_name = "POLICY.wasm")]
    output: PathBuf,
    /// Cases for the component to carry; a document brings its own.
    #[arg(long, value_name = "CASES.yaml")]
    cases: Option<PathBuf>,
}

/// Whether a component was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Yes,
    /// The cases are no cases: every error was printed.
    No,
}

impl ComponentFile {
    /// Adds the cases, writes it, and says how large it is.
    pub(crate) fn write(&self, mut component: Vec<u8>) -> anyhow::Result<Written> {
        if let Some(path) = &self.cases {
            let Some(cases) = cases_file::read(path)? else {
                return Ok(Written::No);
            };
            let cases = serde_json::to_vec(&cases)?;
            component = signalbox_compiler::with_cases(&component, &cases)?;
        }
        spare_other_files(&self.output)?;
        signalbox_files::replace(&self.output, &component)?;
        let (file, length) = (self.output.display(), component.len());
        output::talk(&format!("{file}: {length} bytes"));
        Ok(Written::Yes)
    }
}

/// What is there and is no component is somebody's work, such as the document itself: it is not written over.
fn spare_other_files(path: &Path) -> anyhow::Result<()> {
    let Ok(file) = File::open(path) else {
        return Ok(());
    };
    let mut beginning = Vec::new();
    // A folder, or what cannot be read, is told of by what writes.
    let is_read = file.take(4).read_to_end(&mut beginning).is_ok();
    ensure!(
        !is_read || beginning.is_empty() || beginning == b"\0asm",
        "{} is there and is no component; name another file, or remove it first",
        path.display()
    );
    Ok(())
}
