//! What a connection takes of what there is.

use tokio::sync::OwnedSemaphorePermit;

use super::addresses::Counted;

/// What a connection takes of what there is, until it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    _place: Option<OwnedSemaphorePermit>,
    _counted: Counted,
}

impl ConnectionPermit {
    pub(super) const fn new(place: Option<OwnedSemaphorePermit>, counted: Counted) -> Self {
        Self {
            _place: place,
            _counted: counted,
        }
    }
}
