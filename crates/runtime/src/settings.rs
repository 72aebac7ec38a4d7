//! What an embedder decides: sizes, shares, and how much a plugin may keep.

use std::thread;

use crate::{Cache, CompileIn, trust::Fingerprint};

/// What a [`crate::Runtime`] is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads that decide inline; each keeps one warm instance of each trusted policy.
    pub workers: usize,
    /// Warm instances a worker may hold over all policies: the live one, a shadow, a canary.
    /// Beyond it a decision gets a fresh instance, which is slower and otherwise the same.
    pub warm_per_worker: usize,
    /// Threads of the decision pool, for what is not trusted.
    pub decision_threads: usize,
    /// Decisions that may wait for the pool; one caller may hold half.
    pub queue: usize,
    /// Instances beside those of workers and decision threads: loads, tests, fresh inline ones.
    pub spare: usize,
    /// The most memory any policy may have, whatever it declares; a multiple of 64 KiB.
    pub memory_cap: u64,
    /// The most memory a policy may have that is not trusted. Interpreters need tens of MiB.
    pub plugin_memory: u64,
    /// The largest component that is looked at.
    pub component_cap: usize,
    /// How instances get their memory.
    pub allocation: Allocation,
    /// Engines to trust beside the built-in list. Whoever adds one vouches for its code.
    pub engines: Vec<Fingerprint>,
    /// Where machine code is kept between starts, if it is.
    pub cache: Option<Cache>,
    /// Where components are compiled.
    pub compile: CompileIn,
    /// Whether a guest's traps come as signals, for which the process gets handlers. Without, bounds
    /// are checked in the code, and whoever has handlers of their own keeps them. A
    /// [`CompileIn::Child`] makes code for the first.
    pub signals_based_traps: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        Self {
            workers: cores,
            warm_per_worker: 3,
            decision_threads: cores.max(2),
            queue: 1024,
            spare: 16,
            memory_cap: 256 << 20,
            plugin_memory: 64 << 20,
            // Python's tool chain makes 18 MB.
            component_cap: 32 << 20,
            allocation: Allocation::Automatic,
            engines: Vec::new(),
            cache: None,
            compile: CompileIn::default(),
            signals_based_traps: true,
        }
    }
}

/// How instances get their memory.
///
/// Exhaustive on purpose: a configuration names one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// The first of the others that this machine's limits let us have.
    #[default]
    Automatic,
    /// Each instance maps its memory when it starts: slow, but reserves nothing.
    OnDemand,
    /// A pool with 4 GiB of address space a slot: no bounds checks in the code.
    Pool,
    /// A pool with no more address space than memories may use: bounds are checked in the code.
    SmallPool,
}

/// How one component is loaded.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// What decisions of a policy that is not trusted share.
    pub isolation: Isolation,
}

/// What decisions of a policy that is not trusted share. Trusted policies are always warm.
///
/// Exhaustive on purpose: a configuration names one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Nothing: each decision gets a fresh instance.
    #[default]
    Request,
    /// A fresh instance for each decision that was not made before. Whoever asks may keep decisions with
    /// the generation ([`crate::Generation::with_kept`]): only for policies that are functions of what
    /// they are told, which whoever operates the gate vouches for.
    RequestOnce,
    /// A thread's decisions share an instance until it fails. Faster for interpreters; a policy
    /// may then remember what it saw, so its decisions are no longer sure to be pure.
    Reuse,
}
