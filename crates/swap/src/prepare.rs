//! One candidate on its way: from its digest to the comparison with the live policy.

use std::time::Instant;

use jiff::Timestamp;
use signalbox_runtime::{Digest, LoadError, Plugin};
use tracing::warn;

use crate::{
    Accepted, Candidate, Failure, Mode, Order, Presented, Step, Trigger,
    access::{self, Compared},
    cases,
    history::TARGET,
    loaded::Loaded,
    shared::Shared,
    snapshot::Snapshot,
    transaction_recorder::{StepError, TransactionRecorder},
};

/// A candidate that passed every check.
pub(crate) struct Prepared {
    pub(crate) loaded: Loaded,
    /// With what serves, if something does.
    pub(crate) compared: Option<Compared>,
    pub(crate) source: Option<Digest>,
    pub(crate) accepted: Option<Accepted>,
    pub(crate) component: Vec<u8>,
}

/// What can be said of an order before its components are looked at.
pub(crate) fn check(base: &Snapshot, order: &Order) -> Result<(), StepError> {
    if order.candidates.is_empty() {
        return Err(StepError::new(
            "there is no candidate",
            "name a policy and its file",
        ));
    }
    for (index, candidate) in order.candidates.iter().enumerate() {
        let name = &candidate.name;
        let others = order.candidates.iter().skip(index + 1);
        if others.into_iter().any(|other| other.name == *name) {
            let message = format!("`{name}` is there twice");
            return Err(StepError::new(message, "give each policy one component"));
        }
        check_name(base, order, name)?;
    }
    Ok(())
}

fn check_name(base: &Snapshot, order: &Order, name: &str) -> Result<(), StepError> {
    let standing = base.standing(name);
    // A name that no key uses is a slip of the pen. Who embeds the host, and its start, make names.
    let is_known = standing.is_some_and(|standing| standing.is_configured);
    if !is_known && !matches!(order.actor.way, Trigger::Embedder | Trigger::Start) {
        let policies = base.policies.iter();
        let known: Vec<_> = policies
            .filter(|(_, standing)| standing.is_configured)
            .map(|(name, _)| name.as_str())
            .collect();
        let message = format!("there is no policy `{name}`");
        let help = match known.as_slice() {
            [] => "name it in the configuration's `policies` first".to_owned(),
            known => format!("the policies of this host: {}", known.join(", ")),
        };
        return Err(StepError::new(message, help));
    }
    let needs_live = matches!(order.mode, Mode::Shadow(_) | Mode::Canary(_));
    if needs_live && standing.is_none_or(|standing| standing.live.is_none()) {
        return Err(StepError::new(
            format!("nothing serves `{name}` that a candidate could be beside"),
            "swap it in directly: without `--shadow` or `--canary`",
        ));
    }
    Ok(())
}

pub(crate) fn received(order: &Order) -> String {
    let bytes: usize = order
        .candidates
        .iter()
        .map(|candidate| candidate.component.len())
        .sum();
    format!("{bytes} bytes")
}

/// Every check of one candidate.
pub(crate) fn prepare(
    shared: &Shared,
    base: &Snapshot,
    candidate: Candidate,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Prepared, Failure> {
    let name = Some(candidate.name.as_str());
    let digest = walk.step(Step::Digest, name, || digest(base, &candidate))?;
    if let Some(changed) = walk.changed(&candidate.name) {
        changed.digest = digest.to_string();
    }
    let accepted = walk.step(Step::Signature, name, || {
        signature(shared, base, &candidate, digest)
    })?;
    let loaded = load(shared, name, &candidate.component, walk)?;
    walk.step(Step::Cases, name, || {
        let operator = shared.cases(&candidate.name);
        cases::run(
            &loaded.plugin,
            operator.as_deref(),
            candidate.cases.as_deref(),
        )
        .map(|note| ((), Some(note)))
    })?;
    let compared = compare(shared, base, &candidate.name, &loaded, walk)?;
    Ok(Prepared {
        loaded,
        compared,
        source: candidate.source,
        accepted,
        component: candidate.component,
    })
}

fn digest(base: &Snapshot, candidate: &Candidate) -> Result<(Digest, Option<String>), StepError> {
    let digest = Digest::of(&candidate.component);
    if let Some(announced) = candidate.digest
        && announced != digest
    {
        return Err(StepError::new(
            format!("the component's digest is {digest}, announced was {announced}"),
            "it was changed or cut short on its way: send it again, or announce what you built",
        ));
    }
    if base.revoked.contains(&digest) {
        return Err(revoked(digest));
    }
    Ok((digest, Some(digest.to_string())))
}

pub(crate) fn revoked(digest: Digest) -> StepError {
    StepError::new(
        format!("component {digest} is revoked: it never serves here again"),
        "build another one; `signalbox history` says who revoked it",
    )
}

fn signature(
    shared: &Shared,
    base: &Snapshot,
    candidate: &Candidate,
    digest: Digest,
) -> Result<(Option<Accepted>, Option<String>), StepError> {
    let standing = base.standing(&candidate.name);
    let presented = Presented {
        policy: &candidate.name,
        digest: &digest,
        statement: candidate.statement.as_deref(),
        last: standing.and_then(|standing| standing.accepted.as_ref()),
        now: Timestamp::now(),
    };
    let signed = shared.settings.signers.check(&presented);
    let signed = signed.map_err(|error| StepError::of(&error, error.help()))?;
    Ok(match signed {
        None => (None, Some("none, and none is required".into())),
        Some(signed) => {
            let serial = signed.accepted.serial;
            let note = format!("by {}, serial {serial}", signed.signer);
            (Some(signed.accepted), Some(note))
        }
    })
}

/// The steps of the runtime.
pub(crate) fn load(
    shared: &Shared,
    name: Option<&str>,
    component: &[u8],
    walk: &mut TransactionRecorder<'_>,
) -> Result<Loaded, Failure> {
    let began = Instant::now();
    let turn = shared.loading();
    let waited = began.elapsed();
    let mut first = Some(waited);
    let loaded = shared
        .runtime
        .load_told(component, &shared.settings.load, &mut |step, took| {
            let waited = first.take().unwrap_or_default();
            walk.done(step.into(), name, took + waited, None);
        });
    drop(turn);
    let plugin = loaded
        .map_err(|error| StepError::of(&error, load_help(&error)).at(error.step().into(), name))?;
    warn_of_routes(shared, name, &plugin);
    Ok(Loaded::new(plugin, component))
}

/// It comes into service all the same: whatever it lets through, GT's table holds for each request.
fn warn_of_routes(shared: &Shared, name: Option<&str>, plugin: &Plugin) {
    let table = shared.settings.gt_routes.as_ref();
    for fault in table
        .iter()
        .flat_map(|table| table.check(plugin.description()))
    {
        warn!(
            target: TARGET,
            policy = name.unwrap_or_default(),
            help = fault.problem.help(),
            "{fault}: requests that GT would not take are refused"
        );
    }
}

fn compare(
    shared: &Shared,
    base: &Snapshot,
    name: &str,
    loaded: &Loaded,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Option<Compared>, Failure> {
    let Some(live) = base.standing(name).and_then(|known| known.live.as_ref()) else {
        return Ok(None);
    };
    let compared = walk.step(Step::Access, Some(name), || {
        let callers = (shared.settings.callers)(name);
        let compared = access::compare(&live.loaded, loaded, callers);
        let note = compared.access.to_string();
        Ok((compared, Some(note)))
    })?;
    if let Some(changed) = walk.changed(name) {
        changed.access = Some(compared.access.clone());
    }
    Ok(Some(compared))
}

/// What to do about a component that does not load.
fn load_help(error: &LoadError) -> &'static str {
    match error {
        LoadError::CoreModule => {
            "`signalbox build GUEST.core.wasm -o GUEST.wasm` makes a component of it"
        }
        LoadError::NotWasm => {
            "send a component; `signalbox build POLICY.yaml -o POLICY.wasm` makes one of a document"
        }
        LoadError::Malformed(_) | LoadError::Section { .. } => {
            "it may be damaged or cut short: build it again, and compare its digest"
        }
        LoadError::TooLarge { .. } => "build it without debug information, or raise the limit",
        LoadError::Import(_) => {
            "build it without WASI (`signalbox build --stub-wasi`, `componentize-qjs --stub-wasi`, \
             `componentize-py componentize -s`), and a wrapper with `signalbox compose` before the \
             policy that it asks; see docs/plugins.md"
        }
        LoadError::NoWorld | LoadError::Version(_) | LoadError::Types(_) => {
            "build it against the contract in wit/0.2.0; see docs/plugins.md"
        }
        LoadError::CoreInstances { .. } | LoadError::TooDeep { .. } => {
            "compose fewer policies into one; docs/plugins.md has the limits"
        }
        LoadError::Memory { .. } => "declare less memory, or raise the limit",
        LoadError::Bound(_) => {
            "build it optimised and without what it does not need; docs/plugins.md has the bounds"
        }
        LoadError::GivenUp => "ask again when the host has started again",
        LoadError::CompilerNotStarted(_) => {
            "this says nothing of the policy: the host starts its own binary once more to compile, \
             and has to be allowed to; then swap again, or send SIGHUP"
        }
        LoadError::CompilerKilled(_) => {
            "this says nothing of the policy: the system's log says who ended the process, mostly \
             the system itself where memory is short; then swap again, or send SIGHUP"
        }
        LoadError::Compiler(_) => {
            "the host starts its own binary once more to compile: see that it is still the same one"
        }
        LoadError::Compile(_) => "build it again with the tool chain in docs/plugins.md",
        _ => "`signalbox test FILE` shows it on your own machine; see docs/plugins.md",
    }
}
