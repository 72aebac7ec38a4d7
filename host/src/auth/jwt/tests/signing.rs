//! Whoever signs tokens in tests.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// A key and its public half.
pub(crate) struct Signing {
    pub(crate) kid: String,
    pub(crate) jwk: Value,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Signing {
    /// The committed key: making one takes seconds.
    pub(crate) fn rsa(kid: &str) -> Self {
        let pem = include_str!("test-only-rsa.pem").lines();
        let base64 = pem.filter(|line| !line.starts_with('-') && !line.contains(' '));
        let der = STANDARD.decode(base64.collect::<String>()).unwrap();
        let key = EncodingKey::from_rsa_der(&der);
        let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        let jwk = serde_json::to_value(jwk).unwrap();
        Self::new(kid, Algorithm::RS256, key, jwk)
    }

    pub(crate) fn ec(kid: &str) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let key = EncodingKey::from_ec_der(&pair.serialize_der());
        let (x, y) = pair.public_key_raw()[1..].split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)});
        Self::new(kid, Algorithm::ES256, key, jwk)
    }

    pub(crate) fn ed(kid: &str) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let key = EncodingKey::from_ed_der(&pair.serialize_der());
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key_raw())});
        Self::new(kid, Algorithm::EdDSA, key, jwk)
    }

    fn new(kid: &str, algorithm: Algorithm, key: EncodingKey, mut jwk: Value) -> Self {
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        Self {
            kid: kid.to_owned(),
            jwk,
            algorithm,
            key,
        }
    }

    /// A token that says these claims.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let head = json!({"typ": "JWT", "alg": self.algorithm, "kid": self.kid});
        self.sign(&head.to_string(), &claims.to_string())
    }

    /// A token with this head, whatever it says.
    pub(crate) fn sign(&self, head: &str, claims: &str) -> String {
        let message = message(head, claims);
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

/// A set of public keys.
pub(crate) fn key_set(keys: &[&Signing]) -> String {
    let keys: Vec<&Value> = keys.iter().map(|key| &key.jwk).collect();
    json!({"keys": keys}).to_string()
}

/// What is signed.
pub(crate) fn message(head: &str, claims: &str) -> String {
    format!("{}.{}", encode(head.as_bytes()), encode(claims.as_bytes()))
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
