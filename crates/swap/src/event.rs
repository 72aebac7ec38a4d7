//! What the controller is told.

use std::{sync::Arc, time::Instant};

use signalbox_runtime::GenerationStats;

/// Something the controller is to look at.
pub(crate) enum Event {
    /// A guest failed, with this cause.
    Failed(Arc<GenerationStats>, &'static str),
    /// A program failed this caller then, and what would decide in its place answers.
    Differed(Arc<GenerationStats>, String, Instant),
    /// Something happened.
    Look,
    /// The last `Swaps` is gone.
    Stop,
}

/// Events that may wait. More failures than that need not be told one by one.
pub(crate) const EVENT_QUEUE: usize = 1024;
