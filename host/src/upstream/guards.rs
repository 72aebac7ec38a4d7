//! What a connection to GT holds until it is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::connection_limit::Place;
use crate::observe::metrics::OpenGuard;

/// An open connection to a host, counted until this is dropped.
#[derive(Debug)]
pub(super) struct Open {
    of_host: Arc<AtomicUsize>,
    _counted: OpenGuard,
}

/// What a connection holds until it is closed.
#[derive(Debug)]
pub(super) struct Guards {
    _open: Open,
    _place: Option<Place>,
}

impl Open {
    pub(super) fn new(of_host: &Arc<AtomicUsize>, counted: OpenGuard) -> Self {
        of_host.fetch_add(1, Ordering::Relaxed);
        Self {
            of_host: Arc::clone(of_host),
            _counted: counted,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.of_host.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Guards {
    pub(super) const fn new(open: Open, place: Option<Place>) -> Self {
        Self {
            _open: open,
            _place: place,
        }
    }
}
