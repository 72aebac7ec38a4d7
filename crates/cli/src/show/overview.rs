//! How policies stand, for people.

use signalbox_swap::{
    BesideOverview, Draining, GenerationOverview, Kept, PolicyOverview, Role, RollBackOverview,
};

use super::{count, difference, plain, short, time};

/// One line: what serves, what can be gone back to, and whether that happens by itself.
pub(crate) fn line(policy: &PolicyOverview) -> String {
    let name = plain(&policy.name);
    let Some(live) = &policy.live else {
        return format!("{name}: nothing serves; its keys are refused with `no_policy`");
    };
    let kept: Vec<String> = policy
        .kept
        .iter()
        .map(|kept| kept.generation.to_string())
        .collect();
    let kept = match kept.as_slice() {
        [] => "none kept".to_owned(),
        kept => format!("{} kept", kept.join(", ")),
    };
    format!(
        "{name}: generation {} (sha256 {}) serves, {kept}; {}",
        live.generation,
        short(&live.digest),
        roll_back(&policy.roll_back)
    )
}

/// What serves, and what decides beside it.
pub(crate) fn brief(policy: &PolicyOverview) -> String {
    let beside = policy.beside.as_ref().map(role);
    [Some(line(policy)), beside]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n")
}

/// Everything about one policy.
pub(crate) fn whole(policy: &PolicyOverview) -> String {
    let mut lines = vec![line(policy)];
    lines.extend(policy.live.iter().flat_map(generation));
    lines.extend(policy.beside.iter().flat_map(beside));
    lines.extend(policy.kept.iter().map(kept));
    lines.extend(policy.draining.iter().map(draining));
    lines.join("\n")
}

fn roll_back(roll_back: &RollBackOverview) -> String {
    let would = match (roll_back.automatic, roll_back.to) {
        (true, Some(to)) => format!("yes, to {to}"),
        (true, None) => "yes".to_owned(),
        (false, _) => "no".to_owned(),
    };
    match roll_back.why.as_str() {
        "" => format!("automatic rollback: {would}"),
        why => format!("automatic rollback: {would}, {}", plain(why)),
    }
}

fn generation(generation: &GenerationOverview) -> [String; 2] {
    let trusted = if generation.trusted {
        "trusted"
    } else {
        "not trusted"
    };
    [
        format!(
            "    {}: {}, {}, {} bytes, {trusted}",
            format!(
                "{} {}",
                plain(&generation.policy),
                plain(&generation.version)
            )
            .trim(),
            count(generation.routes as u64, "route"),
            count(generation.models as u64, "model"),
            generation.size,
        ),
        format!(
            "    since {}: {}, {}, {} open",
            time(generation.since),
            count(generation.decisions, "decision"),
            count(generation.failures, "failure"),
            count(generation.open, "answer"),
        ),
    ]
}

fn beside(beside: &BesideOverview) -> Vec<String> {
    let mut lines = vec![role(beside)];
    lines.extend(generation(&beside.candidate));
    if beside.role == Role::Shadow {
        lines.extend(difference::lines(beside));
    }
    lines
}

fn role(beside: &BesideOverview) -> String {
    let candidate = &beside.candidate;
    let (digest, number) = (short(&candidate.digest), candidate.generation);
    match beside.role {
        Role::Shadow => format!("  shadow: generation {number} (sha256 {digest})"),
        Role::Canary { share } => format!(
            "  canary: generation {number} (sha256 {digest}) for {}.{:02} % of the callers",
            share / 100,
            share % 100
        ),
    }
}

fn kept(kept: &Kept) -> String {
    format!(
        "  kept: generation {} (sha256 {}), served until {}: {}",
        kept.generation,
        short(&kept.digest),
        time(kept.until),
        format!("{} {}", plain(&kept.policy), plain(&kept.version)).trim(),
    )
}

fn draining(draining: &Draining) -> String {
    let mut what = vec![format!("{} open", count(draining.open, "answer"))];
    if draining.cut {
        what.push("being cut".to_owned());
    }
    if !draining.freed {
        what.push("not freed".to_owned());
    }
    format!(
        "  draining: generation {}, served until {}: {}",
        draining.generation,
        time(draining.until),
        what.join(", ")
    )
}

#[cfg(test)]
mod tests;
