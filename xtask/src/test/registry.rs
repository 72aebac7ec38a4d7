//! A real registry to pull from: Debian's `docker-registry`, unpacked under `.cache/registry` without
//! being installed, so that nothing starts and nothing of the system changes.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::process::{Run, has, root, say};

/// Brings it if it is missing.
pub(super) fn install() -> anyhow::Result<()> {
    if program().is_file() {
        say("docker-registry: there");
        return Ok(());
    }
    if !has("apt-get") || !has("dpkg") {
        bail!(BY_HAND);
    }
    if unpack().is_err() {
        // A new machine has no package lists yet.
        let sudo = if has("sudo") { "sudo " } else { "" };
        let update = format!("{sudo}apt-get update -q");
        Run::new("sh", ["-c", &update]).run().context(BY_HAND)?;
        unpack().context(BY_HAND)?;
    }
    check()
}

fn check() -> anyhow::Result<()> {
    if !program().is_file() {
        bail!("{} is missing", program().display());
    }
    Ok(())
}

/// In a folder of its own first: what is half there would pass for whole the next time.
fn unpack() -> anyhow::Result<()> {
    let script = "rm -rf .cache/registry.new && mkdir -p .cache/registry.new \
        && cd .cache/registry.new && apt-get download -q docker-registry \
        && dpkg -x docker-registry_*.deb . && rm docker-registry_*.deb \
        && cd .. && rm -rf registry && mv registry.new registry";
    Run::new("sh", ["-c", script]).run()
}

fn program() -> PathBuf {
    root().join(".cache/registry/usr/bin/docker-registry")
}

const BY_HAND: &str = "please put the registry of the distribution project, version 2.8, at \
    `.cache/registry/usr/bin/docker-registry`: Debian and Ubuntu have it as `docker-registry`";
