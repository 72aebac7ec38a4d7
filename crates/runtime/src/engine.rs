//! The one wasmtime engine of a process.

use std::num::NonZeroUsize;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

use crate::{
    Allocation, Settings,
    limits::{CORE_INSTANCES, MOST_POLICIES, TABLE_ELEMENTS},
};

/// An engine with the most generous allocation this machine gives us.
pub(crate) fn build(settings: &Settings) -> wasmtime::Result<Engine> {
    let attempts: &[Allocation] = match settings.allocation {
        // Address space is limited under RLIMIT_AS and in some sandboxes.
        Allocation::Automatic => &[
            Allocation::Pool,
            Allocation::SmallPool,
            Allocation::OnDemand,
        ],
        Allocation::OnDemand => &[Allocation::OnDemand],
        Allocation::Pool => &[Allocation::Pool],
        Allocation::SmallPool => &[Allocation::SmallPool],
    };
    let mut outcome = Err(wasmtime::Error::msg("no way to allocate was tried"));
    for allocation in attempts {
        outcome = Engine::new(&config(settings, *allocation));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Engines that only compile, one for each kind of code that [`build`]'s run: nothing is reserved
/// for instances.
pub(crate) fn compilers(memory_cap: u64) -> impl Iterator<Item = wasmtime::Result<Engine>> {
    let kinds = [Allocation::OnDemand, Allocation::SmallPool];
    kinds.into_iter().map(move |allocation| {
        let mut config = code(allocation, memory_cap);
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        Engine::new(&config)
    })
}

fn config(settings: &Settings, allocation: Allocation) -> Config {
    let mut config = code(allocation, settings.memory_cap);
    config.signals_based_traps(settings.signals_based_traps);
    config.allocation_strategy(match allocation {
        Allocation::Automatic | Allocation::Pool | Allocation::SmallPool => pool(settings),
        Allocation::OnDemand => InstanceAllocationStrategy::OnDemand,
    });
    config
}

/// Everything that code depends on.
fn code(allocation: Allocation, memory_cap: u64) -> Config {
    let mut config = Config::new();
    config
        // The state of the async component model: +350 ns a call, and code we would never use.
        .concurrency_support(false)
        .epoch_interruption(true)
        // A decision is a pure function: the same bits on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        // Deep enough for interpreters, small enough to fit any thread's stack.
        .max_wasm_stack(256 << 10)
        // A stack overflow costs milliseconds when every frame is captured.
        .wasm_backtrace_max_frames(NonZeroUsize::new(8))
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    if allocation == Allocation::SmallPool {
        config
            .memory_reservation(memory_cap)
            .memory_guard_size(64 << 10);
    }
    config
}

fn pool(settings: &Settings) -> InstanceAllocationStrategy {
    let instances = count(instances(settings));
    // Only what runs off the workers may be made of many modules.
    let large = count(settings.decision_threads + settings.spare);
    // The engine adds one where a policy asks another: what converts the values between them.
    let core_instances = count(CORE_INSTANCES + MOST_POLICIES - 1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_add(large.saturating_mul(core_instances - 1)))
        .total_memories(instances.saturating_add(large.saturating_mul(MEMORIES - 1)))
        .total_tables(instances.saturating_add(large.saturating_mul(15)))
        .max_memory_size(usize::try_from(settings.memory_cap).unwrap_or(usize::MAX))
        .table_elements(TABLE_ELEMENTS)
        .max_core_instances_per_component(core_instances)
        .max_tables_per_component(64)
        .max_memories_per_component(MEMORIES)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        // Resetting a slot is most of what a fresh instance costs: keep its pages and clear them,
        // and where the kernel can say which were written, only those.
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}

/// How many instances can exist at once.
fn instances(settings: &Settings) -> usize {
    let all = settings.workers * settings.warm_per_worker + settings.decision_threads;
    (all + settings.spare).max(1)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// One for each policy that may stand before another.
const MEMORIES: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::environment::Environment;

    /// More instances than there is address space for at 4 GiB each.
    fn crowded(allocation: Allocation) -> Settings {
        Settings {
            workers: 20_000,
            allocation,
            ..Settings::default()
        }
    }

    #[test]
    fn address_space_that_is_not_to_be_had_is_done_without() {
        assert!(build(&crowded(Allocation::Pool)).is_err());
        assert!(build(&crowded(Allocation::Automatic)).is_ok());
        let large = Settings {
            memory_cap: 4 << 30,
            ..crowded(Allocation::SmallPool)
        };
        assert!(build(&large).is_err());
        assert!(
            build(&Settings {
                allocation: Allocation::Automatic,
                ..large
            })
            .is_ok()
        );
    }

    #[test]
    fn there_is_a_compiler_for_every_engine() {
        for allocation in [
            Allocation::OnDemand,
            Allocation::Pool,
            Allocation::SmallPool,
        ] {
            let settings = Settings {
                workers: 1,
                memory_cap: 128 << 20,
                allocation,
                ..Settings::default()
            };
            let engine = Environment::of(&build(&settings).unwrap());
            let mut compilers = compilers(settings.memory_cap).flatten();
            assert!(
                compilers.any(|compiler| Environment::of(&compiler) == engine),
                "{allocation:?}"
            );
        }
    }
}
