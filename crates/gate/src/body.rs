//! The client's body: read as far as a model is in it, and what of it goes on.

pub(crate) mod budget;
pub(crate) mod chunk_buffer;
pub(crate) mod failure;
pub(crate) mod form;
pub(crate) mod incoming;
pub(crate) mod json;
pub(crate) mod passing;
pub(crate) mod spool;
pub(crate) mod upstream_body;
