//! `cargo xtask fuzz`: the targets in `fuzz`, each for a while, from the saved corpus on.
//!
//! They are built with what `cargo fuzz` passes to the compiler, without a sanitizer, which the
//! pinned stable tool chain does not have: nothing here is `unsafe`, and the targets check laws.
//! What a run finds goes to the target folder, never into the tree; `--keep` adds it to the corpus.

use std::{
    fs, iter,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::process::{Run, cargo, has, root, say, target};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Seconds for each target
    #[arg(long, default_value_t = SECONDS, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Where chance begins: the same attempts in every run, so that a change is judged and not luck;
    /// 0 tries others each time
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Only these targets
    #[arg(long, value_delimiter = ',', value_name = "TARGET")]
    only: Vec<String>,
    /// Add to the saved corpus what reaches code that nothing in it reaches
    #[arg(long)]
    keep: bool,
}

impl Default for Arguments {
    /// What every change is tested with: two targets at a time, so three minutes and a half.
    fn default() -> Self {
        Self {
            seconds: SECONDS,
            seed: 1,
            only: Vec::new(),
            keep: false,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let targets = chosen(&arguments.only)?;
    let programs = build()?;
    let all = Mutex::new(targets.into_iter());
    let next = || all.lock().ok().and_then(|mut targets| targets.next());
    // A flaw in one target says nothing of the others: all of them run.
    let work = || -> Vec<String> {
        iter::from_fn(next)
            .filter_map(|target| Target::new(&target, &programs).run(arguments).err())
            .map(|error| format!("{error:#}"))
            .collect()
    };
    let flaws = thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers.map(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| vec!["a thread panicked".into()])
        })
    });
    let flaws = flaws.concat();
    ensure!(flaws.is_empty(), "{}", flaws.join("; "));
    Ok(())
}

/// The targets by name: one file each.
fn chosen(only: &[String]) -> anyhow::Result<Vec<String>> {
    let folder = root().join(FUZZ).join("fuzz_targets");
    let files =
        fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut known = Vec::new();
    for file in files {
        let path = file?.path();
        known.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    known.sort();
    if let Some(unknown) = only.iter().find(|name| !known.contains(name)) {
        bail!(
            "there is no target `{unknown}`: the targets are {}",
            known.join(", ")
        );
    }
    known.retain(|name| only.is_empty() || only.contains(name));
    Ok(known)
}

/// Builds every target and says where the programs lie.
fn build() -> anyhow::Result<PathBuf> {
    if !["c++", "g++", "clang++"].into_iter().any(has) {
        bail!("libFuzzer is built from C++: please install a compiler for it, such as g++");
    }
    let target = target().join(FUZZ);
    let machine = machine()?;
    cargo(["build", "--release", "--locked", "--target", &machine])
        .within(FUZZ)
        .env("CARGO_TARGET_DIR", &target.to_string_lossy())
        .env("CARGO_ENCODED_RUSTFLAGS", &FLAGS.join("\x1f"))
        .run()?;
    Ok(target.join(machine).join("release"))
}

/// This machine as cargo names it. With it spelled out, build scripts are not instrumented.
fn machine() -> anyhow::Result<String> {
    let about = Run::new("rustc", ["-vV"]).output()?;
    let mut lines = about.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not name its host")?.to_owned())
}

/// One target: its program and its folders.
struct Target {
    name: String,
    program: PathBuf,
    corpus: PathBuf,
    found: PathBuf,
    dictionary: PathBuf,
}

impl Target {
    fn new(name: &str, programs: &Path) -> Self {
        Self {
            name: name.to_owned(),
            program: programs.join(name),
            corpus: root().join(FUZZ).join("corpus").join(name),
            found: programs.join("found").join(name),
            dictionary: root().join(FUZZ).join(format!("dictionaries/{name}.dict")),
        }
    }

    fn run(&self, arguments: &Arguments) -> anyhow::Result<()> {
        let name = &self.name;
        // What an earlier run found would hide that the saved corpus does not reach it.
        if self.found.exists() {
            fs::remove_dir_all(&self.found)?;
        }
        fs::create_dir_all(&self.found)?;
        let program = self.program.to_string_lossy();
        let flaw = format!("-artifact_prefix={}-", self.found.to_string_lossy());
        let time = format!("-max_total_time={}", arguments.seconds);
        let seed = format!("-seed={}", arguments.seed);
        let words = format!("-dict={}", self.dictionary.to_string_lossy());
        let (found, corpus) = (self.found.to_string_lossy(), self.corpus.to_string_lossy());
        Run::new(
            &program,
            ["-max_len=2048", "-timeout=20", "-rss_limit_mb=2048"],
        )
        .args(["-verbosity=0", "-print_funcs=0"])
        .args([&time, &seed, &words, &flaw, &found, &corpus])
        .run()
        .with_context(|| {
            format!(
                "`{name}` found a flaw; run `{program} FILE` with the file named above, mend \
                     it, and keep the input as a test"
            )
        })?;
        say(&format!("{name}: no flaw in {} s", arguments.seconds));
        if arguments.keep {
            Run::new(&program, ["-merge=1", "-max_len=2048", "-verbosity=0"])
                .args([&corpus, &found])
                .run()?;
        }
        Ok(())
    }
}

const FUZZ: &str = "fuzz";

/// Every attempt is the same in every run: more of them is for runs with other seeds.
const SECONDS: u32 = 40;

/// As `cargo fuzz` has them.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];
