//! `cargo xtask engine`: builds the engine guest, so that the same source gives the same bytes.
//!
//! The bytes depend on the source, the pinned tool chain and the lock file, and on nothing else:
//! see `engine/rustc.rs` for what it takes. `--check` builds again and compares with what is
//! committed. The fingerprint of an engine comes after those that are known: whoever changes the
//! engine twice before a release deletes the one between, which nobody has.

mod rustc;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;

use crate::process::{cargo, root, say};

pub(crate) use rustc::stand_in;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Write nothing; fail if what is committed is not what the source builds
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let built = build()?;
    let fingerprint = fingerprint(&built)?;
    let known = with_newest(&fingerprint)?;
    let engine = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    for (path, wanted) in [
        (ENGINE, engine.as_slice()),
        (KNOWN_ENGINES, known.as_bytes()),
    ] {
        let committed = root().join(path);
        if fs::read(&committed).is_ok_and(|committed| committed == wanted) {
            continue;
        }
        if arguments.check {
            bail!(
                "{path} is not what the source builds; \
                 run `cargo xtask engine` and commit the result"
            );
        }
        fs::write(&committed, wanted).with_context(|| format!("cannot write {path}"))?;
        say(&format!("wrote {path}"));
    }
    let bytes = engine.len();
    say(&format!("engine: {bytes} bytes, fingerprint {fingerprint}"));
    Ok(())
}

/// The known engines, the one of `fingerprint` last: components that an earlier version compiled stay
/// trusted.
fn with_newest(fingerprint: &str) -> anyhow::Result<String> {
    let known = fs::read_to_string(root().join(KNOWN_ENGINES))
        .with_context(|| format!("cannot read {KNOWN_ENGINES}"))?;
    let others = known.lines().filter(|line| *line != fingerprint);
    let lines: Vec<&str> = others.chain([fingerprint]).collect();
    Ok(lines.join("\n") + "\n")
}

/// Builds the guest and says where it lies.
fn build() -> anyhow::Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let target = root().join(target).join("engine");
    let here = env::current_exe().context("this program does not know where it is")?;
    cargo(["build", "--release", "--locked", "--target", WASM])
        .within("plugins/engine")
        .env("CARGO_TARGET_DIR", &target.to_string_lossy())
        .env("CARGO_ENCODED_RUSTFLAGS", &rustc::flags()?.join("\x1f"))
        .env("RUSTC_WRAPPER", &here.to_string_lossy())
        .env(rustc::STAND_IN, "1")
        .run()?;
    Ok(target.join(WASM).join("release/signalbox_engine.wasm"))
}

/// Asks the compiler: it alone knows what of an engine is the same in every policy.
fn fingerprint(engine: &Path) -> anyhow::Result<String> {
    let run = [
        "run",
        "--quiet",
        "--package",
        "signalbox-compiler",
        "--example",
        "fingerprint",
        "--",
        &engine.to_string_lossy(),
    ];
    cargo(run)
        .output()
        .context("cannot take the engine's fingerprint")
}

const WASM: &str = "wasm32-unknown-unknown";
const ENGINE: &str = "crates/compiler/engine.wasm";
const KNOWN_ENGINES: &str = "crates/runtime/src/known_engines.txt";
