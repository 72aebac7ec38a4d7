//! Where policies come from: files, registries, signals; and what is read again.

pub(crate) mod doors;
pub(crate) mod registries;
pub(crate) mod reload;
pub(crate) mod sources;
