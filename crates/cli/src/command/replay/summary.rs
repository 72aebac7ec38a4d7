//! What came of all requests.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use signalbox_swap::Effect;

use super::request::{Place, Untold};
use crate::loaded_policy::LoadedPolicy;

/// What came of all requests.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) same: u64,
    pub(super) different: Vec<Difference>,
    pub(super) untold: BTreeMap<Untold, u64>,
    /// Members of bodies that the candidate looks at and that are not written down.
    pub(super) unseen: BTreeMap<String, u64>,
}

/// A request that would be decided otherwise.
pub(super) struct Difference {
    pub(super) place: Place,
    pub(super) effect: Effect,
    pub(super) request: String,
    pub(super) key: String,
    pub(super) model: Option<String>,
    pub(super) before: String,
    pub(super) now: String,
}

impl Summary {
    pub(super) const fn same(&mut self) {
        self.same += 1;
    }

    pub(super) fn different(&mut self, difference: Difference) {
        self.different.push(difference);
    }

    pub(super) fn untold(&mut self, why: Untold) {
        *self.untold.entry(why).or_default() += 1;
    }

    pub(super) fn unseen(&mut self, member: &str) {
        *self.unseen.entry(member.to_owned()).or_default() += 1;
    }

    pub(super) const fn differs(&self) -> bool {
        !self.different.is_empty()
    }

    /// Whether the candidate was compared with anything.
    pub(super) const fn is_any(&self) -> bool {
        self.same > 0 || self.differs()
    }

    /// What most requests lack, keys before all else, and how many lack it. `None` if there is no request.
    pub(super) fn lacking(&self) -> Option<(Untold, u64)> {
        let requests = self.untold.iter().filter(|(why, _)| !why.is_no_request());
        requests
            .max_by_key(|(why, count)| (why.is_for_keys(), **count))
            .map(|(why, count)| (*why, *count))
    }

    pub(super) fn to_json(&self, candidate: &LoadedPolicy) -> Value {
        let untold = self.untold.iter();
        let unseen = self.unseen.iter();
        json!({
            "candidate": candidate.to_json(),
            "same": self.same,
            "different": self.different.iter().map(Difference::to_json).collect::<Vec<_>>(),
            "not_replayed": untold
                .map(|(why, count)| json!({"reason": why.word(), "count": count}))
                .collect::<Vec<_>>(),
            "not_looked_at": unseen
                .map(|(member, count)| json!({"body_member": member, "count": count}))
                .collect::<Vec<_>>(),
        })
    }
}

impl Difference {
    fn to_json(&self) -> Value {
        json!({
            "number": self.place.number,
            "id": self.place.id,
            "time": self.place.time,
            "effect": self.effect.word(),
            "request": self.request,
            "key": self.key,
            "model": self.model,
            "before": self.before,
            "now": self.now,
        })
    }
}
