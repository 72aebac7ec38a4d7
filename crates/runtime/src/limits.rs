//! What a guest may use: memory, time on the CPU, time on the wall, and how much it may say.
//!
//! | call | CPU, trusted | CPU, other | wall | answer |
//! | --- | --- | --- | --- | --- |
//! | `decide` | 5 ms | 10 ms | 100 ms; 10 s where no request waits | 64 KiB |
//! | start, a page of `models` | 1 s | 1 s | 10 s | 256 KiB |
//! | `describe` | 1 s | 1 s | 10 s | 1 MiB |
//!
//! Time is looked at once a millisecond while a call is under way. A call that ends sooner pays nothing
//! for it: both clocks are first read by the first tick it meets.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{ResourceLimiter, Result, StoreContextMut, UpdateDeadline};

/// What one call may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) cpu: Duration,
    /// Generous, because on a busy machine an honest call may not run for a long time.
    pub(crate) wall: Duration,
    /// Bytes the host may copy from the guest.
    pub(crate) answer: usize,
}

impl Budget {
    /// A decision of a known engine, which takes microseconds at any size of policy.
    pub(crate) const TRUSTED: Self = Self {
        cpu: Duration::from_millis(5),
        ..Self::UNTRUSTED
    };

    /// A decision of anything else; interpreters take up to a millisecond.
    pub(crate) const UNTRUSTED: Self = Self {
        cpu: Duration::from_millis(10),
        wall: Duration::from_millis(100),
        answer: 64 << 10,
    };

    /// The same for a decision that no request waits for: a trial, a case. It costs as little time on
    /// the CPU, but a machine that is busy is no flaw of the policy.
    pub(crate) const fn off_the_request_path(self) -> Self {
        Self {
            wall: Self::LOAD.wall,
            ..self
        }
    }

    /// What is done once, off the request path.
    pub(crate) const LOAD: Self = Self {
        cpu: Duration::from_secs(1),
        wall: Duration::from_secs(10),
        answer: 256 << 10,
    };

    /// What a policy says of itself.
    pub(crate) const DESCRIBE: Self = Self {
        answer: signalbox_policy::limits::DESCRIPTION_BYTES,
        ..Self::LOAD
    };
}

/// The most memory a guest may have, over all its memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryLimit(pub(crate) u64);

impl MemoryLimit {
    /// What a known engine needs beyond its tables, as long as the operator's cap allows it.
    pub(crate) fn trusted(declared: u64, cap: u64) -> Self {
        Self(declared.saturating_add(HEADROOM).min(cap))
    }
}

/// The data of a guest's store: its limits, and what was found when one was met.
#[derive(Debug)]
pub(crate) struct Bounds {
    limit: MemoryLimit,
    used: u64,
    last_growth: u64,
    refused: bool,
    budget: Budget,
    started: Option<Started>,
}

#[derive(Clone, Copy, Debug)]
struct Started {
    cpu: Duration,
    wall: Instant,
}

impl Bounds {
    pub(crate) fn new(limit: MemoryLimit, budget: Budget) -> Self {
        Self {
            limit,
            used: 0,
            last_growth: 0,
            refused: false,
            budget,
            started: None,
        }
    }

    /// Starts the next call's account; what memory is in use stays in use.
    pub(crate) fn begin(&mut self, budget: Budget) {
        self.budget = budget;
        self.refused = false;
        self.started = None;
    }

    /// Whether the guest was refused memory during this call. Wasmtime reports that as text.
    pub(crate) fn refused_memory(&self) -> bool {
        self.refused
    }

    fn is_spent(&mut self, now: Started) -> bool {
        let started = *self.started.get_or_insert(now);
        now.cpu.saturating_sub(started.cpu) > self.budget.cpu
            || now.wall.duration_since(started.wall) > self.budget.wall
    }
}

/// What the epoch does to a guest. `Interrupt`, and not an error of ours, so that it arrives as
/// `Trap::Interrupt`.
pub(crate) fn on_tick(mut guest: StoreContextMut<'_, Bounds>) -> Result<UpdateDeadline> {
    let now = Started {
        cpu: thread_cpu_time(),
        wall: Instant::now(),
    };
    Ok(if guest.data_mut().is_spent(now) {
        UpdateDeadline::Interrupt
    } else {
        UpdateDeadline::Continue(1)
    })
}

impl ResourceLimiter for Bounds {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        let wanted = self.used.saturating_add(growth);
        if wanted > self.limit.0 || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = true;
            return Ok(false);
        }
        self.used = wanted;
        self.last_growth = growth;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> Result<()> {
        self.used = self
            .used
            .saturating_sub(std::mem::take(&mut self.last_growth));
        self.refused = true;
        Ok(())
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let allowed = desired <= TABLE_ELEMENTS;
        self.refused |= !allowed;
        Ok(allowed)
    }
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanoseconds)
}

/// Wide enough for a language runtime's indirect calls.
pub(crate) const TABLE_ELEMENTS: usize = 40_000;

/// Components of Python's tool chain have 38.
pub(crate) const CORE_INSTANCES: usize = 64;

/// How many policies may stand one before the other in a component.
pub(crate) const MOST_POLICIES: usize = 4;

/// A decision allocates little: the request's strings and the answer's.
const HEADROOM: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn bounds(limit: u64) -> Bounds {
        Bounds::new(MemoryLimit(limit), Budget::TRUSTED)
    }

    fn at(started: Started, cpu: u64, wall: u64) -> Started {
        Started {
            cpu: started.cpu + Duration::from_millis(cpu),
            wall: started.wall + Duration::from_millis(wall),
        }
    }

    fn now() -> Started {
        Started {
            cpu: thread_cpu_time(),
            wall: Instant::now(),
        }
    }

    #[test]
    fn trusted_policy_gets_headroom_up_to_the_cap() {
        assert_eq!(
            MemoryLimit::trusted(2 * MIB, 256 * MIB),
            MemoryLimit(10 * MIB)
        );
        assert_eq!(
            MemoryLimit::trusted(250 * MIB, 256 * MIB),
            MemoryLimit(256 * MIB)
        );
    }

    #[test]
    fn growth_within_limit_is_counted() {
        let mut bounds = bounds(2 * MIB);
        assert!(bounds.memory_growing(0, 1 << 20, None).unwrap());
        assert!(bounds.memory_growing(1 << 20, 2 << 20, None).unwrap());
        assert!(!bounds.refused_memory());
    }

    #[test]
    fn growth_over_limit_is_refused_and_recorded_until_the_next_call() {
        let mut bounds = bounds(2 * MIB);
        assert!(!bounds.memory_growing(0, 3 << 20, None).unwrap());
        assert!(bounds.refused_memory());
        bounds.begin(Budget::TRUSTED);
        assert!(!bounds.refused_memory());
    }

    #[test]
    fn two_memories_share_the_limit() {
        let mut bounds = bounds(2 * MIB);
        assert!(bounds.memory_growing(0, 2 << 20, None).unwrap());
        assert!(!bounds.memory_growing(0, 1 << 16, None).unwrap());
    }

    #[test]
    fn failed_growth_is_given_back() {
        let mut bounds = bounds(2 * MIB);
        assert!(bounds.memory_growing(0, 2 << 20, None).unwrap());
        bounds
            .memory_grow_failed(wasmtime::Error::msg("no pages"))
            .unwrap();
        assert!(bounds.refused_memory());
        assert!(bounds.memory_growing(0, 2 << 20, None).unwrap());
    }

    #[test]
    fn first_tick_only_starts_the_account() {
        assert!(!bounds(0).is_spent(now()));
    }

    #[test]
    fn cpu_time_within_budget_goes_on_however_long_the_wall_says() {
        let (mut bounds, start) = (bounds(0), now());
        assert!(!bounds.is_spent(start));
        assert!(!bounds.is_spent(at(start, 5, 99)));
    }

    #[test]
    fn cpu_time_over_budget_ends_the_call() {
        let (mut bounds, start) = (bounds(0), now());
        assert!(!bounds.is_spent(start));
        assert!(bounds.is_spent(at(start, 6, 6)));
    }

    #[test]
    fn wall_time_over_cap_ends_the_call() {
        let (mut bounds, start) = (bounds(0), now());
        assert!(!bounds.is_spent(start));
        assert!(bounds.is_spent(at(start, 1, 101)));
    }
}
