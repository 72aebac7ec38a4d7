//! What served before and is still here: going back to it, and doing without a digest.

use signalbox_runtime::Digest;
use tracing::warn;

use crate::{
    Action, Actor, Failure, Step, StepReport, Trigger,
    edit::{Edit, Service},
    history::TARGET,
    loaded::Loaded,
    policy_state::KeptGeneration,
    prepare,
    shared::Shared,
    snapshot::Snapshot,
    transaction_recorder::{StepError, TransactionRecorder},
};

/// What to go back to: a generation's number, or what served last.
pub(crate) fn target(
    base: &Snapshot,
    name: &str,
    to: Option<u64>,
) -> Result<KeptGeneration, StepError> {
    let Some(standing) = base.standing(name) else {
        let message = format!("there is no policy `{name}`");
        return Err(StepError::new(
            message,
            "`signalbox status` shows the policies",
        ));
    };
    let wanted = |kept: &&KeptGeneration| to.is_none_or(|to| kept.number == to);
    if let Some(kept) = standing.kept.iter().find(wanted) {
        return Ok(kept.clone());
    }
    let live = standing.live.as_ref().map(|it| it.number());
    let kept: Vec<_> = standing
        .kept
        .iter()
        .map(|kept| kept.number.to_string())
        .collect();
    let help = match kept.as_slice() {
        [] => "swap in the component you want: nothing else is kept here".to_owned(),
        kept => format!(
            "kept are {}; of anything else swap in the component",
            kept.join(", ")
        ),
    };
    let message = match to {
        None => format!("`{name}` has no earlier generation to go back to"),
        Some(to) if live == Some(to) => format!("generation {to} serves `{name}` already"),
        Some(to) => format!("generation {to} of `{name}` is not kept here"),
    };
    Err(StepError::new(message, help))
}

/// The component of what is kept; one that an earlier process kept is loaded now.
pub(crate) fn load(
    shared: &Shared,
    base: &Snapshot,
    name: &str,
    kept: &KeptGeneration,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Loaded, Failure> {
    walk.step(Step::Digest, Some(name), || {
        if base.revoked.contains(&kept.digest) {
            return Err(prepare::revoked(kept.digest));
        }
        Ok(((), Some(kept.digest.to_string())))
    })?;
    if let Some(loaded) = &kept.loaded {
        return Ok(loaded.clone());
    }
    let component = shared
        .component(kept.digest)
        .map_err(|wrong| wrong.at(Step::Read, Some(name)))?;
    prepare::load(shared, Some(name), &component, walk)
}

/// Loads what an earlier process kept. Gives whether that worked.
pub(crate) fn preload(shared: &Shared, name: &str, digest: Digest) -> bool {
    let mut nobody = |_: &StepReport| {};
    let actor = Actor::new(Trigger::Automatic, "what an earlier process kept");
    let mut walk = TransactionRecorder::begin(Action::Rollback, actor, None, &mut nobody);
    let loaded = shared
        .component(digest)
        .map_err(|wrong| wrong.at(Step::Read, Some(name)))
        .and_then(|component| prepare::load(shared, Some(name), &component, &mut walk));
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(failure) => {
            let why = failure.to_string();
            warn!(target: TARGET, policy = name, %digest, why, "what was kept cannot be gone back to");
            return false;
        }
    };
    shared.note(|book| {
        let kept = book.policies.values_mut().flat_map(|it| &mut it.kept);
        for kept in kept.filter(|kept| kept.digest == digest) {
            let description = loaded.plugin.description();
            kept.policy.clone_from(&description.name);
            kept.version.clone_from(&description.version);
            kept.loaded = Some(loaded.clone());
        }
    });
    true
}

/// The policies that know a digest.
pub(crate) fn met(base: &Snapshot, digest: Digest) -> Vec<String> {
    let policies = base.policies.iter();
    policies
        .filter(|(_, standing)| standing.uses(digest))
        .map(|(name, _)| name.clone())
        .collect()
}

/// What a policy does without a digest that is being revoked: nothing if it is only kept.
pub(crate) fn without(
    shared: &Shared,
    base: &Snapshot,
    name: &str,
    digest: Digest,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Option<Edit>, Failure> {
    let Some(standing) = base.standing(name) else {
        return Ok(None);
    };
    let is = |loaded: &Loaded| loaded.digest() == digest;
    if !standing.live.as_ref().is_some_and(|live| is(&live.loaded)) {
        let beside = standing.beside.as_ref();
        let withdraw = beside.is_some_and(|beside| is(&beside.loaded));
        return Ok(withdraw.then_some(Edit::Withdraw));
    }
    let kept = standing.kept.iter().find(|kept| kept.digest != digest);
    let Some(kept) = kept else {
        let message =
            format!("it serves `{name}`, and there is no earlier generation to go back to");
        let help = "swap in another component for it first, and revoke this one then";
        return Err(StepError::new(message, help).at(Step::Receive, Some(name)));
    };
    let loaded = load(shared, base, name, kept, walk)?;
    Ok(Some(Edit::Serve(loaded, Service::back())))
}
