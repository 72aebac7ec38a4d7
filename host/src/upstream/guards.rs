//! What a connection to GT holds until it is closed.

use super::connection_limit::Place;
use super::hosts::Open;

/// What a connection holds until it is closed.
#[derive(Debug)]
pub(super) struct Guards {
    _open: Open,
    _place: Option<Place>,
}

impl Guards {
    pub(super) const fn new(open: Open, place: Option<Place>) -> Self {
        Self {
            _open: open,
            _place: place,
        }
    }
}
