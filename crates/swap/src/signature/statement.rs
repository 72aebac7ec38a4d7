//! What is signed, and signing it.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use signalbox_runtime::Digest;

use super::{
    PAYLOAD_TYPE, Presented, SignatureError,
    envelope::{Envelope, is_object, pae},
};
use crate::digest_text;

/// That a component may serve under a name, until a time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// SHA-256 of the component.
    #[serde(with = "digest_text")]
    pub digest: Digest,
    /// The name it may serve under.
    pub policy: String,
    /// Higher than that of every earlier statement for that name that is not to hold any longer.
    pub serial: u64,
    /// From when on it is not accepted any longer. What serves by then serves on.
    pub not_after: Timestamp,
    /// The environments it holds in; `None` if it names none, as every statement of version 0.1.
    #[serde(default, deserialize_with = "named")]
    pub environments: Option<BTreeSet<String>>,
}

/// A list; `null` is none.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeSet<String>>, D::Error> {
    BTreeSet::deserialize(deserializer).map(Some)
}

/// Puts a statement into a signed envelope, as JSON.
#[must_use]
pub fn sign(key: &SigningKey, key_id: &str, statement: &Statement) -> Vec<u8> {
    let payload = statement.to_json();
    let signature = key.sign(&pae(PAYLOAD_TYPE, payload.as_bytes()));
    json!({
        "payload": STANDARD.encode(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key_id, "sig": STANDARD.encode(signature.to_bytes())}],
    })
    .to_string()
    .into_bytes()
}

impl Statement {
    /// What an envelope says, whoever signed it: for showing it to people. Whether it holds is for
    /// [`Signers::check`](crate::Signers::check) to say.
    ///
    /// # Errors
    ///
    /// It is no envelope, or what it holds is no statement.
    pub fn unverified(envelope: &[u8]) -> Result<Self, SignatureError> {
        Self::read(&Envelope::read(envelope)?.payload)
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, SignatureError> {
        if !is_object(payload) {
            return Err(SignatureError::NotAStatement { source: None });
        }
        serde_json::from_slice(payload).map_err(|error| SignatureError::NotAStatement {
            source: Some(error),
        })
    }

    fn to_json(&self) -> String {
        let mut statement = json!({
            "digest": self.digest.to_string(),
            "policy": self.policy,
            "serial": self.serial,
            "not_after": self.not_after.to_string(),
        });
        if let (Some(environments), Some(members)) = (&self.environments, statement.as_object_mut())
        {
            // A version that does not know the word refuses the statement.
            members.insert("environments".to_owned(), json!(environments));
        }
        statement.to_string()
    }

    /// Whether it says what is asked for, of this environment, and still does.
    pub(super) fn holds_for(
        &self,
        presented: &Presented<'_>,
        environment: Option<&str>,
    ) -> Result<(), SignatureError> {
        if self.digest != *presented.digest {
            return Err(SignatureError::OtherDigest {
                stated: self.digest,
                found: *presented.digest,
            });
        }
        if self.policy != presented.policy {
            return Err(SignatureError::OtherPolicy {
                stated: self.policy.clone(),
                asked: presented.policy.to_owned(),
            });
        }
        self.holds_in(environment)?;
        if presented.now > self.not_after {
            return Err(SignatureError::Expired {
                not_after: self.not_after,
                now: presented.now,
            });
        }
        match presented.last {
            Some(last) if self.serial < last.serial => Err(SignatureError::SerialTooLow {
                serial: self.serial,
                last: last.serial,
            }),
            // The same one again is somebody sending it twice.
            Some(last) if self.serial == last.serial && self.digest != last.digest => {
                Err(SignatureError::SerialUsed {
                    serial: self.serial,
                    digest: last.digest,
                })
            }
            _ => Ok(()),
        }
    }

    /// Neither side's silence means every environment.
    fn holds_in(&self, environment: Option<&str>) -> Result<(), SignatureError> {
        match (&self.environments, environment) {
            (None, None) => Ok(()),
            (Some(stated), Some(here)) if stated.contains(here) => Ok(()),
            (Some(stated), here) => Err(SignatureError::OtherEnvironment {
                stated: stated.iter().cloned().collect(),
                here: here.map(str::to_owned),
            }),
            (None, Some(here)) => Err(SignatureError::NoEnvironment {
                here: here.to_owned(),
            }),
        }
    }
}
