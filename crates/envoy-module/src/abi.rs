//! Envoy's ABI for dynamic modules, and the only unsafe code here.
//!
//! Of what is declared in `raw.rs` Envoy 1.39 and 1.40 have everything; `hooks.rs` is what they call;
//! the rest makes safe values of both. Nothing outside this folder sees a pointer.

mod config_handle;
mod hooks;
mod next;
mod raw;
mod scheduler;
mod stream;

pub(crate) use config_handle::{ConfigHandle, CounterId, Level, concurrency, is_validating, log};
pub(crate) use next::{Done, Next};
pub(crate) use scheduler::{ConfigScheduler, Scheduler};
pub(crate) use stream::{Attribute, Body, Headers, Stream};
