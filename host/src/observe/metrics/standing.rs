//! How policies stand at a scrape: what serves, what is beside it, what drains.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use signalbox_swap::{BesideOverview, DifferenceKind, GenerationOverview, PolicyOverview};

/// How policies stood when they were looked at last: by the scrape itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing(pub(super) Arc<Mutex<Vec<PolicyOverview>>>);

/// A label and its value.
type Label = (&'static str, String);

impl Standing {
    pub(super) fn set(&self, overview: &[PolicyOverview]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = overview.to_vec();
    }
}

impl Collector for Standing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let policies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let live = policies.iter().filter_map(|policy| {
            let generation = policy.live.as_ref()?.generation;
            Some((named(policy), generation))
        });
        let text = "The generation that serves";
        gauge(&mut encoder, "policy_generation", text, live)?;
        let open = policies.iter().flat_map(open_answers);
        let text = "Answers under way, by what decided them";
        gauge(&mut encoder, "policy_open_answers", text, open)?;
        let freed = policies.iter().flat_map(|policy| {
            let draining = policy.draining.iter().take(MOST_GENERATIONS);
            draining.map(|it| (of(policy, it.generation), u64::from(it.freed)))
        });
        let text = "Whether nothing of a generation that served is left";
        gauge(&mut encoder, "policy_freed", text, freed)?;
        let shadows = || policies.iter().filter_map(shadow);
        let compared = shadows().map(|(policy, shadow)| (named(policy), shadow.compared));
        let text = "Requests the shadow was asked about";
        gauge(&mut encoder, "shadow_compared", text, compared)?;
        let skipped = shadows().map(|(policy, shadow)| (named(policy), shadow.skipped));
        let text = "Requests there was no time to ask the shadow about";
        gauge(&mut encoder, "shadow_skipped", text, skipped)?;
        let differences = shadows().flat_map(|(policy, shadow)| differences(policy, shadow));
        let text = "Requests on which the shadow differs";
        gauge(&mut encoder, "shadow_differences", text, differences)
    }
}

fn gauge<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl Iterator<Item = (L, u64)>,
) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        ConstGauge::new(value).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn open_answers(policy: &PolicyOverview) -> impl Iterator<Item = ([Label; 2], u64)> {
    let beside = policy.beside.as_ref().map(|beside| &beside.candidate);
    let serving = policy.live.iter().chain(beside);
    let serving = serving.map(|it: &GenerationOverview| (it.generation, it.open));
    let draining = policy.draining.iter().take(MOST_GENERATIONS);
    let all = serving.chain(draining.map(|it| (it.generation, it.open)));
    all.map(|(generation, open)| (of(policy, generation), open))
}

fn shadow(policy: &PolicyOverview) -> Option<(&PolicyOverview, &BesideOverview)> {
    let beside = policy.beside.as_ref()?;
    (beside.role == signalbox_swap::Role::Shadow).then_some((policy, beside))
}

/// By kind alone: routes are a policy's to name, and a candidate may name any.
fn differences(
    policy: &PolicyOverview,
    shadow: &BesideOverview,
) -> impl Iterator<Item = ([Label; 2], u64)> {
    DifferenceKind::ALL.into_iter().filter_map(|kind| {
        let of_kind = shadow.differences.iter().filter(|it| it.kind == kind);
        let count: u64 = of_kind.map(|it| it.count).sum();
        let [name] = named(policy);
        (count > 0).then(|| ([name, ("kind", kind.word().to_owned())], count))
    })
}

fn named(policy: &PolicyOverview) -> [Label; 1] {
    [("policy", policy.name.clone())]
}

fn of(policy: &PolicyOverview, generation: u64) -> [Label; 2] {
    let [name] = named(policy);
    [name, ("generation", generation.to_string())]
}

/// Of each policy, the newest that drain: a host that swaps every second has many.
const MOST_GENERATIONS: usize = 16;
