//! One request through the gate: bodies in, bodies out.

pub(crate) mod client_body;
pub(crate) mod incoming_body;
pub(crate) mod pipeline;
pub(crate) mod response_body;
pub(crate) mod spool;
pub(crate) mod steps;
