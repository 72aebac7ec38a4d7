//! Replaces policies while they serve: a swap is a transaction.
//!
//! A component that is to serve walks through named steps ([`Step`]). The first that fails ends the
//! walk, changes nothing and is remembered. What walked through all of them serves from one atomic
//! store on, and what served before stays loaded, so that going back is one store as well.
//!
//! No HTTP, no async, no document language: `signalbox-host` puts doors on it.
//!
//! ```
//! use signalbox_runtime::Runtime;
//! use signalbox_swap::{
//!     Actor, Candidate, Mode, OpenAnswers, Order, Outcome, RollBack, Settings, Swaps, Trigger,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let component = |published: &str| -> Result<Vec<u8>, Box<dyn std::error::Error>> {
//! #     let document = format!("policy: p\nroutes:\n  POST /v1/chat/completions: \
//! #         {{verdict: native, scope: \"inference:chat\", model: json}}\nmodels:\n  gpt-4o: \
//! #         {{published: {published}}}\ncases:\n  - {{name: chat, request: POST /v1/chat/completions, \
//! #         model: gpt-4o, scopes: [\"inference:chat\"], expect: {{forward: POST \
//! #         /v1/chat/completions, model: {published}}}}}\n");
//! #     let policy = signalbox_policy::read(&document).map_err(|all| format!("{all:?}"))?;
//! #     Ok(signalbox_compiler::compile(&policy, &document)?)
//! # };
//! let swaps = Swaps::new(Runtime::new(Default::default())?, Settings::default())?;
//! let me = || Actor::new(Trigger::Embedder, "this program");
//! let order = |component| Order {
//!     candidates: vec![Candidate {
//!         name: "default".into(),
//!         component,
//!         digest: None,
//!         statement: None,
//!         source: None,
//!         cases: None,
//!     }],
//!     mode: Mode::Serve,
//!     roll_back: RollBack::UnlessNarrower,
//!     open_answers: OpenAnswers::Keep,
//!     actor: me(),
//! };
//! // Off the request path: milliseconds to seconds. Each step is told as it ends.
//! let first = swaps.swap(order(component("support-agent")?), &mut |step| println!("{}", step.step));
//! assert_eq!(first.outcome, Outcome::Done);
//! swaps.swap(order(component("gt-small")?), &mut |_| {});
//!
//! // On the request path: what decides for this caller, from one load of the slot.
//! let policies = swaps.slot().load();
//! let lane = policies.get("default").ok_or("nothing serves")?;
//! assert_eq!(lane.for_caller("app").number(), 2);
//!
//! // One store, at once.
//! let back = swaps.rollback("default", None, me());
//! assert_eq!(back.outcome, Outcome::Done);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

// Who may know whom: a layer knows those below it, and within a layer the left knows the right.
//
// | layer       | modules                                                      |
// | ----------- | ------------------------------------------------------------ |
// | API         | swaps                                                        |
// | who begins  | start · controller                                           |
// | transaction | transaction · targets · retained · prepare · persist · drain |
// | what it has | shared                                                       |
// | reports     | report · auto_rollback                                       |
// | state       | snapshot · policy_state · edit                               |
// | tools       | shadow · access · diff · cases · compare · loaded · event · transaction_recorder · history · lock |
// | words       | settings · alarm · state · signature · order · entry · overview · step · digest_text · error_chain |

mod access;
mod alarm;
mod auto_rollback;
mod cases;
mod compare;
mod controller;
mod diff;
mod digest_text;
mod drain;
mod edit;
mod entry;
mod error_chain;
mod event;
mod history;
mod loaded;
mod lock;
mod order;
mod overview;
mod persist;
mod policy_state;
mod prepare;
mod report;
mod retained;
mod settings;
mod shadow;
mod shared;
mod signature;
mod snapshot;
mod start;
mod state;
mod step;
mod swaps;
mod targets;
mod transaction;
mod transaction_recorder;

pub use alarm::{Alarm, Failures};
pub use compare::{LiveAnswer, PolicyAnswer};
pub use diff::{Asked, Aspect, Change, ComparedBy, Effect, PolicyDiff, Subject};
/// The keys of signed statements.
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use entry::{Action, Actor, Changed, Entry, Evidence, Failure, Outcome, StepReport, Trigger};
pub use error_chain::error_chain;
pub use order::{Accept, BadAccept, Candidate, Mode, OpenAnswers, Order, RollBack, ShadowOrder};
pub use overview::{
    Access, BesideOverview, Difference, DifferenceKind, Draining, GenerationOverview, Kept,
    PolicyOverview, Role, RollBackOverview, Sample,
};
pub use settings::Settings;
pub use shadow::Question;
pub use signalbox_files::FileError;
pub use signature::{
    Accepted, EnvelopeFault, KeyError, PAYLOAD_TYPE, Presented, SignatureError, Signed, Signer,
    Signers, SignsFor, Statement, sign, signing_key, verifying_key,
};
pub use start::{Serving, Source, Started};
pub use state::{Damage, Remembered, RememberedGeneration, RememberedPolicy, State, StateError};
pub use step::Step;
pub use swaps::{StartError, Swaps};
