//! How long things may take.

use std::time::Duration;

/// How long things may take. They hold where the layer was given a runtime:
/// [`PolicyLayer::with_runtime`](crate::PolicyLayer::with_runtime).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// Between two pieces of a request's body: 408.
    pub body_idle: Duration,
    /// For all of a request's body: 408.
    pub body_total: Duration,
    /// For the head of GT's response, once the request is sent: 504.
    pub first_byte: Duration,
    /// Between two pieces of GT's response; then it is broken off.
    pub answer_idle: Duration,
    /// How long GT's own list of models is kept.
    pub models_cache: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            body_idle: Duration::from_secs(30),
            // 1 GiB at 10 Mbit/s.
            body_total: Duration::from_secs(15 * 60),
            // The OpenAI SDKs wait 600 s: they must give up first, so that nothing is answered twice.
            first_byte: Duration::from_secs(620),
            answer_idle: Duration::from_secs(300),
            // A client that lists models on each page does not double GT's load.
            models_cache: Duration::from_secs(5),
        }
    }
}
