//! Sending a load, and reading what the generator says of it.

use std::{fs, process::Command, time::Duration};

use anyhow::Context as _;

use super::{
    bounded,
    contender::Contender,
    h2load,
    load::{Load, Protocol},
    sample::Sample,
    scratch::Scratch,
    wrk,
};

/// One turn of one contender.
pub(super) fn send(
    load: Load,
    contender: &Contender,
    seconds: u32,
    scratch: &Scratch,
) -> anyhow::Result<Sample> {
    let log = scratch.folder().join("h2load.log");
    let by_h2load = load.protocol == Protocol::Http2 || load.pace.is_some();
    let mut command = if by_h2load {
        h2load::command(contender, load, seconds, &log)
    } else {
        wrk::command(contender, load, seconds, scratch)?
    };
    let before = contender.processor_time();
    let said = output(&mut command, seconds)?;
    let spent = contender.processor_time().saturating_sub(before);
    let turn = if by_h2load {
        h2load::read(&said, &fs::read_to_string(&log)?, seconds)
    } else {
        wrk::read(&said)
    };
    let turn = turn.with_context(|| format!("cannot read what the load generator says: {said}"))?;
    Ok(Sample {
        processor_us: spent.as_secs_f64() * 1e6 / turn.requests.max(1.0),
        ..turn.sample
    })
}

/// A generator that hangs with its contender is ended.
fn output(command: &mut Command, seconds: u32) -> anyhow::Result<String> {
    bounded::output(command, Duration::from_secs(u64::from(seconds) + 30))
}
