//! `cargo xtask bench`: the figures of the README and of `docs/performance.md`.
//!
//! Proxies take turns: every contender passes the same request to the same upstream with one worker,
//! all in round one, then all in round two, and so on. What carries over to another machine and
//! another day is the ratio of two of them within a round, so that is what is given an interval.

mod instructions;
mod pages;
mod plugins;
mod proxies;

use std::path::PathBuf;

use anyhow::ensure;

use crate::process::cargo;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// How often each contender takes its turn: 11, or 6 with --quick; an interval needs 6
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: Option<u32>,
    /// Seconds of one turn: 3, or 1 with --quick
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=30))]
    seconds: Option<u32>,
    /// Connections, one table each
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16], value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: Vec<u32>,
    /// Whom Signalbox is compared with, by name, such as "HAProxy,HAProxy TLS", or workloads with
    /// --instructions; all that can be had here if left out
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Leave the crates' own benches out
    #[arg(long, alias = "proxies-only")]
    proxies: bool,
    /// The doors of other proxies alone, each beside that proxy without the gate
    #[arg(long, conflicts_with_all = ["only", "signalbox", "render"])]
    doors: bool,
    /// The example plugins alone, by their languages and by what an instance may keep
    #[arg(long, conflicts_with_all = ["only", "signalbox", "render", "doors"])]
    plugins: bool,
    /// Two minutes: few and short turns, nginx, HAProxy and Envoy alone; not to be quoted. With
    /// --instructions a few workloads
    #[arg(long)]
    quick: bool,
    /// Measure this build instead of making one; several take turns, compared with the first
    #[arg(long, value_name = "NAME=PATH", value_parser = named_path)]
    signalbox: Vec<(String, PathBuf)>,
    /// Install nothing: who is not here is left out
    #[arg(long)]
    no_install: bool,
    /// Where the order of the turns begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write every sample to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure nothing: show the proxies' run in this file
    #[arg(long, value_name = "FILE")]
    render: Option<PathBuf>,
    /// Put the proxies' figures into docs/performance.md, its plots, and the README
    #[arg(long)]
    write_docs: bool,
    #[command(flatten)]
    instructions: instructions::Arguments,
}

/// `tool_chains` installs those of the example plugins, as their tests do.
pub(crate) fn run(
    arguments: &Arguments,
    tool_chains: fn() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if arguments.instructions.instructions {
        let Arguments {
            only, quick, json, ..
        } = arguments;
        return instructions::run(&arguments.instructions, only, *quick, json.as_deref());
    }
    if arguments.doors {
        return proxies::doors(arguments);
    }
    if arguments.plugins {
        tool_chains()?;
        return plugins::run(arguments.write_docs);
    }
    if let Some(path) = &arguments.render {
        return proxies::render(path, arguments.write_docs);
    }
    if !arguments.proxies {
        for package in ["signalbox-compiler", "signalbox-http", "signalbox-tests"] {
            cargo(["bench", "--package", package, "--benches"]).run()?;
        }
    }
    proxies::run(arguments)
}

/// Counts what every workload takes here and at `base`, and fails if one takes more than 3 % more.
pub(crate) fn instructions_since(base: &str) -> anyhow::Result<()> {
    let arguments = instructions::Arguments::since(base);
    instructions::run(&arguments, &[], false, None)
}

fn named_path(text: &str) -> anyhow::Result<(String, PathBuf)> {
    let (name, path) = text.split_once('=').unwrap_or_default();
    ensure!(
        !name.is_empty() && !path.is_empty(),
        "a build is named NAME=PATH, such as old=target/old/signalbox"
    );
    Ok((name.to_owned(), PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        bench: Arguments,
    }

    fn read(line: &'static str) -> Result<Arguments, clap::Error> {
        Line::try_parse_from(line.split(' ')).map(|line| line.bench)
    }

    #[test]
    fn old_name_of_the_switch_is_still_read() {
        assert!(read("bench --proxies").unwrap().proxies);
        assert!(read("bench --proxies-only").unwrap().proxies);
        assert!(!read("bench").unwrap().proxies);
    }

    #[test]
    fn builds_are_read_by_name() {
        let read = |line| read(line).map(|arguments| arguments.signalbox);
        let named = |name: &str, path: &str| (name.to_owned(), PathBuf::from(path));
        let two = read("bench --signalbox old=a/b --signalbox new=c=d").unwrap();
        assert_eq!(two, [named("old", "a/b"), named("new", "c=d")]);
        for wrong in ["bench --signalbox a/b", "bench --signalbox =a"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
