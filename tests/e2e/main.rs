//! End to end: who may know whom, laws that span crates, faults, and real clients.

mod boundaries;
mod laws;
mod real_clients;
mod trust;
