//! An issuer's keys, from a JSON Web Key Set.
//!
//! Each key is for one algorithm: the one it names, or the one its kind is commonly for. What a
//! token says of its algorithm is only compared with that. Keys that make signatures as well as
//! check them (`oct`) are never read as keys, so a public key cannot be taken for a secret.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};
use signalbox_http_client::TlsError;

use super::fetch::FetchError;
use super::object;
use super::signature_queue::SignatureThread;
use crate::config::JwtAlgorithm;

/// The keys of an issuer at one moment.
#[derive(Debug)]
pub(super) struct KeySet {
    signers: Vec<Arc<Signer>>,
    pub(super) read: Timestamp,
}

/// One key.
pub(crate) struct Signer {
    kid: Option<String>,
    pub(super) algorithm: JwtAlgorithm,
    material: Vec<u8>,
    key: DecodingKey,
    /// Until its issuer has it no more.
    in_use: Arc<AtomicBool>,
}

/// Why the keys of an issuer cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The file could not be read.
    #[error("cannot read the keys in `{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The server gave none.
    #[error("cannot fetch the keys")]
    Fetch(#[from] FetchError),
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// What is there cannot be used.
    #[error("the keys cannot be used")]
    Unusable(#[from] KeySetProblem),
}

/// Why a key set cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetProblem {
    /// Not a JSON object with a list `keys`, or a name stands twice.
    #[error("this is no JSON Web Key Set")]
    Syntax,
    /// More than any issuer has.
    #[error("there are more than {MOST} keys")]
    TooMany,
    /// Two keys by one name.
    #[error("two keys have the same `kid`")]
    SameKid,
    /// None that may sign.
    #[error(
        "no key is there that may be used: RSA of 2048 to 4096 bits, P-256, P-384 or Ed25519, for \
         one of `algorithms`"
    )]
    NoKey,
}

impl KeySet {
    /// Reads a set. Keys that were there before stay the same.
    pub(super) fn read(
        bytes: &[u8],
        allowed: &[JwtAlgorithm],
        before: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, KeySetProblem> {
        let set = object::read(bytes).ok_or(KeySetProblem::Syntax)?;
        let Some(Value::Array(written)) = set.get("keys") else {
            return Err(KeySetProblem::Syntax);
        };
        if written.len() > MOST {
            return Err(KeySetProblem::TooMany);
        }
        let mut signers: Vec<Arc<Signer>> = Vec::new();
        let may = |signer: &Signer| allowed.contains(&signer.algorithm);
        let read = written
            .iter()
            .filter_map(|key| Signer::read(key.as_object()?));
        for signer in read.filter(may) {
            if signers.iter().any(|other| other.kid == signer.kid) {
                return Err(KeySetProblem::SameKid);
            }
            let known = before.and_then(|before| before.same(&signer));
            signers.push(known.unwrap_or_else(|| Arc::new(signer)));
        }
        if signers.is_empty() {
            return Err(KeySetProblem::NoKey);
        }
        Ok(Self { signers, read: now })
    }

    /// The key of a name; without a name, the one there is.
    pub(super) fn signer(&self, kid: Option<&str>) -> Option<&Arc<Signer>> {
        match (kid, &*self.signers) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(kid), signers) => signers
                .iter()
                .find(|signer| signer.kid.as_deref() == Some(kid)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.signers.len()
    }

    /// Ends the keys that `next` has no more.
    pub(super) fn give_way_to(&self, next: &Self) {
        for signer in &self.signers {
            if !next.signers.iter().any(|kept| Arc::ptr_eq(kept, signer)) {
                signer.in_use.store(false, Relaxed);
            }
        }
    }

    fn same(&self, signer: &Signer) -> Option<Arc<Signer>> {
        let is_same = |known: &&Arc<Signer>| {
            known.kid == signer.kid
                && known.algorithm == signer.algorithm
                && known.material == signer.material
        };
        self.signers.iter().find(is_same).map(Arc::clone)
    }
}

impl Signer {
    /// Reads a key; `None` for one that signs nothing we take.
    fn read(key: &Map<String, Value>) -> Option<Self> {
        let text = |name| key.get(name).and_then(Value::as_str);
        if key.contains_key("use") && text("use") != Some("sig") {
            return None;
        }
        if let Some(uses) = key.get("key_ops") {
            uses.as_array()?.iter().find(|it| *it == "verify")?;
        }
        let bytes = |name| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let (common, key_of): (JwtAlgorithm, (Vec<u8>, DecodingKey)) = match text("kty")? {
            "RSA" => (JwtAlgorithm::Rs256, rsa(&bytes("n")?, &bytes("e")?)?),
            "EC" => {
                let (algorithm, length) = match text("crv")? {
                    "P-256" => (JwtAlgorithm::Es256, 32),
                    "P-384" => (JwtAlgorithm::Es384, 48),
                    _ => return None,
                };
                (algorithm, ec(&bytes("x")?, &bytes("y")?, length)?)
            }
            "OKP" if text("crv")? == "Ed25519" => {
                let point = bytes("x").filter(|point| point.len() == 32)?;
                let key = DecodingKey::from_ed_der(&point);
                (JwtAlgorithm::EdDsa, (point, key))
            }
            _ => return None,
        };
        let algorithm = match key.get("alg") {
            None => common,
            Some(named) => JwtAlgorithm::from_word(named.as_str()?)?,
        };
        let kid = match key.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str()?.to_owned()),
        };
        let is_for_it = algorithm == common || (common == JwtAlgorithm::Rs256 && is_rsa(algorithm));
        let (material, key) = key_of;
        is_for_it.then(|| Self {
            kid,
            algorithm,
            material,
            key,
            in_use: Arc::new(AtomicBool::new(true)),
        })
    }

    /// Whether it signed a message. Takes up to milliseconds, so no worker can ask.
    pub(super) fn signed(&self, message: &str, signature: &str, _on: &SignatureThread) -> bool {
        let algorithm = library(self.algorithm);
        let checked =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.key, algorithm);
        matches!(checked, Ok(true))
    }

    /// Whether its issuer still has it.
    pub(crate) fn is_in_use(&self) -> bool {
        self.in_use.load(Relaxed)
    }

    /// What says so to those who know nothing else of it.
    pub(super) fn in_use(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.in_use)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Signer({:?}, {})",
            self.kid,
            self.algorithm.word()
        )
    }
}

/// Of 2048 to 4096 bits: less is no protection, more takes too long to check.
fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<(Vec<u8>, DecodingKey)> {
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let is_usual = matches!(exponent, [3] | [1, 0, 1]);
    if !(256..=512).contains(&modulus.len()) || modulus.first()? & 0x80 == 0 || !is_usual {
        return None;
    }
    let key = DecodingKey::from_rsa_raw_components(modulus, exponent);
    Some(([modulus, exponent].concat(), key))
}

fn ec(x: &[u8], y: &[u8], length: usize) -> Option<(Vec<u8>, DecodingKey)> {
    if x.len() != length || y.len() != length {
        return None;
    }
    let point = [&[UNCOMPRESSED], x, y].concat();
    let key = DecodingKey::from_ec_der(&point);
    Some((point, key))
}

const fn is_rsa(algorithm: JwtAlgorithm) -> bool {
    use JwtAlgorithm::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512)
}

const fn library(algorithm: JwtAlgorithm) -> Algorithm {
    match algorithm {
        JwtAlgorithm::Rs256 => Algorithm::RS256,
        JwtAlgorithm::Rs384 => Algorithm::RS384,
        JwtAlgorithm::Rs512 => Algorithm::RS512,
        JwtAlgorithm::Ps256 => Algorithm::PS256,
        JwtAlgorithm::Ps384 => Algorithm::PS384,
        JwtAlgorithm::Ps512 => Algorithm::PS512,
        JwtAlgorithm::Es256 => Algorithm::ES256,
        JwtAlgorithm::Es384 => Algorithm::ES384,
        JwtAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

/// Large issuers have a dozen.
const MOST: usize = 100;
/// SEC 1's first byte of a point of which both coordinates follow.
const UNCOMPRESSED: u8 = 4;

#[cfg(test)]
pub(super) mod tests;
