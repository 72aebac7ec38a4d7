//! Where the decision is written down.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};
use signalbox_gate::DecisionId;

use crate::{
    admin::{self, Access},
    recorded::{Ended, Entry, Recorded, of_object, read},
};

/// A decision, and how its request ended, if that is known.
pub(super) struct Found {
    pub(super) decision: Recorded,
    pub(super) ended: Option<Ended>,
}

/// The last one with this id: what else a log says of it is not looked for.
pub(super) fn in_log(path: &Path, id: DecisionId) -> anyhow::Result<Found> {
    let (mut decision, mut ended, mut is_log) = (None, None, false);
    let is_it = |text: &str| DecisionId::parse(text) == Some(id);
    read(path, &mut |read| {
        is_log |= !matches!(read.entry, Entry::Broken(_));
        match read.entry {
            Entry::Decision(it) if is_it(&it.id) => decision = Some(*it),
            Entry::Ended(it) if is_it(&it.id) => ended = Some(it),
            _ => {}
        }
        true
    })?;
    let name = path.display();
    match decision {
        Some(decision) => Ok(Found { decision, ended }),
        None if !is_log => bail!("{name} is no log of a host, and has no record of a decision"),
        None if ended.is_some() => bail!(
            "{name} says how the request ended, and not what was decided: with `records.log: true` a \
             host logs that, too"
        ),
        None => bail!("{name} has no decision with this id; an older log may"),
    }
}

/// One of the last decisions of a host.
pub(super) fn on_host(access: &Access, id: DecisionId) -> anyhow::Result<Found> {
    let client = access.client()?;
    let record: Map<String, Value> = admin::block_on(async {
        let record = client.read(&format!("/decisions/{id}")).await;
        record.context("the host does not give this decision; it may be in the log: --log FILE")
    })?;
    match of_object(record) {
        Entry::Decision(decision) => Ok(Found {
            decision: *decision,
            ended: None,
        }),
        _ => bail!("the host's record is none that this version reads"),
    }
}
