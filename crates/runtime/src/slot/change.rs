//! A change to what serves, and why one cannot be made.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{Beside, Generation, Lane, Plugin, Policies, TrafficShare};

/// A change to what serves: of one name or several, which all change or none.
///
/// ```
/// # use signalbox_runtime::{Change, Plugin, TrafficShare};
/// # fn change(plugin: Plugin, other: Plugin) -> Option<Change> {
/// Some(Change::new()
///     .serve("default", plugin)
///     .canary("editors", other, TrafficShare::of_ten_thousand(500)?))
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Change {
    /// In the order in which they were asked for, which is that of their numbers.
    edits: Vec<(String, Edit)>,
}

#[derive(Clone, Debug)]
enum Edit {
    Serve(Plugin),
    Remove,
    Shadow(Plugin),
    Canary(Plugin, TrafficShare),
    Promote,
    Withdraw,
}

impl Change {
    /// One that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a plugin serve, as a new generation. A candidate beside what served goes: it was
    /// measured against something else.
    pub fn serve(self, name: impl Into<String>, plugin: Plugin) -> Self {
        self.with(name, Edit::Serve(plugin))
    }

    /// Takes a name out of service, if it is in it.
    pub fn remove(self, name: impl Into<String>) -> Self {
        self.with(name, Edit::Remove)
    }

    /// Puts a plugin beside the live policy, in place of any other candidate, to be asked in vain.
    pub fn shadow(self, name: impl Into<String>, plugin: Plugin) -> Self {
        self.with(name, Edit::Shadow(plugin))
    }

    /// Puts a plugin beside the live policy, in place of any other candidate, to decide for a share of
    /// the callers.
    pub fn canary(self, name: impl Into<String>, plugin: Plugin, share: TrafficShare) -> Self {
        self.with(name, Edit::Canary(plugin, share))
    }

    /// Lets the candidate serve. It stays the generation it is, with its number, its counts and
    /// its warm instances.
    pub fn promote(self, name: impl Into<String>) -> Self {
        self.with(name, Edit::Promote)
    }

    /// Takes the candidate away.
    pub fn withdraw(self, name: impl Into<String>) -> Self {
        self.with(name, Edit::Withdraw)
    }

    fn with(mut self, name: impl Into<String>, edit: Edit) -> Self {
        self.edits.push((name.into(), edit));
        self
    }

    /// What serves after the change. `last` is the last number given.
    pub(super) fn apply(
        self,
        base: &Policies,
        current: &Policies,
        last: &mut u64,
    ) -> Result<Policies, Conflict> {
        for (name, _) in &self.edits {
            Conflict::check(name, base.get(name), current.get(name))?;
        }
        let mut lanes = current.lanes.clone();
        for (name, edit) in self.edits {
            apply(&mut lanes, name, edit, last)?;
        }
        Ok(Policies { lanes })
    }
}

fn apply(
    lanes: &mut BTreeMap<String, Lane>,
    name: String,
    edit: Edit,
    last: &mut u64,
) -> Result<(), Conflict> {
    let mut new = |plugin| {
        *last += 1;
        Arc::new(Generation::new(*last, name.clone(), plugin))
    };
    match edit {
        Edit::Serve(plugin) => {
            let lane = Lane {
                live: new(plugin),
                beside: None,
            };
            lanes.insert(name, lane);
        }
        Edit::Remove => drop(lanes.remove(&name)),
        Edit::Shadow(plugin) => {
            let beside = Beside::Shadow(new(plugin));
            lane(lanes, &name)?.beside = Some(beside);
        }
        Edit::Canary(plugin, share) => {
            let beside = Beside::Canary(new(plugin), share);
            lane(lanes, &name)?.beside = Some(beside);
        }
        Edit::Promote => {
            let lane = lane(lanes, &name)?;
            let candidate = lane.beside.take().ok_or(Conflict::NoCandidate { name })?;
            lane.live = Arc::clone(candidate.generation());
        }
        Edit::Withdraw => {
            let candidate = lane(lanes, &name)?.beside.take();
            candidate.ok_or(Conflict::NoCandidate { name })?;
        }
    }
    Ok(())
}

fn lane<'l>(lanes: &'l mut BTreeMap<String, Lane>, name: &str) -> Result<&'l mut Lane, Conflict> {
    lanes.get_mut(name).ok_or_else(|| Conflict::NothingServes {
        name: name.to_owned(),
    })
}

/// Why a change was not made. What serves is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// Something else serves than when the change was thought of.
    #[error(
        "`{name}` is served by {} and no longer by {}",
        Named(*found),
        Named(*expected)
    )]
    Live {
        /// The name.
        name: String,
        /// The generation that served then.
        expected: Option<u64>,
        /// The generation that serves now.
        found: Option<u64>,
    },
    /// There is another candidate than when the change was thought of.
    #[error(
        "the candidate for `{name}` is {} and no longer {}",
        Named(*found),
        Named(*expected)
    )]
    Candidate {
        /// The name.
        name: String,
        /// The candidate then.
        expected: Option<u64>,
        /// The candidate now.
        found: Option<u64>,
    },
    /// No candidate is there to be promoted or withdrawn.
    #[error("`{name}` has no candidate")]
    NoCandidate {
        /// The name.
        name: String,
    },
    /// Nothing is there for a candidate to be beside.
    #[error("nothing serves under `{name}`")]
    NothingServes {
        /// The name.
        name: String,
    },
}

impl Conflict {
    /// The name that could not be changed.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Live { name, .. }
            | Self::Candidate { name, .. }
            | Self::NoCandidate { name }
            | Self::NothingServes { name } => name,
        }
    }

    /// Whether another change came first: what was asked for may be asked for again.
    #[must_use]
    pub const fn is_lost_race(&self) -> bool {
        matches!(self, Self::Live { .. } | Self::Candidate { .. })
    }

    /// Numbers are never given twice, so that they say whether a lane is as it was.
    fn check(name: &str, base: Option<&Lane>, current: Option<&Lane>) -> Result<(), Self> {
        let live = |lane: Option<&Lane>| lane.map(|lane| lane.live.number());
        let beside = |lane: Option<&Lane>| {
            let beside = lane.and_then(Lane::beside);
            beside.map(|beside| beside.generation().number())
        };
        let ((expected, found), name) = ((live(base), live(current)), name.to_owned());
        if expected != found {
            return Err(Self::Live {
                name,
                expected,
                found,
            });
        }
        let (expected, found) = (beside(base), beside(current));
        if expected != found {
            return Err(Self::Candidate {
                name,
                expected,
                found,
            });
        }
        Ok(())
    }
}

/// A generation in a sentence.
struct Named(Option<u64>);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => write!(f, "generation {number}"),
            None => f.write_str("none"),
        }
    }
}
