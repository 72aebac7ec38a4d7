//! The step `receive` of everything but a swap: what is meant, and what is to be done for it.

use signalbox_runtime::Digest;

use crate::{
    Changed, Failure, Role, Step,
    edit::{Arrival, Edit, Edits, Service},
    policy_state::Last,
    retained,
    shared::Shared,
    snapshot::Snapshot,
    transaction_recorder::{StepError, TransactionRecorder},
};

/// To go back to a generation.
pub(crate) fn back(
    shared: &Shared,
    base: &Snapshot,
    name: String,
    (to, only_from): (Option<u64>, Option<u64>),
    walk: &mut TransactionRecorder<'_>,
) -> Result<Edits, Failure> {
    walk.policies = vec![Changed {
        from: base.live(&name),
        ..Changed::new(&name)
    }];
    let target = walk.step(Step::Receive, Some(&name), || {
        if only_from.is_some() && base.live(&name) != only_from {
            return Err(superseded());
        }
        let target = retained::target(base, &name, to)?;
        let note = format!("back to generation {}", target.number);
        Ok((target, Some(note)))
    })?;
    if let Some(changed) = walk.changed(&name) {
        changed.digest = target.digest.to_string();
    }
    let loaded = retained::load(shared, base, &name, &target, walk)?;
    Ok(Edits {
        edits: vec![(name, Edit::Serve(loaded, Service::back()))],
        ..Edits::default()
    })
}

/// To let a candidate serve, or go.
pub(crate) fn beside(
    base: &Snapshot,
    name: String,
    only: Option<u64>,
    edit: Edit,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Edits, Failure> {
    let beside = base
        .standing(&name)
        .and_then(|standing| standing.beside.as_ref());
    walk.policies = vec![Changed {
        from: base.live(&name),
        digest: beside.map_or_else(String::new, |beside| beside.loaded.digest().to_string()),
        access: beside.and_then(|beside| beside.service.access().cloned()),
        ..Changed::new(&name)
    }];
    walk.step(Step::Receive, Some(&name), || match beside {
        Some(beside) if only.is_some_and(|only| only != beside.number()) => Err(superseded()),
        Some(beside) => {
            let role = match beside.role() {
                Role::Shadow => "a shadow",
                Role::Canary { .. } => "a canary",
            };
            Ok(((), Some(format!("generation {}, {role}", beside.number()))))
        }
        None => Err(StepError::new(
            "the live policy has no candidate",
            "`signalbox status` shows candidates; `signalbox swap --shadow` or `--canary` makes one",
        )),
    })?;
    Ok(Edits {
        edits: vec![(name, edit)],
        ..Edits::default()
    })
}

/// What the evidence speaks of is no longer there.
fn superseded() -> StepError {
    StepError::new(
        "the generation this refers to is no longer live",
        "nothing needs to be done",
    )
}

/// To do without a digest.
pub(crate) fn revocation(
    shared: &Shared,
    base: &Snapshot,
    digest: Digest,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Edits, Failure> {
    let met = retained::met(base, digest);
    walk.policies = met
        .iter()
        .map(|name| Changed {
            digest: digest.to_string(),
            from: base.live(name),
            ..Changed::new(name)
        })
        .collect();
    walk.step(Step::Receive, None, || {
        let note = match met.len() {
            0 => "it is not here".to_owned(),
            count => format!("{count} policies know it"),
        };
        Ok(((), Some(note)))
    })?;
    let mut edits = Edits {
        forbid: Some(digest),
        ..Edits::default()
    };
    for name in met {
        let edit = retained::without(shared, base, &name, digest, walk)?;
        edits.edits.extend(edit.map(|edit| (name, edit)));
    }
    Ok(edits)
}

/// What served when an earlier process ended.
pub(crate) fn last(
    shared: &Shared,
    base: &Snapshot,
    name: String,
    (last, forgotten): (Last, Option<String>),
    walk: &mut TransactionRecorder<'_>,
) -> Result<Edits, Failure> {
    let known = last.kept(last.generation.since);
    walk.policies = vec![Changed {
        digest: known.digest.to_string(),
        ..Changed::new(&name)
    }];
    walk.step(Step::Receive, Some(&name), || {
        let note = format!("what served as generation {}", known.number);
        let note = [Some(note), forgotten].into_iter().flatten();
        Ok(((), Some(note.collect::<Vec<_>>().join("; "))))
    })?;
    let loaded = retained::load(shared, base, &name, &known, walk)?;
    let service = Service {
        roll_back: last.roll_back,
        arrival: Arrival::Restart {
            from_source: known.from_source,
        },
        source: None,
        accepted: None,
    };
    Ok(Edits {
        edits: vec![(name, Edit::Serve(loaded, service))],
        ..Edits::default()
    })
}
