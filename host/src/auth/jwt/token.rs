//! A JWT taken apart. Nothing in it is believed here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Refused, object};

/// A token in its parts.
#[derive(Debug)]
pub(super) struct Token {
    /// The key it says it was signed with.
    pub(super) kid: Option<String>,
    /// How it says it was signed. Only compared with what the key is for.
    pub(super) algorithm: String,
    pub(super) claims: Map<String, Value>,
}

impl Token {
    pub(super) fn read(token: &str) -> Result<Self, Refused> {
        if token.len() > LARGEST {
            return Err(Refused::TooLarge);
        }
        let (message, _signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
        let (head, claims) = message.split_once('.').ok_or(Refused::Malformed)?;
        let head = part(head)?;
        // `b64` changes what is signed; whoever writes it has to call it critical, and may forget.
        if head.contains_key("crit") || head.contains_key("b64") {
            return Err(Refused::Critical);
        }
        let kid = match head.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(Refused::Malformed),
        };
        let Some(Value::String(algorithm)) = head.get("alg") else {
            return Err(Refused::Algorithm);
        };
        Ok(Self {
            kid,
            algorithm: algorithm.clone(),
            claims: part(claims)?,
        })
    }

    /// Who says they signed it.
    pub(super) fn issuer(&self) -> Result<&str, Refused> {
        match self.claims.get("iss") {
            Some(Value::String(issuer)) => Ok(issuer),
            _ => Err(Refused::Issuer),
        }
    }
}

fn part(text: &str) -> Result<Map<String, Value>, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(text);
    bytes
        .ok()
        .and_then(|bytes| object::read(&bytes))
        .ok_or(Refused::Malformed)
}

/// Tokens with the groups of a large organisation have a few KiB; many servers take no more in a
/// header.
const LARGEST: usize = 8 << 10;
