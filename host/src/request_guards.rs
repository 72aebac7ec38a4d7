//! What a request holds until its answer has ended: its place in every limit, and its log.

use crate::limits::{Pass, Permit, StreamPermit};
use crate::metrics::OpenGuard;
use crate::trail::Trail;
use crate::wire::Exchange;
use crate::worker::InFlight;

/// What one request holds until its answer has ended, however it ends.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) trail: Trail,
    pub(crate) pass: Option<Pass>,
    pub(crate) permit: Option<Permit>,
    pub(crate) stream: Option<StreamPermit>,
    pub(crate) open_stream: Option<OpenGuard>,
    _in_flight: InFlight,
    _exchange: Exchange,
}

impl Held {
    /// A request begins.
    pub(crate) const fn new(trail: Trail, in_flight: InFlight, exchange: Exchange) -> Self {
        Self {
            trail,
            pass: None,
            permit: None,
            stream: None,
            open_stream: None,
            _in_flight: in_flight,
            _exchange: exchange,
        }
    }
}
