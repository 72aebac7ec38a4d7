//! Replaces policies while they serve: a swap is a transaction.
//!
//! A component that is to serve walks through named steps ([`Step`]). The first that fails ends the
//! walk, changes nothing and is remembered. What walked through all of them serves from one atomic
//! store on, and what served before stays loaded, so that going back is one store as well.
//!
//! No HTTP, no async, no document language: `signalbox-host` puts doors on it.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod entry;
mod order;
mod overview;
mod signature;
mod state;
mod step;

pub use entry::{Action, Actor, Changed, Entry, Evidence, Failure, Outcome, StepReport, Way};
pub use order::{Accept, BadAccept, Candidate, Mode, OpenAnswers, Order, RollBack, ShadowOrder};
pub use overview::{
    Access, BesideOverview, Difference, DifferenceKind, Draining, GenerationOverview, Kept,
    PolicyOverview, Role, RollBackOverview, Sample,
};
pub use signature::{
    Accepted, EnvelopeFault, KeyError, PAYLOAD_TYPE, Presented, SignatureError, Signed, Signer,
    Signers, SignsFor, Statement, sign, signing_key, verifying_key,
};
pub use state::{
    Damage, Remembered, RememberedGeneration, RememberedPolicy, State, StateError,
};
pub use step::Step;
/// The keys of signed statements.
pub use ed25519_dalek::{SigningKey, VerifyingKey};
