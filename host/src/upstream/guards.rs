//! What a connection to GT holds until it is closed.

use super::hosts::Open;
use super::place::Place;

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
