//! The steps, in the order they run: what fails soonest comes first, and end to end comes last, so that its
//! runner's closing line ends the output.

mod inputs;

use std::env;

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::{
    clients, doors, packages,
    passed::{self, Suite},
    pingora, plugins, registry, runbook_clients,
};
use crate::{
    bench, fuzz,
    process::{Run, cargo, has, say},
};

/// One part of the run; declared in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Step {
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
    /// Suite: what a request takes, counted beside the commit at which this last passed
    Instructions,
    /// Suite: fuzz targets, forty seconds each, two at a time
    Fuzz,
    /// Suite: real clients, readers in other languages, a real registry; installs them
    Clients,
    /// Suite: the clients of GT's runbooks that are in Python; installs them
    ClientsPython,
    /// Suite: the clients of GT's runbooks that are in JavaScript; installs them
    ClientsNode,
    /// Suite: the doors of other proxies: Envoy, nginx, Traefik, Caddy, HAProxy; installs them
    Doors,
    /// Suite: the example plugins in five languages, from their own tests to a running host; installs the tool chains
    Plugins,
    /// Suite, where it is asked for alone: the library crates as packages, and their public API
    Packages,
    /// Suite, where it is asked for alone: the proxy on Pingora, in a workspace of its own; installs cmake and builds it
    Pingora,
    /// End to end: laws across crates, faults, hostile input
    E2e,
}

impl Step {
    pub(super) fn run(self) -> anyhow::Result<()> {
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
            Self::Doctest => cargo(["test", "--workspace", "--doc", "--quiet"])
                .args(["--no-fail-fast"])
                .run(),
            Self::Engine => engine(),
            Self::Instructions => instructions(),
            Self::Fuzz => fuzz_briefly(),
            Self::Clients => real_clients(),
            Self::ClientsPython => {
                runbook_clients::python()?;
                of_the_tests_crate("clients", Part::Of("runbooks::python::"))
            }
            Self::ClientsNode => {
                runbook_clients::node()?;
                of_the_tests_crate("clients", Part::Of("runbooks::node::"))
            }
            Self::Doors => {
                doors::install()?;
                doors::envoy_module()?;
                of_the_tests_crate("doors", Part::Without("pingora::"))
            }
            Self::Plugins => {
                plugins::install()?;
                of_the_tests_crate("plugins", Part::All)
            }
            Self::Packages => packages::check(),
            Self::Pingora => {
                pingora::build()?;
                of_the_tests_crate("doors", Part::Of("pingora::"))
            }
            Self::E2e => end_to_end(),
        }
    }

    /// Whether it runs only where asked for, or where its inputs changed.
    pub(super) const fn is_suite(self) -> bool {
        !self.inputs().is_empty()
    }

    /// Whether CI runs it where its inputs changed. Pingora brings two hundred crates, and the packages build wasmtime once
    /// more, which is too much for each change.
    pub(super) const fn follows_changes(self) -> bool {
        !matches!(self, Self::Packages | Self::Pingora)
    }

    /// Its name and inputs, if it is a suite.
    pub(super) fn suite(self) -> Option<Suite> {
        let (name, inputs) = (self.name(), self.inputs());
        self.is_suite().then_some(Suite { name, inputs })
    }

    pub(super) fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    pub(super) fn about(self) -> String {
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
        return run_tests("not package(signalbox-tests)");
    }
    let tests = cargo(["test", "--workspace", "--exclude", "signalbox-tests"]);
    drawn_from_a_seed(tests.args(["--no-fail-fast", "--lib", "--bins", "--tests"])).run()
}

/// The engine step is a command of its own; this asks this very program for it.
fn engine() -> anyhow::Result<()> {
    let xtask = env::current_exe().context("this program does not know where it is")?;
    Run::new(&xtask.to_string_lossy(), ["engine", "--check"]).run()
}

/// A rise since it last passed counts, however many commits ago that was; without a note, the parent's.
fn instructions() -> anyhow::Result<()> {
    let base = Step::Instructions
        .suite()
        .and_then(|suite| passed::commit(&suite))
        .unwrap_or_else(|| "HEAD^".to_owned());
    let revision = format!("{base}^{{commit}}");
    if Run::new("git", ["rev-parse", "--verify", "--quiet"])
        .args([revision.as_str()])
        .output()
        .is_err()
    {
        say("this clone has no commit to compare with");
        return Ok(());
    }
    bench::instructions_since(&base)
}

fn fuzz_briefly() -> anyhow::Result<()> {
    clients::debian(&[("c++", "g++")])?;
    fuzz::run(&fuzz::Arguments::default())
}

fn real_clients() -> anyhow::Result<()> {
    clients::install()?;
    registry::install()?;
    of_the_tests_crate("clients", Part::Without("runbooks::"))
}

fn end_to_end() -> anyhow::Result<()> {
    of_the_tests_crate("e2e", Part::All)
}

/// Which tests of a target: by what their names have in them.
#[derive(Clone, Copy)]
enum Part {
    All,
    Of(&'static str),
    Without(&'static str),
}

/// The tests start the real command as well as the host inside their own process.
fn of_the_tests_crate(target: &str, part: Part) -> anyhow::Result<()> {
    cargo(["build", "--workspace", "--bin", "signalbox"]).run()?;
    if nextest() {
        let part = match part {
            Part::All => "all()".to_owned(),
            Part::Of(name) => format!("test({name})"),
            Part::Without(name) => format!("not test({name})"),
        };
        return run_tests(&format!(
            "package(signalbox-tests) and binary({target}) and {part}"
        ));
    }
    let tests = cargo(["test", "--package", "signalbox-tests", "--test", target])
        .args(["--no-fail-fast", "--"]);
    let tests = drawn_from_a_seed(tests);
    match part {
        Part::All => tests.run(),
        Part::Of(name) => tests.args([name]).run(),
        Part::Without(name) => tests.args(["--skip", name]).run(),
    }
}

/// One set of features for every step, hence one build: a filter, and neither `--package` nor `--exclude`.
fn run_tests(filter: &str) -> anyhow::Result<()> {
    let tests = cargo(["nextest", "run", "--workspace", "--no-fail-fast"]).args(["-E", filter]);
    drawn_from_a_seed(tests).run().or_else(|error| {
        let failed = super::failed::tests();
        if failed.is_empty() {
            return Err(error);
        }
        bail!("{} failed: {}", failed.len(), failed.join(", "))
    })
}

/// Property tests draw the same cases in each run, or this command would fail for what nobody changed. New ones are
/// looked for with another seed, and by the fuzz targets.
fn drawn_from_a_seed(tests: Run) -> Run {
    if env::var_os(SEED).is_some() {
        return tests;
    }
    tests.env(SEED, "1")
}

/// Where proptest looks for one.
const SEED: &str = "PROPTEST_RNG_SEED";

fn nextest() -> bool {
    has("cargo-nextest")
}

const WASM: &str = "wasm32-unknown-unknown";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    #[test]
    fn every_input_of_a_suite_is_there() {
        let suites = Step::value_variants()
            .iter()
            .filter_map(|step| step.suite());
        let suites: Vec<Suite> = suites.collect();
        assert_eq!(suites.len(), 9);
        for Suite { name, inputs } in suites {
            for input in inputs {
                assert!(root().join(input).exists(), "{name}: {input}");
            }
        }
    }
}
