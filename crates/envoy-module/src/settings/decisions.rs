//! Where policies decide that are not trusted: the same for every filter of the process.

use std::num::NonZeroU16;

use serde::Deserialize;
use signalbox_gate::Size;
use signalbox_runtime::Isolation;

use crate::error::ConfigError;

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Decisions {
    pub(crate) threads: Option<NonZeroU16>,
    pub(crate) queue: NonZeroU16,
    pub(crate) memory: Size,
    isolation: WrittenIsolation,
    cache: DecisionCache,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum WrittenIsolation {
    Request,
    Reuse,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum DecisionCache {
    On,
    Off,
}

/// Those of the host: `docs/configuration.md` has the reasons.
impl Default for Decisions {
    fn default() -> Self {
        Self {
            threads: None,
            queue: NonZeroU16::MIN.saturating_add(255),
            memory: Size::mib(256),
            isolation: WrittenIsolation::Request,
            cache: DecisionCache::Off,
        }
    }
}

impl Decisions {
    /// # Errors
    /// If decisions are to be kept of policies that may remember.
    pub(crate) fn isolation(&self) -> Result<Isolation, ConfigError> {
        match (self.isolation, self.cache) {
            (WrittenIsolation::Request, DecisionCache::Off) => Ok(Isolation::Request),
            (WrittenIsolation::Request, DecisionCache::On) => Ok(Isolation::RequestOnce),
            (WrittenIsolation::Reuse, DecisionCache::Off) => Ok(Isolation::Reuse),
            (WrittenIsolation::Reuse, DecisionCache::On) => Err(ConfigError::CacheOfReused),
        }
    }
}
