//! Envoy with the dynamic module, in each version it is made for.

mod conformance;
mod hostile;
mod panics;
mod storm;
mod updates;
