//! `cargo xtask engine`: builds the engine guest, so that the same source gives the same bytes.
//!
//! The bytes depend on the source, the pinned tool chain and the lock file, and on nothing else:
//! every path that could end up in them is mapped to a fixed one. `--check` builds again and
//! compares with what is committed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Write nothing; fail if what is committed is not what the source builds
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let root = root()?;
    let built = build(&root)?;
    let known = format!("{}\n", fingerprint(&root, &built)?);
    let bytes = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    for (path, wanted) in [
        (ENGINE, bytes.as_slice()),
        (KNOWN_ENGINES, known.as_bytes()),
    ] {
        let committed = root.join(path);
        if fs::read(&committed).is_ok_and(|committed| committed == wanted) {
            continue;
        }
        if arguments.check {
            bail!(
                "{path} is not what the source builds; run `cargo xtask engine` and commit the result"
            );
        }
        fs::write(&committed, wanted).with_context(|| format!("cannot write {path}"))?;
    }
    say(&format!(
        "engine: {} bytes, fingerprint {}",
        bytes.len(),
        known.trim_end()
    ));
    Ok(())
}

/// Builds the guest and returns where it lies.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let target = root.join(target).join("engine");
    let mut cargo = Command::new(cargo());
    cargo
        .current_dir(root.join("plugins/engine"))
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--target",
            WASM,
        ])
        .arg("--target-dir")
        .arg(&target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root)?.join("\x1f"))
        // What this very run was started with is not for the guest.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS");
    let status = cargo.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the engine does not build");
    }
    Ok(target.join(WASM).join("release/signalbox_engine.wasm"))
}

fn flags(root: &Path) -> anyhow::Result<Vec<String>> {
    let version = output(Command::new("rustc").arg("-vV").current_dir(root))?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "));
    let commit = commit.context("rustc does not say which commit it was built from")?;
    let sysroot = output(
        Command::new("rustc")
            .args(["--print", "sysroot"])
            .current_dir(root),
    )?;
    let library = PathBuf::from(sysroot).join("lib/rustlib/src/rust");
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let home = home.context("neither CARGO_HOME nor a home directory is set")?;
    Ok([
        // Where the last of two that fit wins, so from the general to the specific.
        remap(&home, "/cargo"),
        remap(root, "/signalbox"),
        // The name rustc itself uses when the library's source is not installed.
        remap(&library, &format!("/rustc/{commit}")),
        // The compiler puts the tables there.
        "-Clink-arg=--export=__heap_base".to_owned(),
        // Below static data, so that an overflow traps. Small: a fresh instance is a clean stack.
        format!("-Clink-arg=-zstack-size={STACK}"),
        "-Clink-arg=--stack-first".to_owned(),
    ]
    .to_vec())
}

fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

/// Asks the compiler: it alone knows what of an engine is the same in every policy.
fn fingerprint(root: &Path, engine: &Path) -> anyhow::Result<String> {
    let mut cargo = Command::new(cargo());
    cargo
        .current_dir(root)
        .args([
            "run",
            "--quiet",
            "--package",
            "signalbox-compiler",
            "--example",
            "fingerprint",
        ])
        .arg("--")
        .arg(engine);
    output(&mut cargo).context("cannot take the engine's fingerprint")
}

/// What a command prints, if it succeeds; what it complains of goes to the terminal.
fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        bail!("{name} failed");
    }
    let text =
        String::from_utf8(output.stdout).with_context(|| format!("{name} printed no text"))?;
    Ok(text.trim_end().to_owned())
}

/// The cargo that runs this program.
fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

fn root() -> anyhow::Result<PathBuf> {
    let here = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = here
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf);
    root.context("run this as `cargo xtask engine`")
}

#[expect(
    clippy::print_stderr,
    reason = "a command line's talk belongs on standard error"
)]
fn say(text: &str) {
    eprintln!("{text}");
}

const WASM: &str = "wasm32-unknown-unknown";
const ENGINE: &str = "crates/compiler/engine.wasm";
const KNOWN_ENGINES: &str = "crates/runtime/src/known_engines.txt";
const STACK: u32 = 16 * 1024;
