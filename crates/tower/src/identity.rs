//! Who asks, for programs that know better than a key of the keyring says.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use http::request::Parts;
use signalbox_gate::keyring::{Key, Keyring};
use signalbox_gate::{Client, TokenRefused};

/// Whose request it is, for programs that have authenticated their callers before this layer: by client
/// certificates, a session, a token of their own.
///
/// It is asked once for each request, must not block, and reads what an earlier layer has left, mostly in
/// the head's extensions. The request's `authorization` is then not looked at, and never sent on.
pub trait Identify: fmt::Debug + Send + Sync {
    /// Whose request it is.
    ///
    /// # Errors
    /// [`TokenRefused::Invalid`] where that is not known: 401. [`TokenRefused::Busy`] where it could not
    /// be found out: 503.
    fn identify(&self, head: &Parts) -> Result<Identity, TokenRefused>;
}

/// Whose request it is: somebody with the rights of a profile of the keyring, never more.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(crate) profile: String,
    pub(crate) subject: String,
    pub(crate) ends: SystemTime,
    pub(crate) in_use: Option<Arc<AtomicBool>>,
}

impl Identity {
    /// `subject` with the rights of `profile`, until `ends`. Limits are counted for each subject by
    /// itself. What is open when it ends is broken off. An `ends` that stays the same from request to
    /// request, like that of a session, lets what was decided be kept.
    pub fn new(profile: impl Into<String>, subject: impl Into<String>, ends: SystemTime) -> Self {
        Self {
            profile: profile.into(),
            subject: subject.into(),
            ends,
            in_use: None,
        }
    }

    /// The same until `in_use` is false: then what is open for it is broken off.
    #[must_use]
    pub fn while_in_use(mut self, in_use: Arc<AtomicBool>) -> Self {
        self.in_use = Some(in_use);
        self
    }
}

/// The key a token turns out to open, as soon as its signature is checked.
pub type Verifying = Pin<Box<dyn Future<Output = Result<Arc<Key>, TokenRefused>> + Send>>;

/// Checks signatures of JWTs that the gate's `TokenVerifier` does not know.
///
/// Anybody can send forged tokens, and each takes up to milliseconds: an implementation checks them
/// where that may block, as many at a time as it chooses, and no client's before all others'.
pub trait VerifyTokens: fmt::Debug + Send + Sync {
    /// The key of a token, of `Key::of_profile` with a profile of `keyring`.
    fn verify(&self, token: &str, client: &Client, keyring: Arc<Keyring>) -> Verifying;
}
