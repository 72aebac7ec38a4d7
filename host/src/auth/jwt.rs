//! JWTs as the second way to name a caller.
//!
//! A token is checked against the keys of its issuer, and its caller is measured by a *profile*: an
//! entry of the keyring that no token opens. Claims take away from what the profile may do and never
//! add to it; what a token should say and does not leaves nothing. So the worst a careless issuer
//! can do is what the operator wrote into the profile.
//!
//! | what | where |
//! | --- | --- |
//! | a token taken apart, without trusting any of it | `token.rs` |
//! | an issuer's keys, read strictly, the last good set kept | `key_set.rs`, `fetch.rs`, `refresh.rs` |
//! | a token checked: first what costs nothing, the signature last | `verifier.rs`, `issuer.rs` |
//! | signatures checked on threads of their own, taking turns | `signature_queue.rs` |
//! | the profile narrowed by claims | `claims.rs`, `narrow.rs` |
//! | tokens that were checked, so that a request costs a hash and a look-up | `cache.rs`, `known_bad.rs` |
//! | whose signature was right, so that none of it waits again | `verified.rs` |
//! | what each caller uses, in bounded memory | `subjects.rs` |
//!
//! Only a token that is new waits, for its turn to be checked. A key that is not known is a refusal,
//! and the set is fetched behind it. All refusals look the same from outside; which it was, the
//! metrics say.

mod cache;
mod claims;
mod fetch;
mod issuer;
mod issuers;
mod key_set;
mod known_bad;
mod narrow;
mod object;
mod refresh;
mod refused;
mod signature;
mod signature_queue;
mod subjects;
mod token;
mod verified;
mod verifier;

pub use fetch::FetchError;
pub(crate) use issuers::Issuers;
pub use key_set::{KeySetError, KeySetProblem};
pub(crate) use refused::Refused;
pub(crate) use signature_queue::Line;
pub(crate) use verifier::JwtVerifier;

#[cfg(test)]
use key_set::tests as tests_of_keys;
#[cfg(test)]
mod tests;
