//! From a decision to a request for GT.

pub(crate) mod models_request;
pub(crate) mod request;
