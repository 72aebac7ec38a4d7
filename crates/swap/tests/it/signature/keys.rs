//! Keys are read as openssl writes them, and nothing else is taken for one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use signalbox_swap::{KeyError, signing_key, verifying_key};

const PRIVATE: &str = include_str!("../golden/signer.pem");
const PUBLIC: &str = include_str!("../golden/signer.pub.pem");
const ENCRYPTED: &str = include_str!("../golden/encrypted.pem");
const P256: &str = include_str!("../golden/p256.pem");
const P256_PUBLIC: &str = include_str!("../golden/p256.pub.pem");
/// `openssl pkey -in signer.pem -pubout -outform DER | tail -c 32 | base64`
const BYTES: &str = "EjmZAYXkqvuzpJEEFfDxMh77ryFN2c3sUMhewpU0C3E=";

#[test]
fn the_ways_to_write_a_key_are_the_same_key() {
    let key = signing_key(PRIVATE).unwrap().verifying_key();
    let windows = PUBLIC.replace('\n', "\r\n");
    for text in [PUBLIC, BYTES, &format!("  {BYTES}\n"), &windows] {
        assert_eq!(verifying_key(text), Ok(key), "{text}");
    }
    assert_eq!(STANDARD.encode(key.as_bytes()), BYTES);
}

#[test]
fn what_is_no_key_is_said_to_be_what_it_is() {
    for (text, expected) in [
        ("", KeyError::NotAKey),
        ("hello", KeyError::NotAKey),
        (
            "EjmZAYXkqvuzpJEEFfDxMh77ryFN2c3sUMhewpU0",
            KeyError::NotAKey,
        ),
        (P256_PUBLIC, KeyError::OtherAlgorithm),
        (PRIVATE, KeyError::Private),
        (ENCRYPTED, KeyError::Private),
        (P256, KeyError::Private),
        ("-----BEGIN CERTIFICATE-----", KeyError::NotAKey),
    ] {
        assert_eq!(verifying_key(text), Err(expected), "{text}");
    }
    for (text, expected) in [
        ("", KeyError::NotAPrivateKey),
        (BYTES, KeyError::NotAPrivateKey),
        (PUBLIC, KeyError::Public),
        (ENCRYPTED, KeyError::Encrypted),
        (P256, KeyError::OtherAlgorithm),
        ("-----BEGIN EC PRIVATE KEY-----", KeyError::OtherAlgorithm),
    ] {
        assert_eq!(signing_key(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn a_damaged_file_is_said_to_be_damaged() {
    let cut = |text: &str| text.replace("-----END", "----END");
    assert!(matches!(
        verifying_key(&cut(PUBLIC)),
        Err(KeyError::PublicPem(_))
    ));
    assert!(matches!(
        signing_key(&cut(PRIVATE)),
        Err(KeyError::PrivatePem(_))
    ));
}

#[test]
fn a_key_everybody_can_sign_for_is_refused() {
    // The neutral element, and zero: both of small order.
    let mut one = [0; 32];
    one[0] = 1;
    for bytes in [one, [0; 32]] {
        assert_eq!(verifying_key(&STANDARD.encode(bytes)), Err(KeyError::Weak));
    }
}

#[test]
fn no_message_tells_a_private_key() {
    for text in [PRIVATE, P256, ENCRYPTED] {
        let error = verifying_key(text).unwrap_err();
        let told = format!("{error} {error:?} {}", error.help());
        for line in text.lines() {
            assert!(!told.contains(line), "{told}");
        }
    }
}
