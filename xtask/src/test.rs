//! `cargo xtask test`: every check and every test, in the order that fails soonest.
//!
//! Nothing is assumed but rustup, Python 3.11 and Node 20: each step installs what it needs and
//! is missing. The first failure ends the run. Test runners write straight to the terminal, and
//! the end-to-end step comes last, so that its runner's closing line ends the output.

mod clients;
mod registry;

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::{
    fuzz,
    process::{Run, cargo, has, say},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Run only these steps, in their usual order
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP")]
    only: Vec<Step>,
    /// Leave these steps out
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP")]
    skip: Vec<Step>,
}

/// One part of the run; declared in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// What rustup has to add: the wasm target, rustfmt, clippy
    Toolchain,
    /// Formatting
    Fmt,
    /// Clippy on every target, warnings denied
    Clippy,
    /// What is in the tree may be: crates, licences, sources (`deny.toml`)
    Deny,
    /// The policy crate alone, built for wasm: without features and with the document language
    Wasm,
    /// API documentation, warnings denied
    Doc,
    /// Unit, property and integration tests of every crate
    Unit,
    /// The examples in the API documentation
    Doctest,
    /// The committed engine is what its source builds
    Engine,
    /// Fuzz targets, a minute each, two at a time
    Fuzz,
    /// Python and Node packages of the real clients, and a real registry
    Clients,
    /// End to end: laws across crates, faults, real clients
    E2e,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let steps = chosen(arguments);
    if steps.is_empty() {
        bail!("no step is left to run");
    }
    let started = Instant::now();
    let mut times = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let name = step.name();
        say(&format!(
            "\n=== {}/{} {name}: {}",
            at + 1,
            steps.len(),
            step.about()
        ));
        let begun = Instant::now();
        step.run()
            .with_context(|| format!("step `{name}` failed"))?;
        let time = seconds(begun.elapsed());
        say(&format!("--- {name}: {time}"));
        times.push(format!("{name} {time}"));
    }
    say(&format!(
        "\nall steps passed in {}: {}",
        seconds(started.elapsed()),
        times.join(", ")
    ));
    Ok(())
}

fn chosen(arguments: &Arguments) -> Vec<Step> {
    Step::value_variants()
        .iter()
        .copied()
        .filter(|step| arguments.only.is_empty() || arguments.only.contains(step))
        .filter(|step| !arguments.skip.contains(step))
        .collect()
}

impl Step {
    fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Toolchain => toolchain(),
            Self::Fmt => cargo(["fmt", "--all", "--check"]).run(),
            Self::Clippy => cargo(["clippy", "--workspace", "--all-targets"])
                .args(["--", "-D", "warnings"])
                .run(),
            Self::Deny => deny(),
            Self::Wasm => wasm(),
            Self::Doc => cargo(["doc", "--workspace", "--no-deps"])
                .env("RUSTDOCFLAGS", "-D warnings")
                .run(),
            Self::Unit => unit(),
            Self::Doctest => cargo(["test", "--workspace", "--doc", "--quiet"]).run(),
            Self::Engine => engine(),
            Self::Fuzz => fuzz_briefly(),
            Self::Clients => clients::install().and_then(|()| registry::install()),
            Self::E2e => end_to_end(),
        }
    }

    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn about(self) -> String {
        self.to_possible_value()
            .and_then(|value| value.get_help().map(ToString::to_string))
            .unwrap_or_default()
    }
}

/// `rust-toolchain.toml` makes rustup bring these by itself; a cargo without rustup must have them.
fn toolchain() -> anyhow::Result<()> {
    if !has("rustup") {
        say("no rustup here: the tool chain must have clippy, rustfmt and wasm32-unknown-unknown");
        return Ok(());
    }
    Run::new("rustup", ["target", "add", WASM]).run()?;
    Run::new("rustup", ["component", "add", "clippy", "rustfmt"]).run()
}

/// Needs no database: advisories are for a schedule, they fail without anybody's change.
fn deny() -> anyhow::Result<()> {
    if !has("cargo-deny") {
        // It runs for a second: optimising it would only take longer.
        cargo(["install", "cargo-deny", "--version", "0.20.2", "--locked"])
            .args(["--debug", "--quiet"])
            .run()?;
    }
    cargo(["deny", "--locked", "check", "bans", "licenses", "sources"]).run()
}

fn wasm() -> anyhow::Result<()> {
    let alone = [
        "check",
        "--package",
        "signalbox-policy",
        "--target",
        WASM,
        "--no-default-features",
    ];
    cargo(alone).run()?;
    cargo(alone).args(["--features", "document"]).run()
}

fn unit() -> anyhow::Result<()> {
    // The host's tests ask it with a client nobody here wrote.
    clients::debian(&[("curl", "curl")])?;
    if nextest() {
        // One set of features for both test steps, hence one build: the filter, not `--exclude`.
        return cargo([
            "nextest",
            "run",
            "--workspace",
            "-E",
            "not package(signalbox-tests)",
        ])
        .run();
    }
    cargo([
        "test",
        "--workspace",
        "--exclude",
        "signalbox-tests",
        "--lib",
        "--bins",
        "--tests",
    ])
    .run()
}

/// The engine step is a command of its own; this asks this very program for it.
fn engine() -> anyhow::Result<()> {
    let xtask = std::env::current_exe().context("this program does not know where it is")?;
    Run::new(&xtask.to_string_lossy(), ["engine", "--check"]).run()
}

fn fuzz_briefly() -> anyhow::Result<()> {
    clients::debian(&[("c++", "g++")])?;
    fuzz::run(&fuzz::Arguments::default())
}

fn end_to_end() -> anyhow::Result<()> {
    clients::check()?;
    registry::check()?;
    // The tests start the real command as well as the host inside their own process.
    cargo(["build", "--workspace", "--bin", "signalbox"]).run()?;
    if nextest() {
        return cargo([
            "nextest",
            "run",
            "--workspace",
            "-E",
            "package(signalbox-tests)",
        ])
        .run();
    }
    cargo(["test", "--package", "signalbox-tests"]).run()
}

fn nextest() -> bool {
    has("cargo-nextest")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

const WASM: &str = "wasm32-unknown-unknown";

#[cfg(test)]
mod tests {
    use super::{Arguments, Step, chosen};

    fn arguments(only: &[Step], skip: &[Step]) -> Arguments {
        Arguments {
            only: only.to_vec(),
            skip: skip.to_vec(),
        }
    }

    #[test]
    fn every_step_runs_by_default_and_end_to_end_runs_last() {
        let steps = chosen(&arguments(&[], &[]));
        assert_eq!(steps.first(), Some(&Step::Toolchain));
        assert_eq!(steps.last(), Some(&Step::E2e));
        assert_eq!(steps.len(), 12);
    }

    #[test]
    fn only_keeps_the_usual_order() {
        let steps = chosen(&arguments(&[Step::E2e, Step::Fmt], &[]));
        assert_eq!(steps, [Step::Fmt, Step::E2e]);
    }

    #[test]
    fn skip_wins_over_only() {
        let steps = chosen(&arguments(&[Step::E2e, Step::Fmt], &[Step::E2e]));
        assert_eq!(steps, [Step::Fmt]);
    }
}
