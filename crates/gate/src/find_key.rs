//! The key of a request, by the token it shows.

use std::sync::Arc;

use signalbox_http::head;
use signalbox_http::refusal::{Code, Refusal};

use crate::auth::authenticator::{TokenLookup, TokenRefused};
use crate::auth::keyring::{Key, KeyStatus};
use crate::exchange::Exchange;
use crate::halt::{Halt, Need};
use crate::observer::Observer;
use crate::response::rejection;

impl<O: Observer> Exchange<O> {
    /// 401, the same for every way in which a key is not one.
    pub(crate) fn find_key(&mut self) -> Result<Arc<Key>, Halt> {
        if let Some(verified) = self.verified.take() {
            return Ok(self.verified_key(verified)?);
        }
        let token = head::bearer(&self.head.fields.authorization.values())?;
        let key = match self.gate.authenticator().look_up(token) {
            TokenLookup::Key(key) => key,
            TokenLookup::Refused => return Err(Refusal::of(Code::InvalidApiKey).into()),
            TokenLookup::Unverified => return Err(Need::Token(token.into()).into()),
        };
        self.context.facts.key = Some(Arc::clone(&key));
        match key.status(self.context.facts.time) {
            KeyStatus::Valid => Ok(key),
            KeyStatus::Expired | KeyStatus::Revoked => Err(Refusal::of(Code::InvalidApiKey).into()),
        }
    }

    /// The key a door has brought for the token. It is looked at as things stand now: verifying may
    /// have taken a while.
    fn verified_key(
        &mut self,
        verified: Result<Arc<Key>, TokenRefused>,
    ) -> Result<Arc<Key>, Refusal> {
        let key = verified.map_err(rejection::token)?;
        self.context.facts.key = Some(Arc::clone(&key));
        let now = self.gate.clock().wall();
        if self.gate.authenticator().admits_verified(&key, now) {
            Ok(key)
        } else {
            Err(Refusal::of(Code::InvalidApiKey))
        }
    }
}
