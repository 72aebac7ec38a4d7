//! Proxies taking turns: each is started once, and all are measured in every round.

mod bounded;
mod contender;
mod docs;
mod doors;
mod exchange;
mod family;
mod h2load;
mod install;
mod load;
mod machine;
mod markdown;
mod order;
mod peers;
mod plan;
mod plot;
mod report;
mod running;
mod sample;
mod scratch;
mod send;
mod statistics;
mod turns;
mod wrk;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use self::{
    exchange::Exchange,
    load::{Load, Protocol},
    order::Chance,
    peers::PEERS,
    report::{PEER_BASELINES, ROUNDS, Report, SECONDS},
    running::Running,
};
use super::Arguments;
use crate::process::{cargo, root, say};

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    for name in &arguments.only {
        let is_known = PEERS
            .iter()
            .any(|peer| peer.name.eq_ignore_ascii_case(name));
        ensure!(
            is_known,
            "there is no {name}, but {}",
            PEERS.map(|peer| peer.name).join(", ")
        );
    }
    install::debian(!arguments.no_install)?;
    let builds = builds(arguments)?;
    let mut report = blank(arguments, &builds);
    if arguments.write_docs {
        // A page that cannot be written is told of now, not after the run.
        docs::render(&report)?;
    }
    let mut running = Running::start(&report, arguments, &builds)?;
    report.versions = running.versions();
    let mut chance = Chance::new(arguments.seed);
    for load in loads(arguments) {
        let contenders = running.under(load);
        let (table, left_out) =
            turns::take(&contenders, load, &report, &mut chance, &running.scratch);
        report.tables.push(table);
        running.left_out.extend(left_out);
    }
    report.left_out = std::mem::take(&mut running.left_out);
    drop(running);
    if let Some(path) = &arguments.json {
        fs::write(path, report.to_json()?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    show(&report, arguments.write_docs)
}

/// Measures the doors of other proxies.
pub(super) fn doors(arguments: &Arguments) -> anyhow::Result<()> {
    doors::run(arguments)
}

/// Shows a run that was made before.
pub(super) fn render(path: &Path, write_docs: bool) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    show(&Report::from_json(&text)?, write_docs)
}

fn show(report: &Report, write_docs: bool) -> anyhow::Result<()> {
    let (conditions, tables) = (markdown::conditions(report), markdown::tables(report, None));
    say(&format!("\n{conditions}\n{tables}"));
    if write_docs {
        docs::write(report)
    } else {
        Ok(())
    }
}

/// Builds of Signalbox by name: those that are given, or the one that is made here.
fn builds(arguments: &Arguments) -> anyhow::Result<Vec<(String, PathBuf)>> {
    if !arguments.signalbox.is_empty() {
        for (name, path) in &arguments.signalbox {
            ensure!(path.is_file(), "{name}: there is no {}", path.display());
        }
        return Ok(arguments.signalbox.clone());
    }
    cargo(["build", "--release", "--package", "signalbox-cli"]).run()?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(vec![(
        "Signalbox".to_owned(),
        target.join("release/signalbox"),
    )])
}

/// A report of nothing yet. All are compared with two peers, and builds with the first of them.
fn blank(arguments: &Arguments, builds: &[(String, PathBuf)]) -> Report {
    let (rounds, seconds) = if arguments.quick {
        (6, 1)
    } else {
        (ROUNDS, SECONDS)
    };
    let first = builds
        .first()
        .filter(|_| builds.len() > 1)
        .map(|(name, _)| name.as_str());
    Report {
        rounds: arguments.rounds.unwrap_or(rounds),
        seconds: arguments.seconds.unwrap_or(seconds),
        seed: arguments.seed,
        machine: machine::describe(),
        baselines: PEER_BASELINES
            .into_iter()
            .chain(first)
            .map(str::to_owned)
            .collect(),
        ..Report::default()
    }
}

/// What is sent, in the order of the tables. Of HTTP/2 only the most requests at a time: more than
/// one on a connection is what it is for.
fn loads(arguments: &Arguments) -> Vec<Load> {
    let connections = &arguments.connections;
    let under = |protocol| {
        connections
            .iter()
            .map(move |count| Load::new(protocol, *count))
    };
    let mut loads: Vec<Load> = under(Protocol::Http1).chain(under(Protocol::Tls)).collect();
    let Some(most) = connections.iter().max() else {
        return loads;
    };
    loads.push(Load::new(Protocol::Http2, *most));
    for exchange in [Exchange::Events, Exchange::LongChat, Exchange::Embeddings] {
        loads.push(Load {
            exchange,
            ..Load::new(Protocol::Http1, *most)
        });
    }
    loads.push(Load {
        pace: Some(PACE),
        ..Load::new(Protocol::Http1, *most)
    });
    loads
}

/// Requests a second on each connection where there is a pace: with sixteen a third of what one
/// worker can do.
const PACE: u32 = 400;
