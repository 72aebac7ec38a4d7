//! `cargo xtask bench --doors`: the same gate behind the doors of other proxies, each beside that proxy without it.
//!
//! They take turns as the proxies do, with the same small chat. What counts is the time on a processor that a request
//! takes of all processes of a door, and its ratio to the bare proxy's in the same round.

mod deployed;
pub(super) mod list;
mod plans;
pub(super) mod programs;
pub(super) mod table;

use std::fs;

use anyhow::Context as _;

use list::DOORS;
use programs::Programs;

use super::{
    super::Arguments,
    docs, install,
    load::{Load, Protocol},
    machine,
    order::Chance,
    report::{ROUNDS, Report, SECONDS},
    running::Running,
    turns,
};
use crate::process::say;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    install::debian(!arguments.no_install)?;
    let programs = Programs::build()?;
    let (rounds, seconds) = if arguments.quick {
        (6, 1)
    } else {
        (ROUNDS, SECONDS)
    };
    let mut report = Report {
        rounds: arguments.rounds.unwrap_or(rounds),
        seconds: arguments.seconds.unwrap_or(seconds),
        seed: arguments.seed,
        machine: machine::describe(),
        ..Report::default()
    };
    let mut running = Running::of_doors(&programs, !arguments.no_install)?;
    report.versions = running.versions();
    report.versions.retain(|(name, _)| {
        DOORS
            .iter()
            .any(|door| door.name == name && door.bare.is_none())
    });
    let mut chance = Chance::new(arguments.seed);
    for at_once in &arguments.connections {
        let load = Load::new(Protocol::Http1, *at_once);
        let (table, left_out) = turns::take(
            &running.under(load),
            load,
            &report,
            &mut chance,
            &running.scratch,
        );
        report.tables.push(table);
        running.left_out.extend(left_out);
    }
    report.left_out = std::mem::take(&mut running.left_out);
    drop(running);
    if let Some(path) = &arguments.json {
        fs::write(path, report.to_json()?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    say(&format!("\n{}", table::page(&report)));
    if arguments.write_docs {
        docs::write_doors(&report)?;
    }
    Ok(())
}
