//! One table: contenders taking turns under one load, in a new order each round. Whoever has no
//! turn is paused, and whoever fails is left out from then on.

use anyhow::Context as _;

use super::{
    contender::Contender,
    load::Load,
    order::Chance,
    report::{Report, Row, Table},
    sample::Sample,
    scratch::Scratch,
    send::send,
};
use crate::process::{root, say};

/// The table, best first, and who is not in it.
pub(super) fn take(
    contenders: &[&Contender],
    load: Load,
    report: &Report,
    chance: &mut Chance,
    scratch: &Scratch,
) -> (Table, Vec<(String, String)>) {
    let mut turns: Vec<Turns<'_>> = contenders
        .iter()
        .map(|contender| Turns::new(contender))
        .collect();
    for round in 1..=report.rounds {
        say(&format!(
            "{}: round {round} of {}",
            load.title(),
            report.rounds
        ));
        chance.shuffle(&mut turns);
        for turns in turns.iter_mut().filter(|turns| turns.failed.is_none()) {
            match turn(turns.contender, load, report.seconds, scratch) {
                Ok(sample) => turns.samples.push(sample),
                Err(error) => turns.failed = Some(reason(&error, scratch)),
            }
        }
    }
    let mut table = Table {
        slug: load.slug(),
        title: load.title(),
        rows: Vec::new(),
    };
    let mut left_out = Vec::new();
    for Turns {
        contender,
        samples,
        failed,
    } in turns
    {
        let name = contender.name.clone();
        match failed {
            None => table.rows.push(Row { name, samples }),
            Some(failed) => left_out.push((format!("{name} ({})", table.title), failed)),
        }
    }
    let speed = |row: &Row| row.median(|sample| sample.per_second);
    table.rows.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
    (table, left_out)
}

struct Turns<'a> {
    contender: &'a Contender,
    samples: Vec<Sample>,
    failed: Option<String>,
}

impl<'a> Turns<'a> {
    fn new(contender: &'a Contender) -> Self {
        Self {
            contender,
            samples: Vec::new(),
            failed: None,
        }
    }
}

/// Wakes it, asks it once, which also opens its connections again, and measures.
fn turn(
    contender: &Contender,
    load: Load,
    seconds: u32,
    scratch: &Scratch,
) -> anyhow::Result<Sample> {
    contender.resume();
    let checked = contender
        .check(load.exchange)
        .context("after others had their turns");
    let sample = checked.and_then(|()| send(load, contender, seconds, scratch));
    contender.pause();
    sample
}

/// An error in words that hold no path of this machine.
pub(super) fn reason(error: &anyhow::Error, scratch: &Scratch) -> String {
    format!("{error:#}")
        .replace(&scratch.folder().display().to_string(), "")
        .replace(&root().display().to_string(), "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
