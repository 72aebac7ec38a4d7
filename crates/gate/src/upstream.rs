//! From a decision to a request for GT.

mod allowed_headers;
pub mod gt_routes;
pub(crate) mod models_request;
pub(crate) mod request;
