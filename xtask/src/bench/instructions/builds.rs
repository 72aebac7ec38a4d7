//! Both commits, built the same way by the same compiler.
//!
//! They share a target folder, so what comes from a registry is compiled once; the crates of the two
//! are built anew each time, for cargo does not tell them apart. All else stays there for the next run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::process::{Run, cargo, root, target};

/// The programs to compare, and the one that asks them.
#[derive(Debug)]
pub(super) struct Builds {
    pub(super) base: PathBuf,
    pub(super) head: PathBuf,
    pub(super) driver: PathBuf,
}

/// Builds this tree as it stands and that commit.
pub(super) fn build(base: &str) -> anyhow::Result<Builds> {
    let checkout = check_out(base)?;
    let folder = folder();
    let base = folder.join("signalbox-base");
    build_gate(&checkout, &base)?;
    let head = folder.join("signalbox-head");
    build_gate(&root(), &head)?;
    // With the features that tests are built with: most of it is there then.
    cargo(["build", "--workspace", "--example", "instructions"]).run()?;
    Ok(Builds {
        base,
        head,
        driver: target().join("debug/examples/instructions"),
    })
}

/// The commit's hash, in full.
pub(super) fn resolve(revision: &str) -> anyhow::Result<String> {
    let commit = format!("{revision}^{{commit}}");
    git(["rev-parse", "--verify", "--quiet", &commit])
        .output()
        .with_context(|| format!("{revision} is not here; a shallow clone has no parents"))
}

/// The commit in a work tree of its own. Files that are the same keep their times, so that cargo
/// builds only what is not.
fn check_out(commit: &str) -> anyhow::Result<PathBuf> {
    let checkout = folder().join("base");
    let path = checkout.display().to_string();
    if checkout.join(".git").exists() {
        let there = [
            "-C", &path, "checkout", "--quiet", "--detach", "--force", commit,
        ];
        git(there).run()?;
    } else {
        git(["worktree", "prune"]).run()?;
        git([
            "worktree", "add", "--quiet", "--detach", "--force", &path, commit,
        ])
        .run()?;
    }
    Ok(checkout)
}

fn build_gate(tree: &Path, program: &Path) -> anyhow::Result<()> {
    let profile = root().join("xtask/src/bench/instructions/build.toml");
    let built = folder().join("build");
    forget_ours(&built)?;
    cargo([
        "build",
        "--locked",
        "--package=signalbox-cli",
        "--bin=signalbox",
        "--profile=instructions",
        "--config",
        &profile.display().to_string(),
        "--target-dir",
        &built.display().to_string(),
    ])
    .within(&tree.display().to_string())
    .env("CARGO_ENCODED_RUSTFLAGS", FLAGS)
    .run()?;
    fs::copy(built.join("instructions/signalbox"), program)
        .with_context(|| format!("cannot copy what was built to {}", program.display()))?;
    Ok(())
}

/// Forgets that crates of ours were built: those of another work tree have the same names and hashes,
/// and are taken for these where their files are older.
fn forget_ours(built: &Path) -> anyhow::Result<()> {
    let Ok(known) = fs::read_dir(built.join("instructions/.fingerprint")) else {
        return Ok(());
    };
    for one in known {
        let one = one?;
        if one.file_name().to_string_lossy().starts_with("signalbox-") {
            fs::remove_dir_all(one.path())?;
        }
    }
    Ok(())
}

fn git<const N: usize>(words: [&str; N]) -> Run {
    Run::new("git", words)
}

/// What stays between runs.
pub(super) fn folder() -> PathBuf {
    target().join("instructions")
}

/// rustix asks the kernel where its functions are mapped, and Valgrind does not map them.
const FLAGS: &str = "--cfg\x1frustix_use_libc";
