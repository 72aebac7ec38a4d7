//! Counters that tests wait on instead of sleeping.

/// What the simulator has done since it started, or since `Handle::clear`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Requests whose head was read.
    pub requests: usize,
    /// Requests whose body was read to its end.
    pub bodies: usize,
    /// Requests held by [`Fault::Stall`](crate::Fault::Stall) now; `clear` leaves it.
    pub stalled: usize,
    /// Streams being sent now; `clear` leaves it.
    pub streams_open: usize,
    /// Streams sent to their end.
    pub streams_finished: usize,
    /// Streams whose client left first, or that a fault broke.
    pub streams_cancelled: usize,
}

impl Progress {
    /// Forgets what is past, keeps what is now.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            stalled: self.stalled,
            streams_open: self.streams_open,
            ..Self::default()
        };
    }
}
