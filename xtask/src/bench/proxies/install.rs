//! What the bench needs from elsewhere: Debian's packages, and virtual environments under
//! `.cache/bench` with the versions pinned here.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, bail, ensure};

use super::bounded;
use crate::process::{Run, has, root, say};

/// Installs the programs that are missing, if that is allowed.
pub(super) fn debian(allowed: bool) -> anyhow::Result<()> {
    let programs = [
        ("wrk", "wrk"),
        ("h2load", "nghttp2-client"),
        ("nginx", "nginx-light"),
        ("haproxy", "haproxy"),
        ("curl", "curl"),
        ("openssl", "openssl"),
    ];
    for (program, package) in programs.into_iter().filter(|(program, _)| !has(program)) {
        ensure!(allowed, "{program} is missing: the bench needs {package}");
        Run::new("apt-get", ["update", "-qq"]).run()?;
        Run::new(
            "apt-get",
            ["install", "-y", "-qq", "--no-install-recommends", package],
        )
        .run()
        .with_context(|| format!("the bench needs {package}"))?;
    }
    Ok(())
}

/// A virtual environment that holds what was asked for.
#[derive(Debug)]
pub(super) struct Venv(PathBuf);

impl Venv {
    /// Makes it unless it is there with these very packages.
    pub(super) fn ready(name: &str, packages: &[&str], install: bool) -> anyhow::Result<Self> {
        let folder = root().join(".cache/bench").join(name);
        let (pins, stamp) = (packages.join("\n"), folder.join("pins"));
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
            return Ok(Self(folder));
        }
        if !install {
            bail!("it is not installed, and nothing may be");
        }
        say(&format!("installing {}", packages.join(", ")));
        let venv = Self(folder);
        bounded::output(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&venv.0),
            Duration::from_secs(120),
        )?;
        let mut pip = Command::new(venv.program("python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        // A package without a wheel would want a compiler and its own build tools.
        .args(["--no-compile", "--only-binary=:all:"])
        .args(packages);
        bounded::output(&mut pip, Duration::from_secs(900))?;
        fs::write(stamp, pins)?;
        Ok(venv)
    }

    pub(super) fn program(&self, name: &str) -> String {
        self.0.join("bin").join(name).display().to_string()
    }
}

/// Compiles a module's text with the `wasmtime` of that environment.
pub(super) fn compile_wat(venv: &Venv, source: &str, target: &str) -> anyhow::Result<()> {
    let script = "import sys, wasmtime\n\
         open(sys.argv[2], 'wb').write(wasmtime.wat2wasm(open(sys.argv[1]).read()))";
    let mut python = Command::new(venv.program("python"));
    python.args(["-c", script, source, target]);
    bounded::output(&mut python, Duration::from_secs(60)).map(drop)
}
