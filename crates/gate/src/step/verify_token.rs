//! A JWT whose signature has to be checked.

use std::sync::Arc;

use super::Step;
use crate::auth::authenticator::TokenRefused;
use crate::auth::keyring::{Key, Keyring};
use crate::exchange::Exchange;
use crate::gate::Gate;
use crate::observer::Observer;
use crate::request::client::Client;
use crate::request::incoming::IncomingRequest;

/// A JWT is shown that is not known: its signature has to be checked, where it may block.
///
/// Anybody can send forged ones, and each takes up to milliseconds: as many at a time as the door
/// chooses, and no one client before all others.
#[derive(Debug)]
pub struct VerifyToken<O: Observer> {
    exchange: Box<Exchange<O>>,
    token: Box<str>,
}

impl<O: Observer> VerifyToken<O> {
    pub(crate) const fn new(exchange: Box<Exchange<O>>, token: Box<str>) -> Self {
        Self { exchange, token }
    }

    /// The token.
    #[must_use]
    pub const fn token(&self) -> &str {
        &self.token
    }

    /// Who shows it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.exchange.context.facts.client
    }

    /// The keyring at this moment, whose profiles a verified caller is measured by.
    #[must_use]
    pub fn keyring(&self) -> Arc<Keyring> {
        self.exchange.gate.authenticator().keyring()
    }

    /// The key of the verified token, of `Key::of_profile`, or why there is none.
    #[must_use]
    pub fn verified(mut self, key: Result<Arc<Key>, TokenRefused>) -> Step<O> {
        self.exchange.verified = Some(key);
        self.exchange.advance()
    }
}

impl Gate {
    /// Begins an exchange whose caller the door has told by other means than a token: the request's
    /// `authorization` is not looked at. What is brought is checked as that of a token is that was
    /// verified: only a key of `Key::of_profile` is taken, and only while its profile is there.
    pub fn begin_verified<O: Observer>(
        self: &Arc<Self>,
        request: IncomingRequest,
        key: Result<Arc<Key>, TokenRefused>,
        observer: O,
    ) -> Step<O> {
        let mut exchange = Exchange::begin(self, request, observer);
        exchange.verified = Some(key);
        exchange.advance()
    }
}
