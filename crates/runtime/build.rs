//! Nothing to do. A build script lets `[build-dependencies]` name features of what wasmtime's macros are built with, so
//! that those crates are compiled once for both sides.
fn main() {}
