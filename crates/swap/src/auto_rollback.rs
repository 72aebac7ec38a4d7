//! The rules by which the host rolls back automatically. Pure: the controller applies them.
//!
//! Nobody undoes a swap by what they ask. Refusals never count: a client that is shut out would only
//! have to ask often enough. Failures count of programs alone, for what a compiled document does is
//! bounded by its tables, and only those that what would decide in its place answers: of several
//! keys, a share of all, over time. And even those only where access does not matter: not when the
//! swap is pinned, not when it narrows access, and where that cannot be told only if somebody vouched.

mod failure_window;

pub(crate) use failure_window::FailureWindow;

use signalbox_runtime::Counts;

use crate::{
    Access, RollBack, RollBackOverview,
    access::Compared,
    loaded::Loaded,
    policy_state::{Before, KeptGeneration, Live, Origin, PolicyState},
};

/// Whether what serves refuses so much more than what served before that somebody should look: the
/// two shares, in parts of a million. It is said, and nothing is done: it may be what was meant.
pub(crate) fn refuses_more(now: Counts, before: Counts) -> Option<(u64, u64)> {
    let is_enough = now.decisions.min(before.decisions) >= ENOUGH_DECISIONS;
    let [now, before] = [now, before].map(|counts| ppm(counts.refusals, counts.decisions));
    (is_enough && now > 2 * before && now > before + JUMP_PPM).then_some((now, before))
}

/// Where the host would go by itself from what serves, or why it would not.
pub(crate) fn rollback_target(
    standing: &PolicyState,
) -> Result<(&Live, &Before, &KeptGeneration), String> {
    let live = standing.live.as_ref().ok_or("nothing serves")?;
    let (before, compared) = match &live.origin {
        Origin::After { before, compared } => (before, compared),
        Origin::First => return Err("nothing served before it".into()),
        Origin::Back => return Err("it came back itself".into()),
        Origin::Restart => return Err("it served before this process started".into()),
    };
    allows(live.roll_back, &compared.access)?;
    is_program(&live.loaded)?;
    if before.digest == live.loaded.digest() {
        return Err("what served before is the same component".into());
    }
    let is_before = |kept: &&KeptGeneration| kept.digest == before.digest;
    let kept = standing.kept.iter().find(is_before).ok_or_else(|| {
        format!(
            "generation {} before it is not kept any more",
            before.served.number()
        )
    })?;
    Ok((live, before, kept))
}

/// What would decide in place of a generation if that went because it fails; nothing if it would not
/// go whatever fails.
pub(crate) fn instead_of(standing: &PolicyState, number: u64) -> Option<&Loaded> {
    let live = standing.live.as_ref()?;
    if live.number() == number {
        let (.., kept) = rollback_target(standing).ok()?;
        return kept.loaded.as_ref();
    }
    let beside = standing.beside.as_ref()?;
    let goes = beside.number() == number && is_program(&beside.loaded).is_ok();
    goes.then_some(&live.loaded)
}

/// What a compiled document does is bounded by its tables: what fails in it is a fault of ours or of
/// the machine, and the document before would meet the same one.
pub(crate) fn is_program(loaded: &Loaded) -> Result<(), String> {
    match loaded.plugin.is_trusted() {
        true => {
            Err("it is a compiled document: its failures raise an alarm and undo nothing".into())
        }
        false => Ok(()),
    }
}

/// What served before, as far as it was compared.
pub(crate) const fn before(live: &Live) -> Option<&Before> {
    match &live.origin {
        Origin::After { before, .. } => Some(before),
        Origin::First | Origin::Back | Origin::Restart => None,
    }
}

/// The comparison with what served before.
pub(crate) const fn compared(live: &Live) -> Option<&Compared> {
    match &live.origin {
        Origin::After { compared, .. } => Some(compared),
        Origin::First | Origin::Back | Origin::Restart => None,
    }
}

/// Whether a candidate may go without anyone asking, and so give its callers back to what serves.
pub(crate) fn allows(roll_back: RollBack, access: &Access) -> Result<(), String> {
    match (roll_back, access) {
        (RollBack::Pinned, _) => Err("it is pinned".into()),
        (_, Access::Narrower(what)) => Err(format!("it narrows access: {what}")),
        (RollBack::Vouched, _) | (_, Access::NotNarrower) => Ok(()),
        (RollBack::UnlessNarrower, Access::Unknown(why)) => Err(format!(
            "whether it narrows access cannot be told ({why}), and nobody vouched"
        )),
    }
}

/// [`rollback_target`] for reports.
pub(crate) fn overview(standing: &PolicyState) -> RollBackOverview {
    match rollback_target(standing) {
        Ok((live, _, kept)) => RollBackOverview {
            automatic: true,
            why: match live.roll_back {
                RollBack::Vouched => "somebody vouched that access is not narrowed".into(),
                _ => "nothing is refused that was allowed before".into(),
            },
            to: Some(kept.number),
        },
        Err(why) => RollBackOverview {
            automatic: false,
            why,
            to: None,
        },
    }
}

/// Parts of a million.
pub(crate) fn ppm(part: u64, whole: u64) -> u64 {
    let ppm = u128::from(part) * 1_000_000 / u128::from(whole.max(1));
    u64::try_from(ppm).unwrap_or(u64::MAX)
}

/// Fewer say little about a share.
const ENOUGH_DECISIONS: u64 = 100;
/// Twenty points more.
const JUMP_PPM: u64 = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_and_narrower_never_go_back_and_unknown_only_if_vouched() {
        let narrower = Access::Narrower("x".into());
        let unknown = Access::Unknown("x".into());
        for (roll_back, access, expected) in [
            (RollBack::UnlessNarrower, &Access::NotNarrower, true),
            (RollBack::UnlessNarrower, &narrower, false),
            (RollBack::UnlessNarrower, &unknown, false),
            (RollBack::Vouched, &Access::NotNarrower, true),
            (RollBack::Vouched, &narrower, false),
            (RollBack::Vouched, &unknown, true),
            (RollBack::Pinned, &Access::NotNarrower, false),
            (RollBack::Pinned, &narrower, false),
            (RollBack::Pinned, &unknown, false),
        ] {
            let found = allows(roll_back, access).is_ok();
            assert_eq!(found, expected, "{roll_back:?} {access:?}");
        }
    }

    #[test]
    fn refusals_alarm_when_they_are_many_more_of_enough() {
        let counts = |refusals, decisions| Counts {
            decisions,
            failures: 0,
            refusals,
        };
        let found = |now: (u64, u64), before: (u64, u64)| {
            refuses_more(counts(now.0, now.1), counts(before.0, before.1))
        };
        assert_eq!(found((50, 100), (1, 100)), Some((500_000, 10_000)));
        assert_eq!(found((50, 99), (1, 100)), None, "too few to tell");
        assert_eq!(found((50, 100), (0, 99)), None, "too few before");
        assert_eq!(found((15, 100), (1, 100)), None, "a few points");
        assert_eq!(found((90, 100), (60, 100)), None, "not twice as many");
    }

    #[test]
    fn a_share_is_in_parts_of_a_million() {
        assert_eq!(ppm(0, 0), 0);
        assert_eq!(ppm(1, 4), 250_000);
        assert_eq!(ppm(u64::MAX, 1), u64::MAX);
    }
}
