//! The library crates as packages: what `cargo package` makes of them builds outside this repository, and their
//! public API is the one that is committed, `crates/NAME/api.txt`. `BLESS=1` writes it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use crate::process::{Run, cargo, has, root, say, target};

/// Packages them, checks what was packaged, and compares what it offers.
pub(super) fn check() -> anyhow::Result<()> {
    package()?;
    unpack()?;
    build(["check", "--workspace"]).run()?;
    // One invocation, one set of features: what a user who takes the defaults sees, and tokio beside tower.
    build(["doc", "--workspace"])
        .args(["--no-deps", "--lib", "--features", "signalbox-tower/tokio"])
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
        .run()?;
    if !has("cargo-public-api") {
        // Of the format that this compiler writes. It runs for a second: optimising it would only take longer.
        cargo(["install", "cargo-public-api", "--version", "0.52.0"])
            .args(["--locked", "--debug", "--quiet"])
            .run()?;
    }
    let mut changed = Vec::new();
    for name in API {
        if !is_as_committed(name)? {
            changed.push(name);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let changed = changed.join(", ");
    bail!("the public API of these differs from crates/NAME/api.txt, BLESS=1 writes it: {changed}")
}

/// Makes the packages, offline and as they are. They are no use alone, so they find each other.
fn package() -> anyhow::Result<()> {
    let mut run = cargo(["package", "--no-verify", "--offline", "--allow-dirty"]).args(["--quiet"]);
    for name in PUBLISHED {
        run = run.args(["--package", &format!("signalbox-{name}")]);
    }
    run.run()
}

/// A workspace of what is in the packages, each of which finds the others in it.
fn unpack() -> anyhow::Result<()> {
    let folder = checked();
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let (mut members, mut patches) = (Vec::new(), String::new());
    for name in PUBLISHED {
        let package = format!("signalbox-{name}-{}", env!("CARGO_PKG_VERSION"));
        let file = target().join(format!("package/{package}.crate"));
        Run::new("tar", ["-xzf", &file.to_string_lossy()])
            .within(&folder.to_string_lossy())
            .run()?;
        members.push(format!("{package:?}"));
        patches += &format!("signalbox-{name} = {{ path = {package:?} }}\n");
    }
    let members = members.join(", ");
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    // The same versions as here.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

/// Cargo on that workspace, with a target folder of its own: documentation as data is an unstable option, and to
/// allow those makes build scripts run again.
fn build<const N: usize>(words: [&str; N]) -> Run {
    let target = target().join("packages");
    cargo(words)
        .args([
            "--offline",
            "--quiet",
            "--target-dir",
            &target.to_string_lossy(),
        ])
        .env("RUSTC_BOOTSTRAP", "1")
        .within(&checked().to_string_lossy())
}

fn is_as_committed(name: &str) -> anyhow::Result<bool> {
    let json = target().join(format!("packages/doc/signalbox_{name}.json"));
    let api = Run::new("cargo-public-api", ["public-api", "--rustdoc-json"])
        .args([&*json.to_string_lossy()])
        .args([
            "--omit",
            "blanket-impls,auto-trait-impls,auto-derived-impls",
        ])
        .args(["--color", "never"])
        .output()?;
    let path = format!("crates/{name}/api.txt");
    let path = Path::new(&path);
    let api = api + "\n";
    if env::var_os("BLESS").is_some() {
        fs::write(root().join(path), &api)
            .with_context(|| format!("cannot write {}", path.display()))?;
        return Ok(true);
    }
    let committed = fs::read_to_string(root().join(path)).unwrap_or_default();
    for (mark, lines, others) in [("-", &committed, &api), ("+", &api, &committed)] {
        let new = lines
            .lines()
            .filter(|line| !others.lines().any(|other| other == *line));
        new.for_each(|line| say(&format!("{mark} {line}")));
    }
    Ok(committed == api)
}

/// Where the packages are unpacked.
fn checked() -> PathBuf {
    target().join("package/checked")
}

/// What is published, in an order in which each comes after what it needs.
const PUBLISHED: [&str; 9] = [
    "policy", "files", "http", "runtime", "cases", "swap", "gate", "testkit", "tower",
];
/// What embedders build on.
const API: [&str; 5] = ["gate", "http", "policy", "runtime", "tower"];
