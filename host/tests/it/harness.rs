//! `Gt::…` stands in for GT, `Gate::…` is the host under test, `Ask`, `Form` and `Client` are whoever calls.

mod ask;
mod client;
mod collector;
mod form;
mod gate;
mod gt;
mod gt2;
pub(crate) mod http2;

pub(crate) use ask::Ask;
pub(crate) use client::{Answer, Client};
pub(crate) use collector::{Collector, Manner, attribute};
pub(crate) use form::{BOUNDARY, Form};
pub(crate) use gate::{Gate, GateBuilder, PATIENCE, POLICY, component, keyring, within};
pub(crate) use gt::{Gt, Reply, Seen};
pub(crate) use gt2::{Call, Gt2, Redactor};
