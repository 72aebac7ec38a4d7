//! What is built to be measured.

use std::path::PathBuf;

use crate::process::{cargo, target};

/// What is built here.
#[derive(Debug)]
pub(in crate::bench) struct Programs {
    /// The host's command.
    pub(super) signalbox: PathBuf,
    /// The folder with Envoy's module.
    pub(super) modules: PathBuf,
    /// hyper, with the layer and without.
    pub(super) hyper: PathBuf,
}

impl Programs {
    /// Of one build, so that what they have in common is built once.
    pub(super) fn build() -> anyhow::Result<Self> {
        cargo(["build", "--release", "--locked", "--workspace"])
            .args(["--lib", "--bin", "signalbox", "--example", "hyper_doors"])
            .run()?;
        let folder = target().join("release");
        Ok(Self {
            signalbox: folder.join("signalbox"),
            hyper: folder.join("examples/hyper_doors"),
            modules: folder,
        })
    }
}
