//! How policies stand, for people and programs.

use jiff::Timestamp;
use signalbox_runtime::GenerationStats;

use crate::{
    BesideOverview, Draining, GenerationOverview, Kept, PolicyOverview, auto_rollback,
    loaded::Loaded,
    policy_state::{Beside, KeptGeneration, PolicyState},
    snapshot::Snapshot,
};

pub(crate) fn overview(book: &Snapshot) -> Vec<PolicyOverview> {
    let policies = book.policies.iter().filter(|(_, it)| it.is_configured);
    policies.map(|(name, it)| policy(name, it)).collect()
}

fn policy(name: &str, standing: &PolicyState) -> PolicyOverview {
    let live = standing.live.as_ref();
    PolicyOverview {
        name: name.to_owned(),
        live: live.map(|it| generation(it.since, &it.loaded, &it.served)),
        beside: standing.beside.as_ref().map(beside),
        kept: standing.kept.iter().map(kept).collect(),
        draining: standing
            .draining
            .iter()
            .map(|drain| Draining {
                generation: drain.served.number(),
                until: drain.until,
                open: drain.served.open_count(),
                freed: drain.served.is_freed(),
                cut: drain.served.is_cut(),
            })
            .collect(),
        roll_back: auto_rollback::overview(standing),
    }
}

fn generation(since: Timestamp, loaded: &Loaded, served: &GenerationStats) -> GenerationOverview {
    let plugin = &loaded.plugin;
    let description = plugin.description();
    let counts = served.counts();
    GenerationOverview {
        generation: served.number(),
        digest: plugin.digest().to_string(),
        policy: description.name.clone(),
        version: description.version.clone(),
        since,
        size: plugin.size(),
        trusted: plugin.is_trusted(),
        routes: description.routes.len(),
        models: plugin.catalogue().len(),
        decisions: counts.decisions,
        failures: counts.failures,
        open: served.open_count(),
    }
}

fn beside(beside: &Beside) -> BesideOverview {
    let candidate = generation(beside.since, &beside.loaded, &beside.served);
    let shadowed = beside.candidacy.shadowed();
    let findings = shadowed.map(|it| it.findings()).unwrap_or_default();
    BesideOverview {
        role: beside.role(),
        candidate,
        compared: findings.compared,
        skipped: shadowed.map_or(0, |it| it.skipped()),
        differences: findings.differences,
        samples: findings.samples,
        promote_after: shadowed.and_then(|it| it.order().promote_after),
        clean: findings.clean,
    }
}

fn kept(kept: &KeptGeneration) -> Kept {
    Kept {
        generation: kept.number,
        digest: kept.digest.to_string(),
        policy: kept.policy.clone(),
        version: kept.version.clone(),
        until: kept.until,
    }
}
