//! Who may ask: keys, JWT profiles, what they may use, and the GT keys requests go out with.

pub(crate) mod authenticator;
pub(crate) mod credentials;
pub(crate) mod digest;
pub(crate) mod key_limits;
pub mod keyring;
pub(crate) mod live_keyring;
pub(crate) mod rate_limit;
pub(crate) mod secret;
