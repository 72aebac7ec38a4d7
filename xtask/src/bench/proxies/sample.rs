//! What one turn of one contender gave.

/// What one turn gave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    /// Processor time of the proxy for each request, user and system.
    pub(super) processor_us: f64,
    /// Answers that were none or were not 2xx.
    pub(super) errors: u64,
}

/// What a load generator says of a turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Turn {
    pub(super) requests: f64,
    pub(super) sample: Sample,
}
