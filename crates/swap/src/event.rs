//! What the controller is told.

use std::sync::Arc;

use signalbox_runtime::GenerationStats;

/// Something the controller is to look at.
pub(crate) enum Event {
    /// A guest failed a caller, with this cause.
    Failed(Arc<GenerationStats>, String, &'static str),
    /// Something happened.
    Look,
    /// The last `Swaps` is gone.
    Stop,
}

/// Events that may wait. More failures than that need not be told one by one.
pub(crate) const EVENT_QUEUE: usize = 1024;
