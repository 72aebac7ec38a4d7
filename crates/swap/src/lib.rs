//! Replaces policies while they serve: a swap is a transaction.
//!
//! A component that is to serve walks through named steps ([`Step`]). The first that fails ends the
//! walk, changes nothing and is remembered. What walked through all of them serves from one atomic
//! store on, and what served before stays loaded, so that going back is one store as well.
//!
//! No HTTP, no async, no document language: `signalbox-host` puts doors on it.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod access;
mod book;
mod cases;
mod compare;
mod edit;
mod entry;
mod history;
mod keep;
mod keeper;
mod kept;
mod order;
mod overview;
mod prepare;
mod receive;
mod report;
mod settings;
mod settle;
mod shadow;
mod shared;
mod signature;
mod start;
mod state;
mod step;
mod swaps;
mod transaction;
mod walk;
mod watch;

pub use compare::LiveAnswer;
/// The keys of signed statements.
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use entry::{Action, Actor, Changed, Entry, Evidence, Failure, Outcome, StepReport, Way};
pub use order::{Accept, BadAccept, Candidate, Mode, OpenAnswers, Order, RollBack, ShadowOrder};
pub use overview::{
    Access, BesideOverview, Difference, DifferenceKind, Draining, GenerationOverview, Kept,
    PolicyOverview, Role, RollBackOverview, Sample,
};
pub use settings::Settings;
pub use shadow::Question;
pub use signature::{
    Accepted, EnvelopeFault, KeyError, PAYLOAD_TYPE, Presented, SignatureError, Signed, Signer,
    Signers, SignsFor, Statement, sign, signing_key, verifying_key,
};
pub use start::{Serving, Source, Started};
pub use state::{Damage, Remembered, RememberedGeneration, RememberedPolicy, State, StateError};
pub use step::Step;
pub use swaps::{StartError, Swaps};
