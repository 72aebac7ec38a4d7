//! Client connections: what they speak, TLS, pages of browsers, the bytes under them.

pub(crate) mod client_io;
pub(crate) mod client_network;
pub(crate) mod connection;
pub(crate) mod cors;
pub(crate) mod private;
pub(crate) mod tls;
