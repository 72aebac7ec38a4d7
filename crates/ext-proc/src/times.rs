//! How long things may take.

use std::time::Duration;

/// How long things may take. Envoy bounds none of them where a body is streamed in full duplex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// For the first message of a stream.
    pub first_message: Duration,
    /// Between two pieces of a request's body that is streamed: 408.
    pub body_idle: Duration,
    /// For all of a request's body: 408.
    pub body_total: Duration,
    /// For the head of GT's response, once the request is on its way: 504.
    pub first_byte: Duration,
    /// Between two pieces of GT's response; then it is broken off.
    pub answer_idle: Duration,
    /// How long GT's own list of models is kept.
    pub models_cache: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            // Envoy sends it with the stream.
            first_message: Duration::from_secs(5),
            body_idle: Duration::from_secs(30),
            // 1 GiB at 10 Mbit/s.
            body_total: Duration::from_secs(15 * 60),
            // The OpenAI SDKs wait 600 s: they must give up first, so that nothing is answered twice.
            first_byte: Duration::from_secs(620),
            answer_idle: Duration::from_secs(300),
            models_cache: Duration::from_secs(5),
        }
    }
}
