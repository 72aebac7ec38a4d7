//! The signature of a token, as what a thread of the queue checks.

use std::fmt;
use std::sync::Arc;

use signalbox_gate::Digest;

use super::key_set::Signer;
use super::signature_queue::{Signature, SignatureThread};

/// A token, and the key it says it was signed with.
pub(super) struct TokenSignature {
    digest: Digest,
    token: Box<str>,
    signer: Arc<Signer>,
}

impl fmt::Debug for TokenSignature {
    /// Without the token, which is no word for a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenSignature")
            .finish_non_exhaustive()
    }
}

impl TokenSignature {
    pub(super) fn new(digest: Digest, token: &str, signer: &Arc<Signer>) -> Self {
        Self {
            digest,
            token: token.into(),
            signer: Arc::clone(signer),
        }
    }
}

impl Signature for TokenSignature {
    /// The token, and where the key is: as long as the signature is there, no other key is.
    type Id = (Digest, usize);

    fn id(&self) -> Self::Id {
        (self.digest, Arc::as_ptr(&self.signer).addr())
    }

    fn check(&self, on: &SignatureThread) -> bool {
        let parts = self.token.rsplit_once('.');
        parts.is_some_and(|(message, signature)| self.signer.signed(message, signature, on))
    }
}
