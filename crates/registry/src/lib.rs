//! Pulls policy components from OCI registries.
//!
//! A component lies in a registry as `wkg`, `oras` and others push it: an image manifest with one
//! layer of the type `application/wasm`. A [`Registry`] pulls it by tag or by digest, and says
//! whether a tag has moved, so that a fleet that looks now and then converges.
//!
//! What may be relied on:
//! - Nothing a registry says is believed. What [`Registry::pull`] gives has the digest and the size
//!   its manifest names, and the manifest has the digest it was asked for.
//! - No answer makes it hold more than it was allowed, wait longer than it was allowed, or panic.
//! - A password goes to the registries it was given for, and to the token service such a registry
//!   names; never on a redirect, never without TLS unless the place is listed as plaintext, and
//!   into no message.
//! - Nothing runs on behind a caller: no task is started, and dropping a future closes its
//!   connection. All limits are on tokio's clock.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use signalbox_registry::{Reference, Registry, Settings};
//!
//! let registry = Registry::new(Settings::default())?;
//! let reference: Reference = "oci://registry.example/policies/litellm:stable".parse()?;
//! let pulled = registry.pull(&reference).await?;
//! if registry.look(&reference).await? != pulled.manifest {
//!     // The tag has moved since.
//! }
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod answer;
mod challenge;
mod digest;
mod error;
mod exchange;
mod manifest;
mod plaintext;
mod reference;
mod registry;
mod settings;
mod visit;

pub use digest::ManifestDigest;
pub use error::{Part, PullError};
pub use manifest::STATEMENT;
pub use reference::{Reference, ReferenceError};
pub use registry::{Pulled, Registry};
pub use settings::{Login, Secret, Settings, SetupError};
