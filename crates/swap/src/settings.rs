//! What a host decides about swaps.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use signalbox_policy::{Caller, gt_routes::GtRoutes};
use signalbox_runtime::{LoadOptions, TrafficShare};

use crate::{Alarm, Entry, Signers, State};

/// What [`crate::Swaps`] is started with.
pub struct Settings {
    /// Generations of each policy that can be gone back to, beside the one that serves.
    pub keep: usize,
    /// The operator's own cases, by policy name: a JSON array of cases.
    pub cases: BTreeMap<String, Vec<u8>>,
    /// Who may vouch for a component, and whether somebody has to.
    pub signers: Signers,
    /// Where what serves is remembered; without it a restart knows the sources alone.
    pub state: Option<State>,
    /// How components are loaded.
    pub load: LoadOptions,
    /// What GT asks of keys, route by route: the log says where a policy asks for less.
    pub gt_routes: Option<Arc<GtRoutes>>,
    /// What of one core the decisions of shadows may use.
    pub shadow_cpu: TrafficShare,
    /// How long a key's requests have to fail, where the generation before answers, before the key
    /// counts for an automatic rollback. What is longer than five minutes may never come about:
    /// older failures are forgotten.
    pub rollback_after: Duration,
    /// Whether a start looks at the sources alone, whatever the state says is live.
    pub from_source: bool,
    /// The keys that use a policy, by its name: whose access is compared. Called off the request
    /// path.
    #[expect(clippy::type_complexity, reason = "a name for it would say no more")]
    pub callers: Arc<dyn Fn(&str) -> Vec<Caller> + Send + Sync>,
    /// Hears of every entry of the history, once, when its outcome is known.
    pub observer: Arc<dyn Fn(&Entry) + Send + Sync>,
    /// Hears, by a policy's name, that it fails and nothing is done about it, and with `None` that
    /// this is over.
    #[expect(clippy::type_complexity, reason = "a name for it would say no more")]
    pub alarms: Arc<dyn Fn(&str, Option<&Alarm>) + Send + Sync>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // What served before, and a few before that; each holds its machine code, some 100 KiB.
            keep: 4,
            cases: BTreeMap::new(),
            signers: Signers::default(),
            state: None,
            load: LoadOptions::default(),
            gt_routes: None,
            shadow_cpu: QUARTER,
            // Longer than a burst, short beside what it takes people to look.
            rollback_after: Duration::from_secs(30),
            from_source: false,
            callers: Arc::new(|_| Vec::new()),
            observer: Arc::new(|_| {}),
            alarms: Arc::new(|_, _| {}),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("keep", &self.keep)
            .field("cases", &self.cases.keys())
            .field("signers", &self.signers)
            .field("state", &self.state)
            .field("load", &self.load)
            .field("shadow_cpu", &self.shadow_cpu)
            .field("rollback_after", &self.rollback_after)
            .field("from_source", &self.from_source)
            .finish_non_exhaustive()
    }
}

/// Enough for 25,000 shadow decisions a second of 10 µs, and the rest of the core for requests.
const QUARTER: TrafficShare = match TrafficShare::of_ten_thousand(2_500) {
    Some(share) => share,
    None => unreachable!(),
};
