//! How long things may take that Pingora has no setting for.

use std::time::Duration;

/// How long a client's body may take, and how long GT's list of models is kept. How long GT may take is said in
/// `PeerOptions`: `connection_timeout`, and `read_timeout` between two pieces of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// Between two pieces of a request's body: 408.
    pub body_idle: Duration,
    /// For all of a request's body: 408.
    pub body_total: Duration,
    /// How long GT's own list of models is kept.
    pub models_cache: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            body_idle: Duration::from_secs(30),
            // 1 GiB at 10 Mbit/s.
            body_total: Duration::from_secs(15 * 60),
            // A client that lists models on each page does not double GT's load.
            models_cache: Duration::from_secs(5),
        }
    }
}
