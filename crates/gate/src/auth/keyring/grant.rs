//! What a verified JWT grants.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use jiff::Timestamp;

/// What a verified token grants, beyond who its caller is.
#[derive(Debug)]
pub struct Grant {
    profile: Arc<str>,
    ends: Timestamp,
    in_use: Arc<AtomicBool>,
}

impl Grant {
    /// The rights of a profile until `ends`, or until `in_use` says that the token's issuer has
    /// withdrawn the key it was signed with.
    pub const fn new(profile: Arc<str>, ends: Timestamp, in_use: Arc<AtomicBool>) -> Self {
        Self {
            profile,
            ends,
            in_use,
        }
    }

    /// The id of the profile.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// When the token ends, our clock's error allowed for.
    pub const fn ends(&self) -> Timestamp {
        self.ends
    }

    /// Whether its issuer still has the key it was signed with.
    pub fn holds(&self) -> bool {
        self.in_use.load(Relaxed)
    }
}
