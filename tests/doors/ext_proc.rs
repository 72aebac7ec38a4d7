//! Envoy, which sends every request to the gate to be processed.

mod authorization;
mod conformance;
mod dying;
mod private;
mod storm;

/// The versions everything here is played with.
const VERSIONS: [&str; 2] = ["1.39.3", "1.40.0"];
