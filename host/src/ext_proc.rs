//! The listener for Envoy, and for what speaks its protocols: external processing, and external
//! authorization (`crates/ext-proc`).
//!
//! An answer here has GT's key in it: whoever may ask may use GT. So the listener is a private one
//! (`listener/private.rs`). Requests go to GT by Envoy; nothing here connects to it.

mod connection;
mod door;

pub(crate) use connection::serve;
