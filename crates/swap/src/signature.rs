//! Who says that a component may serve under a name: signed statements.
//!
//! A statement names a digest, a policy, a serial and a time it ends, and where it says so the
//! environments it is for. It comes in a DSSE envelope
//! (<https://github.com/secure-systems-lab/dsse>), signed with ed25519. An envelope may carry
//! several signatures; one by a signer who may sign for that policy is enough. Cosign's bundles are
//! not read: checking them needs certificates, a transparency log and their clocks.
//!
//! A statement that is present and wrong is refused, required or not: whoever sent it meant it.

use std::collections::BTreeSet;

use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signalbox_runtime::Digest;

use self::envelope::Envelope;
use crate::digest_text;

mod envelope;
mod error;
mod key;
mod statement;

pub use error::{EnvelopeFault, SignatureError};
pub use key::{KeyError, signing_key, verifying_key};
pub use statement::{Statement, sign};

/// The type of a statement in an envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.signalbox.statement+json";

/// Who may sign for which policy, and whether somebody has to.
#[derive(Clone, Debug, Default)]
pub struct Signers {
    required: bool,
    environment: Option<String>,
    signers: Vec<Signer>,
}

/// Somebody who may sign.
#[derive(Clone, Debug)]
pub struct Signer {
    /// How the configuration calls them; what they should give as `keyid`.
    pub id: String,
    /// Their public key.
    pub key: VerifyingKey,
    /// What they may sign for.
    pub policies: SignsFor,
}

/// The policies somebody may sign for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignsFor {
    /// Every policy, whatever its name.
    All,
    /// Those with these names.
    Only(BTreeSet<String>),
}

/// A component that is to serve, and what was said about it.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The name it is to serve under.
    pub policy: &'a str,
    /// The digest of its bytes.
    pub digest: &'a Digest,
    /// The envelope that came with it.
    pub statement: Option<&'a [u8]>,
    /// The newest statement that was accepted for that name.
    pub last: Option<&'a Accepted>,
    /// What time it is.
    pub now: Timestamp,
}

/// A statement that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The id of who signed it.
    pub signer: String,
    /// Its serial and digest, to remember once the component serves.
    pub accepted: Accepted,
    /// When it ends.
    pub not_after: Timestamp,
}

/// What is remembered of a statement that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Its serial: no lower one is accepted for that policy.
    pub serial: u64,
    /// The component it was about: no other is accepted with the same serial.
    #[serde(with = "digest_text")]
    pub digest: Digest,
}

impl Signers {
    /// Who may sign. If signatures are required and nobody may sign, nothing is accepted.
    #[must_use]
    pub const fn new(required: bool, signers: Vec<Signer>) -> Self {
        Self {
            required,
            environment: None,
            signers,
        }
    }

    /// Accepts only statements that name this environment; without one, only those that name none.
    #[must_use]
    pub fn in_environment(self, environment: Option<String>) -> Self {
        Self {
            environment,
            ..self
        }
    }

    /// Whether a component without a statement is refused.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.required
    }

    /// Checks what was said about a component; `None` if nothing was, and nothing had to be.
    ///
    /// # Errors
    ///
    /// The first of these that holds: there is no statement though one is required; it is no
    /// envelope, or of another type; nobody known signed it; none of those who did may sign for
    /// that policy; it is no statement; it is about another component or another policy; it is
    /// not for this environment; it ended;
    /// its serial is lower than the last one, or was used for another component.
    pub fn check(&self, presented: &Presented<'_>) -> Result<Option<Signed>, SignatureError> {
        let Some(bytes) = presented.statement else {
            return match self.required {
                true => Err(SignatureError::Missing {
                    policy: presented.policy.to_owned(),
                }),
                false => Ok(None),
            };
        };
        let envelope = Envelope::read(bytes)?;
        let signer = self.signer(&envelope, presented.policy)?;
        // Only now: nobody's words are parsed who may not say them.
        let statement = Statement::read(&envelope.payload)?;
        statement.holds_for(presented, self.environment.as_deref())?;
        Ok(Some(Signed {
            signer: signer.id.clone(),
            accepted: Accepted {
                serial: statement.serial,
                digest: statement.digest,
            },
            not_after: statement.not_after,
        }))
    }

    /// Somebody who signed the envelope and may sign for the policy.
    ///
    /// Every key is tried on every signature. DSSE: a `keyid` is a hint that nobody signed.
    fn signer(&self, envelope: &Envelope, policy: &str) -> Result<&Signer, SignatureError> {
        let signed = envelope.signed();
        let did = |signer: &&Signer| envelope.is_signed_by(&signer.key, &signed);
        let mut unentitled = None;
        for signer in self.signers.iter().filter(did) {
            if signer.policies.contains(policy) {
                return Ok(signer);
            }
            unentitled = unentitled.or(Some(signer));
        }
        Err(match unentitled {
            Some(signer) => SignatureError::MayNotSign {
                signer: signer.id.clone(),
                policy: policy.to_owned(),
            },
            None => SignatureError::NoKnownSigner {
                seen: envelope.key_ids(),
                known: self
                    .signers
                    .iter()
                    .map(|signer| signer.id.clone())
                    .collect(),
            },
        })
    }
}

impl SignsFor {
    /// Whether a policy is among them.
    #[must_use]
    pub fn contains(&self, policy: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(policy),
        }
    }
}
