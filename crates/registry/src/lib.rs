//! Pulls policy components from OCI registries.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
