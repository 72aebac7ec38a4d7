//! The real clients' packages: a Python virtual environment under `.cache/python` and npm packages
//! beside the scripts in `tests/clients`. Every version is pinned there, and what is installed is
//! installed again only when the pins change. Debian's Go comes too: how its decoder reads a body is
//! compared with how we do.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::process::{Run, has, root, say};

/// Installs what is missing.
pub(super) fn install() -> anyhow::Result<()> {
    debian(&[("curl", "curl"), ("go", "golang-go")])?;
    packages()
}

/// The packages alone.
pub(super) fn packages() -> anyhow::Result<()> {
    debian(&[("python3", "python3"), ("npm", "npm")])?;
    python()?;
    node()
}

fn python() -> anyhow::Result<()> {
    let stamp = Stamp::python()?;
    if stamp.is_current() {
        say("python packages: as pinned");
        return Ok(());
    }
    virtual_environment(PYTHON)?;
    // The pins are the whole closure, so nothing is resolved; bytecode is written on first import,
    // and only of what is imported: half the time of compiling all of it here.
    Run::new(
        &format!("{PYTHON}/bin/python"),
        ["-m", "pip", "install", "--quiet", "--no-deps"],
    )
    .args([
        "--no-compile",
        // A package without a wheel would want a compiler and its own build tools.
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "-r",
        "tests/clients/requirements.txt",
    ])
    .run()?;
    Run::new(&format!("{PYTHON}/bin/python"), ["-m", "pip", "check"]).run()?;
    stamp.write()
}

/// An empty virtual environment in this folder, in place of what was there.
pub(super) fn virtual_environment(folder: &str) -> anyhow::Result<()> {
    let made = || Run::new("python3", ["-m", "venv", "--clear", folder]).run();
    if made().is_err() {
        // Debian's python3 has no `ensurepip` until this package comes.
        apt(&["python3-venv"])?;
        made()?;
    }
    Ok(())
}

fn node() -> anyhow::Result<()> {
    let stamp = Stamp::node()?;
    if stamp.is_current() {
        say("npm packages: as pinned");
        return Ok(());
    }
    Run::new("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .within(CLIENTS)
        .run()?;
    stamp.write()
}

/// Installs the Debian packages of the programs that are missing.
pub(super) fn debian(programs: &[(&str, &str)]) -> anyhow::Result<()> {
    let missing: Vec<_> = programs
        .iter()
        .filter(|(program, _)| !has(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        apt(&missing)
    }
}

/// The same for a library: a file that it brings, and its package.
pub(super) fn debian_library(file: &str, package: &str) -> anyhow::Result<()> {
    match Path::new(file).is_file() {
        true => Ok(()),
        false => apt(&[package]),
    }
}

fn apt(packages: &[&str]) -> anyhow::Result<()> {
    let packages = packages.join(" ");
    if !has("apt-get") {
        bail!("please install: {packages}");
    }
    let sudo = if has("sudo") { "sudo " } else { "" };
    let script = format!("{sudo}apt-get update -q && {sudo}apt-get install -qy {packages}");
    Run::new("sh", ["-c", &script])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()
        .with_context(|| format!("please install: {packages}"))
}

/// A copy of the pins beside what was installed from them.
struct Stamp {
    path: PathBuf,
    pins: String,
}

impl Stamp {
    fn python() -> anyhow::Result<Self> {
        Self::new(Path::new(PYTHON).join("pins"), "requirements.txt")
    }

    fn node() -> anyhow::Result<Self> {
        Self::new(
            Path::new(CLIENTS).join("node_modules/.pins"),
            "package-lock.json",
        )
    }

    fn new(path: PathBuf, pins: &str) -> anyhow::Result<Self> {
        let source = root().join(CLIENTS).join(pins);
        let pins = fs::read_to_string(&source)
            .with_context(|| format!("cannot read `{}`", source.display()))?;
        Ok(Self {
            path: root().join(path),
            pins,
        })
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|installed| installed == self.pins)
    }

    fn write(&self) -> anyhow::Result<()> {
        fs::write(&self.path, &self.pins)
            .with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}

const CLIENTS: &str = "tests/clients";
const PYTHON: &str = ".cache/python";
