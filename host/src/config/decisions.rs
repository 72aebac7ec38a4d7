//! Where and how policies decide.

use std::num::NonZeroUsize;

use serde::Deserialize;
use serde_saphyr::Spanned;
use signalbox_runtime::Isolation;

use super::value::{threads, whole, wrong};
use super::{ConfigError, Problem, Size};
use crate::yaml::present;

/// Where and how policies decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decisions {
    /// Threads for policies that are not trusted; `None` takes one a core.
    pub threads: Option<NonZeroUsize>,
    /// Decisions that may wait for such a thread.
    pub queue: usize,
    /// Most memory a policy may have.
    pub memory: Size,
    /// What decisions of a policy that is not trusted share.
    pub isolation: Isolation,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            threads: None,
            // At 10 ms each, the last of a full queue waits about a second on two threads.
            queue: 256,
            // A million models of the engine's tables.
            memory: Size::mib(256),
            isolation: Isolation::Request,
        }
    }
}

/// The same as it is written.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenDecisions {
    #[serde(deserialize_with = "threads")]
    threads: Option<NonZeroUsize>,
    #[serde(deserialize_with = "whole::<1, 65_536, _, _>")]
    queue: usize,
    memory: Size,
    isolation: WrittenIsolation,
    #[serde(deserialize_with = "present")]
    cache: Option<Spanned<DecisionCache>>,
}

/// Whether a policy that is not trusted gets a fresh instance for each decision.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenIsolation {
    #[default]
    Request,
    Reuse,
}

/// Whether what such a policy has decided is kept for the same facts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DecisionCache {
    On,
    Off,
}

impl Default for WrittenDecisions {
    fn default() -> Self {
        let Decisions {
            threads,
            queue,
            memory,
            isolation: _,
        } = Decisions::default();
        Self {
            threads,
            queue,
            memory,
            isolation: WrittenIsolation::default(),
            cache: None,
        }
    }
}

impl WrittenDecisions {
    /// # Errors
    /// If decisions are to be kept of policies that may remember.
    pub(super) fn check(self) -> Result<Decisions, ConfigError> {
        let cache = self
            .cache
            .filter(|cache| matches!(cache.value, DecisionCache::On));
        let isolation = match (self.isolation, &cache) {
            (WrittenIsolation::Request, None) => Isolation::Request,
            (WrittenIsolation::Request, Some(_)) => Isolation::RequestOnce,
            (WrittenIsolation::Reuse, None) => Isolation::Reuse,
            (WrittenIsolation::Reuse, Some(cache)) => {
                return Err(wrong("decisions.cache", cache, Problem::CacheOfReused));
            }
        };
        Ok(Decisions {
            threads: self.threads,
            queue: self.queue,
            memory: self.memory,
            isolation,
        })
    }
}
