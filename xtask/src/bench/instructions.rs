//! `cargo xtask bench --instructions`: what a request takes, counted, at two commits.
//!
//! Counts are alike on a busy machine and on an idle one, so they can be a gate where times cannot:
//! instructions of user space, calls that get memory, and system calls, of the whole gate but for
//! the threads that go by the clock. Both commits are built and counted on one machine in one go,
//! because a count depends on its libraries.

mod builds;
mod driver;
mod gate;
mod profile;
mod report;
mod workloads;

use std::{fs, path::Path};

use anyhow::{Context as _, bail, ensure};

use crate::process::{Run, has, say};
use builds::Builds;
use driver::Driver;
use gate::Gate;
use report::{PerRequest, Row};
use workloads::{Setup, Workload};

#[derive(clap::Args, Debug)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Count instructions, mallocs and system calls of a request, beside another commit
    #[arg(long)]
    pub(crate) instructions: bool,
    /// The commit to compare with
    #[arg(
        long,
        default_value = "HEAD^",
        value_name = "REV",
        requires = "instructions"
    )]
    base: String,
    /// How much instructions may rise, in percent
    #[arg(
        long,
        default_value_t = ALLOWED_RISE,
        value_name = "PERCENT",
        requires = "instructions"
    )]
    allow_rise: f64,
}

impl Arguments {
    /// As without any argument, but for the commit to compare with.
    pub(super) fn since(base: &str) -> Self {
        Self {
            instructions: true,
            base: base.to_owned(),
            allow_rise: ALLOWED_RISE,
        }
    }
}

/// Counts the workloads of these names, or all, and fails if one takes more instructions than it did.
pub(crate) fn run(
    arguments: &Arguments,
    only: &[String],
    quick: bool,
    json: Option<&Path>,
) -> anyhow::Result<()> {
    if let Some(name) = workloads::unknown(only) {
        bail!(
            "no workload is called {name}; there are {}",
            workloads::names()
        );
    }
    install()?;
    let (base, head) = (builds::resolve(&arguments.base)?, builds::resolve("HEAD")?);
    let builds = builds::build(&base)?;
    let mut rows = Vec::new();
    for setup in Setup::ALL {
        let chosen = workloads::chosen(setup, only, quick);
        rows.extend(compare(&builds, setup, &chosen)?);
    }
    ensure!(!rows.is_empty(), "no workload is left to count");
    count_risen_again(&mut rows, arguments.allow_rise, &builds)?;
    say(&format!("\n{}", report::table(&rows)));
    if let Some(file) = json {
        let text = format!("{:#}\n", report::json(&base, &head, &rows));
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    judge(&rows, arguments.allow_rise, &base)
}

fn install() -> anyhow::Result<()> {
    if has("valgrind") && has("vgdb") {
        return Ok(());
    }
    Run::new("apt-get", ["update", "-qq"]).run()?;
    Run::new(
        "apt-get",
        [
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "valgrind",
        ],
    )
    .run()
    .context("counting needs valgrind")
}

/// What workloads take before and after.
fn compare(builds: &Builds, setup: Setup, workloads: &[Workload]) -> anyhow::Result<Vec<Row>> {
    if workloads.is_empty() {
        return Ok(Vec::new());
    }
    let before = count(&builds.driver, &builds.base, setup, workloads)?;
    let after = count(&builds.driver, &builds.head, setup, workloads)?;
    let pairs = workloads.iter().zip(before.into_iter().zip(after));
    let rows = pairs.map(|(workload, (base, head))| Row {
        workload: *workload,
        setup,
        base,
        head,
    });
    Ok(rows.collect())
}

/// A rise that new processes do not show is one of how bytes met a process: over how many reads a large body
/// comes is up to the machine, for all rounds of a process alike.
fn count_risen_again(rows: &mut [Row], percent: f64, builds: &Builds) -> anyhow::Result<()> {
    for row in rows.iter_mut().filter(|row| row.has_risen(percent)) {
        say(&format!("{} has risen, and is counted again", row.name()));
        for again in compare(builds, row.setup, &[row.workload])? {
            row.add(&again);
        }
    }
    Ok(())
}

/// What each workload takes of one program.
fn count(
    driver: &Path,
    program: &Path,
    setup: Setup,
    workloads: &[Workload],
) -> anyhow::Result<Vec<PerRequest>> {
    let folder = builds::folder().join("run");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut driver = Driver::start(driver, &folder, setup)?;
    let gate = Gate::start(program, &folder)?;
    let mut counted = Vec::new();
    for workload in workloads {
        driver.ask(workload.name, workload.warm_up(), gate.address())?;
        gate.counts()?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            driver.ask(workload.name, workload.requests, gate.address())?;
            rounds.push(PerRequest::new(gate.counts()?, workload.requests));
        }
        counted.extend(rounds.into_iter().reduce(PerRequest::least));
    }
    ensure!(
        counted.len() == workloads.len(),
        "a workload was not counted"
    );
    Ok(counted)
}

/// A rise is no failure if a commit says why, in a line `Instructions: REASON` at its message's end.
fn judge(rows: &[Row], percent: f64, base: &str) -> anyhow::Result<()> {
    let risen = rows.iter().filter(|row| row.has_risen(percent));
    let names: Vec<String> = risen
        .map(|row| format!("{}: {:.3}", row.name(), row.ratio()))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let names = names.join("; ");
    let format = "--format=%(trailers:key=Instructions,valueonly)";
    let range = format!("{base}..HEAD");
    let reasons = Run::new("git", ["log", format, &range]).output()?;
    let reasons: Vec<&str> = reasons
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if reasons.is_empty() {
        bail!(
            "instructions rose by more than {percent} %: {names}; if that is meant, say why in the \
             commit's last paragraph: `Instructions: REASON`"
        );
    }
    say(&format!(
        "instructions rose, and it is said why: {names}\n{}",
        reasons.join("\n")
    ));
    Ok(())
}

/// In percent: ten times what two runs of one program differ by.
const ALLOWED_RISE: f64 = 3.0;
/// Rounds of one workload: what is read together and what apart differs a little, over HTTP/2 most.
const ROUNDS: usize = 3;

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _, Parser};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        bench: crate::bench::Arguments,
    }

    fn parse(words: &[&str]) -> Result<Line, clap::Error> {
        let words = ["bench"].iter().chain(words);
        let mut matches = Line::command().try_get_matches_from(words)?;
        Line::from_arg_matches_mut(&mut matches)
    }

    #[test]
    fn the_parent_commit_is_compared_with_and_three_percent_are_allowed() {
        Line::command().debug_assert();
        let arguments = parse(&["--instructions"]).unwrap().bench.instructions;
        assert_eq!(arguments.base, "HEAD^");
        assert!((arguments.allow_rise - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_about_counting_needs_counting() {
        for alone in [["--base", "x"], ["--allow-rise", "1"]] {
            assert!(parse(&alone).is_err(), "{alone:?}");
            assert!(parse(&[&["--instructions"], &alone[..]].concat()).is_ok());
        }
    }
}
