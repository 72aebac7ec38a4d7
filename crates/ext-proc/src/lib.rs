//! Signalbox for Envoy, and for everything that speaks its protocols: external processing
//! (`envoy.service.ext_proc.v3`) and external authorization (`envoy.service.auth.v3`), over one gate.
//!
//! A program brings a [`Door`]: the gate, times, threads, and who is told what. [`GrpcServer`] takes the
//! calls of one connection, as a service for hyper, and hands each over as a [`Call`]; `Call::serve`
//! answers it on whatever thread the program likes.
//!
//! What Envoy does with a stream was measured, and this is built on it (`docs/embedding.md`):
//!
//! - A stream that ends with OK before it has answered makes Envoy forward the request. So no stream
//!   ends with OK before Envoy has ended it, whatever becomes of the one who serves it ([`Answers`]).
//! - Nobody but this side bounds the time of a message whose body is streamed. So each wait ends.
//! - An override of the mode that Envoy does not follow would send the request on as it came. So such a
//!   request is made harmless before ([`Door`] hears of it), and refused.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod answers;
mod ask;
mod asked;
mod attributes;
mod authorization;
mod body;
mod door;
mod exchange;
mod forward;
mod headers;
mod link;
mod message;
mod model_lists;
mod models;
mod modes;
mod opening;
mod quiet;
mod relay;
mod service;
mod spool;
mod times;

pub use answers::Answers;
pub use door::{Door, SpoolPlace, StreamObserver};
pub use model_lists::ModelLists;
pub use service::{Call, GrpcServer, Limits};
pub use times::Times;
