//! DSSE envelopes: <https://github.com/secure-systems-lab/dsse/blob/master/envelope.md>.

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;

use super::{EnvelopeFault, PAYLOAD_TYPE, SignatureError};

/// An envelope with a payload of our type, its signatures not checked.
pub(super) struct Envelope {
    pub(super) payload: Vec<u8>,
    signatures: Vec<(String, Vec<u8>)>,
}

/// As it is written. What else it has is ignored: the specification asks for that.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    payload: String,
    payload_type: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Deserialize)]
struct WrittenSignature {
    #[serde(default)]
    keyid: Option<String>,
    sig: String,
}

impl Envelope {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SignatureError> {
        let envelope = |fault| SignatureError::NotAnEnvelope { source: fault };
        if bytes.len() > LIMIT {
            return Err(envelope(EnvelopeFault::TooLarge { limit: LIMIT }));
        }
        if !is_object(bytes) {
            return Err(envelope(EnvelopeFault::NotAnObject));
        }
        let written: Written =
            serde_json::from_slice(bytes).map_err(|error| envelope(EnvelopeFault::Json(error)))?;
        if written.payload_type != PAYLOAD_TYPE {
            return Err(SignatureError::PayloadType {
                found: written.payload_type,
            });
        }
        Self::decode(written).map_err(envelope)
    }

    fn decode(written: Written) -> Result<Self, EnvelopeFault> {
        if written.signatures.len() > SIGNATURES {
            return Err(EnvelopeFault::TooManySignatures { limit: SIGNATURES });
        }
        let signatures = written.signatures.into_iter().map(|signature| {
            let bytes = decode(&signature.sig).ok_or(EnvelopeFault::SignatureEncoding)?;
            Ok((signature.keyid.unwrap_or_default(), bytes))
        });
        Ok(Self {
            payload: decode(&written.payload).ok_or(EnvelopeFault::PayloadEncoding)?,
            signatures: signatures.collect::<Result<_, _>>()?,
        })
    }

    /// The bytes a signature is over.
    pub(super) fn signed(&self) -> Vec<u8> {
        pae(PAYLOAD_TYPE, &self.payload)
    }

    /// Whether one of the signatures over these bytes is of that key. One of another length is
    /// somebody else's algorithm.
    pub(super) fn is_signed_by(&self, key: &VerifyingKey, signed: &[u8]) -> bool {
        self.signatures.iter().any(|(_, signature)| {
            Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(signed, &signature).is_ok())
        })
    }

    /// What the signatures call their keys, for a message.
    pub(super) fn key_ids(&self) -> Vec<String> {
        let ids = self.signatures.iter().map(|(id, _)| id);
        ids.filter(|id| !id.is_empty()).cloned().collect()
    }
}

/// DSSE's pre-authentication encoding: what is signed in place of the payload, so that nobody can
/// take a signature for one of another type.
pub(super) fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut encoded = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    encoded.extend_from_slice(payload);
    encoded
}

/// Whether JSON is an object: a reader of structures takes a list for one.
pub(super) fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{')
}

/// Reads base64 of either alphabet, as the specification asks, with or without padding.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = match text.contains(['-', '_']) {
        true => URL_SAFE,
        false => STANDARD,
    };
    GeneralPurpose::new(&alphabet, config).decode(text).ok()
}

/// A statement has a few hundred bytes.
const LIMIT: usize = 64 << 10;

/// Each is tried with every key: enough for a committee, too few to keep us busy.
const SIGNATURES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pae_is_that_of_the_specification() {
        // protocol.md, and `non-ascii-payload-type` and `empty-payload` of testvectors/vectors.json.
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(
            pae("application/vnd.ex\u{e4}mple+json", b"{}"),
            "DSSEv1 29 application/vnd.ex\u{e4}mple+json 2 {}".as_bytes()
        );
        assert_eq!(
            pae("application/vnd.in-toto+json", b""),
            b"DSSEv1 28 application/vnd.in-toto+json 0 "
        );
    }

    #[test]
    fn a_signature_of_the_specification_is_one_over_its_pae() {
        // Key `A` and `empty-payload` of testvectors/vectors.json.
        let key = decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").unwrap();
        let key = VerifyingKey::try_from(key.as_slice()).unwrap();
        let signature = decode(
            "gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg==",
        );
        let envelope = Envelope {
            payload: Vec::new(),
            signatures: vec![(String::new(), signature.unwrap())],
        };
        let signed = pae("application/vnd.in-toto+json", b"");
        assert!(envelope.is_signed_by(&key, &signed));
        assert!(!envelope.is_signed_by(&key, &pae("application/vnd.in-toto+json", b" ")));
        assert!(!envelope.is_signed_by(&key, &envelope.signed()));
    }

    #[test]
    fn both_alphabets_say_the_same() {
        let bytes = Some(vec![0xfb, 0xff, 0xbf, 0x3e, 0x3f]);
        for text in ["-_-_Pj8=", "+/+/Pj8=", "-_-_Pj8", "+/+/Pj8"] {
            assert_eq!(decode(text), bytes, "{text}");
        }
        for text in [
            "+_-_Pj8=",
            "+/+/Pj9=",
            "+/+/Pj8==",
            "+/+/ Pj8=",
            "+/+/Pj8=\n",
            "+",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
