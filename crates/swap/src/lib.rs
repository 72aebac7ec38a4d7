//! Replaces policies while they serve: a swap is a transaction.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
