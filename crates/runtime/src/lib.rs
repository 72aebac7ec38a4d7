//! Loads policy components, bounds them, asks them, swaps them: Signalbox's half of the contract
//! in `wit/`, on wasmtime. No HTTP, no async, no document language.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod bindings;
mod catalogue;
mod convert;
mod decide_error;
mod detail;
mod engine;
mod generation;
mod instance;
mod legal;
mod limits;
mod load;
mod plugin;
mod pool;
mod request_buf;
mod runtime;
mod settings;
mod slot;
mod surface;
pub mod trust;
mod warm;

pub use catalogue::Catalogue;
pub use decide_error::{DecideError, TrapKind};
pub use detail::Detail;
pub use generation::Generation;
pub use legal::Violation;
pub use load::{CatalogueFault, DescriptionFault, LoadError, RouteFault, SectionFault, Step};
pub use plugin::{Digest, Plugin};
pub use pool::{Busy, DecisionPool};
pub use request_buf::RequestBuf;
pub use runtime::{Runtime, StartError};
pub use settings::{Allocation, Isolation, LoadOptions, Settings};
pub use slot::{Policies, Slot};
