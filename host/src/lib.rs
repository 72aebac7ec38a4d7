//! The hyper host: serves GT through a policy.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod budget;
pub mod config;
pub mod credentials;
pub mod digest;
pub mod health;
pub mod keyring;
pub mod limits;
pub mod presets;
mod watch;
pub mod yaml;
