//! `cargo xtask test`: every check and every test.
//!
//! Nothing is assumed but rustup, Python 3.11 and Node 20: each step installs what it needs and is missing. Test
//! runners write straight to the terminal. A step that fails ends neither itself nor the others: the run goes on to its
//! end and lists all that failed.
//!
//! Without arguments the default steps run. Suites take long or need other people's packages, and only some changes
//! touch them: they run where they are named, with `--all`, or with `--changed` where their inputs are not those they
//! last passed with.

mod clients;
mod doors;
mod failed;
mod kept;
mod packages;
mod passed;
mod pingora;
mod plugins;
mod registry;
mod runbook_clients;
mod step;

use std::{
    env,
    time::{Duration, Instant},
};

use anyhow::bail;
use clap::Args;

use crate::process::say;
use step::Step;

pub(crate) use plugins::install as install_plugins;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Run only these steps and suites, in their usual order
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP")]
    only: Vec<Step>,
    /// Leave these steps out
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP")]
    skip: Vec<Step>,
    /// Run the default steps and every suite
    #[arg(long, conflicts_with = "only")]
    all: bool,
    /// Run the default steps and the suites whose inputs changed since they passed, as CI does
    #[arg(long, conflicts_with_all = ["only", "all"])]
    changed: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let has_passed = |step: Step| {
        step.suite()
            .is_some_and(|it| passed::with_these_inputs(&it))
    };
    let steps = chosen(arguments, has_passed);
    if steps.is_empty() {
        bail!("no step is left to run");
    }
    let started = Instant::now();
    let (mut times, mut failures) = (Vec::new(), Vec::new());
    for (at, step) in steps.iter().enumerate() {
        let name = step.name();
        let place = format!("{}/{}", at + 1, steps.len());
        say(&format!("\n=== {place} {name}: {}", step.about()));
        let begun = Instant::now();
        let outcome = step.run();
        let time = seconds(begun.elapsed());
        times.push(format!("{name} {time}"));
        match outcome {
            Ok(()) => {
                say(&format!("--- {name}: {time}"));
                // CI only reads: what it would write would be lost.
                if let Some(suite) = step.suite()
                    && env::var_os("CI").is_none()
                {
                    passed::note(&suite)?;
                }
            }
            Err(error) => {
                say(&format!("--- {name}: FAILED after {time}: {error:#}"));
                failures.push(format!("  {name}: {error:#}"));
                // Nothing else can be built without it.
                if *step == Step::Toolchain {
                    break;
                }
            }
        }
    }
    let (total, times) = (seconds(started.elapsed()), times.join(", "));
    if !failures.is_empty() {
        let count = failures.len();
        bail!(
            "{count} of the steps failed in {total} ({times}):\n{}",
            failures.join("\n")
        );
    }
    say(&format!("\nall steps passed in {total}: {times}"));
    Ok(())
}

fn chosen(arguments: &Arguments, has_passed: impl Fn(Step) -> bool) -> Vec<Step> {
    let is_wanted = |step: &Step| match (arguments.only.is_empty(), step.is_suite()) {
        (false, _) => arguments.only.contains(step),
        (true, false) => true,
        (true, true) => {
            let is_changed = step.follows_changes() && !has_passed(*step);
            arguments.all || (arguments.changed && is_changed)
        }
    };
    <Step as clap::ValueEnum>::value_variants()
        .iter()
        .copied()
        .filter(is_wanted)
        .filter(|step| !arguments.skip.contains(step))
        .collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Step, chosen};

    fn arguments(only: &[Step], skip: &[Step]) -> Arguments {
        Arguments {
            only: only.to_vec(),
            skip: skip.to_vec(),
            all: false,
            changed: false,
        }
    }

    #[test]
    fn every_default_step_runs_and_end_to_end_runs_last() {
        let steps = chosen(&arguments(&[], &[]), |_| false);
        assert_eq!(steps.first(), Some(&Step::Toolchain));
        assert_eq!(steps.last(), Some(&Step::E2e));
        assert!(!steps.iter().any(|step| step.is_suite()));
        let all = Arguments {
            all: true,
            ..arguments(&[], &[])
        };
        let suites: Vec<_> = chosen(&all, |_| true)
            .into_iter()
            .filter(|step| !steps.contains(step))
            .collect();
        let expected = [
            Step::Instructions,
            Step::Fuzz,
            Step::Clients,
            Step::ClientsPython,
            Step::ClientsNode,
            Step::Doors,
            Step::Plugins,
            Step::Packages,
            Step::Pingora,
        ];
        assert_eq!(suites, expected);
    }

    #[test]
    fn suites_run_where_their_inputs_changed() {
        let changed = Arguments {
            changed: true,
            ..arguments(&[], &[])
        };
        let steps = chosen(&changed, |suite| suite == Step::Fuzz);
        assert!(steps.contains(&Step::Clients) && !steps.contains(&Step::Fuzz));
        assert!(!steps.contains(&Step::Packages) && !steps.contains(&Step::Pingora));
        assert!(steps.contains(&Step::Unit));
    }

    #[test]
    fn only_keeps_the_usual_order() {
        let steps = chosen(&arguments(&[Step::E2e, Step::Fmt], &[]), |_| false);
        assert_eq!(steps, [Step::Fmt, Step::E2e]);
        assert_eq!(
            chosen(&arguments(&[Step::Fuzz], &[]), |_| true),
            [Step::Fuzz]
        );
    }

    #[test]
    fn skip_wins_over_only() {
        let steps = chosen(&arguments(&[Step::E2e, Step::Fmt], &[Step::E2e]), |_| false);
        assert_eq!(steps, [Step::Fmt]);
    }
}
