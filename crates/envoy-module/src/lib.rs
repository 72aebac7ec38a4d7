//! Signalbox inside Envoy: an HTTP filter as a dynamic module.
//!
//! A filter is a door of the gate (`signalbox-gate`): it moves bytes between Envoy and the gate's steps,
//! and decides nothing. `docs/embedding.md` says what it promises and what it cannot.
//!
//! | layer | modules |
//! | --- | --- |
//! | Envoy's ABI, all unsafe code | abi |
//! | one stream | filter · exchange · forward · response · upload · relaying · callout · head · told |
//! | one configuration | module · settings · keys · policies · document · watched · metrics · models |
//! | the process | process · deadlines |
#![deny(unsafe_code)]

#[expect(
    unsafe_code,
    reason = "Envoy calls by a C ABI; nothing outside this folder is unsafe"
)]
mod abi;
mod callout;
mod deadlines;
mod document;
mod error;
mod exchange;
mod filter;
mod forward;
mod head;
mod keys;
mod metrics;
mod models;
mod module;
mod policies;
mod process;
mod relaying;
mod response;
mod settings;
mod told;
mod upload;
mod watched;
