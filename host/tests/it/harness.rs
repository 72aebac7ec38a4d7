//! `Gt::…` stands in for GT, `Gate::…` is the host under test, `Ask`, `Form` and `Client` are whoever calls.

mod ask;
mod client;
mod form;
mod gate;
mod gt;

pub(crate) use ask::Ask;
pub(crate) use client::{Answer, Client};
pub(crate) use form::{BOUNDARY, Form};
pub(crate) use gate::{Gate, GateBuilder, PATIENCE, POLICY, component, keyring, within};
pub(crate) use gt::{Gt, Reply, Seen};
