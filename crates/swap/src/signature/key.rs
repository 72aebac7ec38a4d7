//! Keys as people have them: PEM as openssl writes it, or 32 bytes in base64.

use ed25519_dalek::{
    SigningKey, VerifyingKey,
    pkcs8::{self, DecodePrivateKey as _, DecodePublicKey as _, spki},
};

use super::envelope::decode;

/// Reads a public key: PEM as `openssl pkey -pubout` writes it, or its 32 bytes in base64.
///
/// # Errors
///
/// The text is no such key, or one that everybody can sign for.
pub fn verifying_key(text: &str) -> Result<VerifyingKey, KeyError> {
    let text = text.trim();
    let key = match label(text) {
        Some("PUBLIC KEY") => {
            VerifyingKey::from_public_key_pem(text).map_err(|error| match error {
                spki::Error::OidUnknown { .. } => KeyError::OtherAlgorithm,
                error => KeyError::PublicPem(error),
            })?
        }
        Some(label) if label.ends_with("PRIVATE KEY") => return Err(KeyError::Private),
        Some(_) => return Err(KeyError::NotAKey),
        None => decode(text)
            .and_then(|bytes| VerifyingKey::try_from(bytes.as_slice()).ok())
            .ok_or(KeyError::NotAKey)?,
    };
    // Its signatures are refused in any case; better to say so where the key is given.
    match key.is_weak() {
        true => Err(KeyError::Weak),
        false => Ok(key),
    }
}

/// Reads a private key: PEM as `openssl genpkey -algorithm ed25519` writes it.
///
/// # Errors
///
/// The text is no such key.
pub fn signing_key(text: &str) -> Result<SigningKey, KeyError> {
    let text = text.trim();
    match label(text) {
        Some("PRIVATE KEY") => SigningKey::from_pkcs8_pem(text).map_err(|error| match error {
            pkcs8::Error::PublicKey(spki::Error::OidUnknown { .. }) => KeyError::OtherAlgorithm,
            error => KeyError::PrivatePem(error),
        }),
        Some("ENCRYPTED PRIVATE KEY") => Err(KeyError::Encrypted),
        Some("PUBLIC KEY") => Err(KeyError::Public),
        Some(label) if label.ends_with("PRIVATE KEY") => Err(KeyError::OtherAlgorithm),
        // Not 32 bytes in base64: nobody could tell them from a public key.
        _ => Err(KeyError::NotAPrivateKey),
    }
}

/// What a PEM text says it is.
fn label(text: &str) -> Option<&str> {
    let (label, _) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    Some(label)
}

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM and not 32 bytes in base64.
    #[error("this is no public key")]
    NotAKey,
    /// Not PEM.
    #[error("this is no private key")]
    NotAPrivateKey,
    /// A private key where a public one belongs.
    #[error("this is a private key")]
    Private,
    /// A public key where a private one is needed.
    #[error("this is a public key")]
    Public,
    /// It needs a passphrase.
    #[error("this key is encrypted")]
    Encrypted,
    /// RSA, for example.
    #[error("this is a key, but not of ed25519")]
    OtherAlgorithm,
    /// The PEM text is damaged.
    #[error("this public key is damaged")]
    PublicPem(#[source] spki::Error),
    /// The PEM text is damaged.
    #[error("this private key is damaged")]
    PrivatePem(#[source] pkcs8::Error),
    /// A key of small order: everybody can make signatures that fit.
    #[error("everybody can sign for this key")]
    Weak,
}

impl KeyError {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NotAKey | Self::PublicPem(_) => {
                "expected what `openssl pkey -in KEY -pubout` writes, or its 32 bytes in base64"
            }
            Self::Private => {
                "keep it where statements are signed; here belongs what `openssl pkey -in KEY \
                 -pubout` makes of it"
            }
            Self::Encrypted => "decrypt it for this one use: `openssl pkey -in KEY`",
            Self::Weak | Self::OtherAlgorithm | Self::NotAPrivateKey | Self::PrivatePem(_) => {
                "`openssl genpkey -algorithm ed25519 -out KEY` makes one"
            }
            Self::Public => "signing needs the private key that belongs to it",
        }
    }
}
