//! The head of a client's request, and who sent it.

pub(crate) mod client;
pub(crate) mod client_head;
pub(crate) mod forwarded;
pub(crate) mod framed;
pub(crate) mod head_only;
pub(crate) mod header_values;
pub(crate) mod incoming;
pub(crate) mod own_hosts;
pub(crate) mod syntax;
pub(crate) mod target;
