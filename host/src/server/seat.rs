//! What a connection takes of what there is.

use tokio::sync::OwnedSemaphorePermit;

use super::addresses::Counted;

/// What a connection takes of what there is, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _place: Option<OwnedSemaphorePermit>,
    _counted: Counted,
}

impl Seat {
    pub(super) const fn new(place: Option<OwnedSemaphorePermit>, counted: Counted) -> Self {
        Self {
            _place: place,
            _counted: counted,
        }
    }
}
