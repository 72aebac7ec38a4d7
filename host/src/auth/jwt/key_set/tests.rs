//! Tests of key sets: what is a key, and what is none.

use serde_json::json;

use super::*;

/// RFC 8037's key.
pub(crate) const SET: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn read(keys: &Value) -> Result<KeySet, KeySetProblem> {
    let text = json!({"keys": keys}).to_string();
    KeySet::read(
        text.as_bytes(),
        &JwtAlgorithm::ALL,
        None,
        Timestamp::UNIX_EPOCH,
    )
}

fn rsa(bytes: usize, more: &Value) -> Value {
    let mut key =
        json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(vec![0xff; bytes]), "e": "AQAB"});
    let more = more.as_object().unwrap().clone();
    key.as_object_mut().unwrap().extend(more);
    key
}

#[test]
fn what_is_no_set_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"keys": {}}"#,
        r#"{"keys": [], "keys": []}"#,
        "<html>",
    ] {
        let read = KeySet::read(
            text.as_bytes(),
            &JwtAlgorithm::ALL,
            None,
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(read.unwrap_err(), KeySetProblem::Syntax, "{text}");
    }
    let many = vec![rsa(256, &json!({})); 101];
    assert_eq!(read(&json!(many)).unwrap_err(), KeySetProblem::TooMany);
    let twins = json!([
        rsa(256, &json!({"kid": "a"})),
        rsa(257, &json!({"kid": "a"}))
    ]);
    assert_eq!(read(&twins).unwrap_err(), KeySetProblem::SameKid);
    assert_eq!(read(&json!([])).unwrap_err(), KeySetProblem::NoKey);
}

#[test]
fn what_may_not_check_signatures_is_no_key() {
    let point = URL_SAFE_NO_PAD.encode([1; 32]);
    for key in [
        json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
        rsa(255, &json!({})),
        rsa(513, &json!({})),
        rsa(256, &json!({"e": "AA"})),
        rsa(256, &json!({"e": "AQ"})),
        rsa(256, &json!({"use": "enc"})),
        rsa(256, &json!({"use": 1})),
        rsa(256, &json!({"key_ops": ["encrypt"]})),
        rsa(256, &json!({"alg": "HS256"})),
        rsa(256, &json!({"alg": "none"})),
        rsa(256, &json!({"alg": "ES256"})),
        rsa(256, &json!({"alg": "RSA-OAEP"})),
        rsa(256, &json!({"kid": 7})),
        rsa(256, &json!({"n": "not base64!"})),
        json!({"kty": "EC", "crv": "P-256", "x": point, "y": point, "alg": "ES384"}),
        json!({"kty": "EC", "crv": "P-384", "x": point, "y": point}),
        json!({"kty": "EC", "crv": "secp256k1", "x": point, "y": point}),
        json!({"kty": "OKP", "crv": "X25519", "x": point}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
        json!("key"),
    ] {
        assert_eq!(
            read(&json!([key])).unwrap_err(),
            KeySetProblem::NoKey,
            "{key}"
        );
    }
    for (key, algorithm) in [
        (rsa(256, &json!({})), JwtAlgorithm::Rs256),
        (
            rsa(512, &json!({"alg": "PS384", "key_ops": ["verify"]})),
            JwtAlgorithm::Ps384,
        ),
        (
            json!({"kty": "EC", "crv": "P-256", "x": point, "y": point}),
            JwtAlgorithm::Es256,
        ),
    ] {
        let set = read(&json!([key, "and what else there is"])).unwrap();
        assert_eq!(set.signer(None).unwrap().algorithm, algorithm, "{key}");
    }
}

#[test]
fn an_algorithm_that_is_not_allowed_is_no_key() {
    let read = |allowed: &[JwtAlgorithm]| {
        KeySet::read(SET.as_bytes(), allowed, None, Timestamp::UNIX_EPOCH).map(|set| set.len())
    };
    assert_eq!(read(&[JwtAlgorithm::EdDsa]), Ok(1));
    assert_eq!(read(&[JwtAlgorithm::Rs256]), Err(KeySetProblem::NoKey));
}

#[test]
fn keys_stay_or_end_with_their_set() {
    let (a, b) = (
        rsa(256, &json!({"kid": "a"})),
        rsa(256, &json!({"kid": "b"})),
    );
    let first = read(&json!([a, b])).unwrap();
    let text = json!({"keys": [b, rsa(257, &json!({"kid": "a"}))]}).to_string();
    let now = Timestamp::UNIX_EPOCH;
    let next = KeySet::read(text.as_bytes(), &JwtAlgorithm::ALL, Some(&first), now).unwrap();
    first.give_way_to(&next);
    let in_use = |set: &KeySet, kid: &str| set.signer(Some(kid)).map(|signer| signer.is_in_use());
    assert_eq!(in_use(&first, "a"), Some(false), "the name is not the key");
    assert_eq!(in_use(&first, "b"), Some(true));
    assert_eq!([in_use(&next, "a"), in_use(&next, "b")], [Some(true); 2]);
    assert_eq!(in_use(&next, "c"), None);
    assert!(next.signer(None).is_none(), "one of two would be a guess");
}
