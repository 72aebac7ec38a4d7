//! What a signed statement lets serve, and what it does not.
//!
//! The files under `golden/` were made with OpenSSL 3.0, once:
//!
//! ```text
//! openssl genpkey -algorithm ed25519 -out signer.pem
//! openssl pkey -in signer.pem -pubout -out signer.pub.pem
//! openssl genpkey -algorithm ed25519 | openssl pkcs8 -topk8 -passout pass:test -out encrypted.pem
//! openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem
//! openssl pkey -in p256.pem -pubout -out p256.pub.pem
//! # payload: {"digest": "SHA-256 of `component`", "policy": "default", "serial": 7, "not_after": "2027-06-30T00:00:00Z"}
//! # pae:     printf 'DSSEv1 40 application/vnd.signalbox.statement+json LENGTH ' and the payload
//! openssl pkeyutl -sign -rawin -inkey signer.pem -in pae -out sig
//! # statement.json: the payload and sig through `base64 -w0`, in an envelope
//! ```

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use signalbox_runtime::Digest;
use signalbox_swap::{
    Accepted, Presented, SignatureError, Signed, Signer, Signers, SigningKey, SignsFor, Statement,
    sign, signing_key,
};

mod changed;
mod environments;
mod keys;
mod order;

const GOLDEN: &str = include_str!("golden/statement.json");

/// The key the golden envelope was signed with.
fn release_key() -> SigningKey {
    signing_key(include_str!("golden/signer.pem")).unwrap()
}

/// Keys that are in no file.
fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn signer(id: &str, key: &SigningKey, policies: &[&str]) -> Signer {
    let names: BTreeSet<String> = policies.iter().map(|&name| name.to_owned()).collect();
    Signer {
        id: id.to_owned(),
        key: key.verifying_key(),
        policies: match policies {
            ["*"] => SignsFor::All,
            _ => SignsFor::Only(names),
        },
    }
}

fn signers() -> Signers {
    let others = signer("other", &key(1), &["editors"]);
    let release = signer("release", &release_key(), &["*"]);
    Signers::new(true, vec![others, release])
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// What the golden statement says.
fn statement() -> Statement {
    Statement {
        digest: Digest::of(b"component"),
        policy: "default".to_owned(),
        serial: 7,
        not_after: at("2027-06-30T00:00:00Z"),
        environments: None,
    }
}

/// Presents an envelope for the component and the policy it was made for.
fn check_with(
    signers: &Signers,
    envelope: &[u8],
    last: Option<Accepted>,
) -> Result<Option<Signed>, SignatureError> {
    signers.check(&Presented {
        policy: "default",
        digest: &Digest::of(b"component"),
        statement: Some(envelope),
        last: last.as_ref(),
        now: at("2026-11-22T18:00:00Z"),
    })
}

fn check(envelope: &[u8]) -> Result<Option<Signed>, SignatureError> {
    check_with(&signers(), envelope, None)
}

fn accepted() -> Signed {
    Signed {
        signer: "release".to_owned(),
        accepted: Accepted {
            serial: 7,
            digest: Digest::of(b"component"),
        },
        not_after: at("2027-06-30T00:00:00Z"),
    }
}

/// Signs any payload of any type, as `sign` does with statements.
fn envelope(key: &SigningKey, payload_type: &str, payload: &[u8]) -> Value {
    use ed25519_dalek::Signer as _;
    let mut pae = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    pae.extend_from_slice(payload);
    json!({
        "payload": STANDARD.encode(payload),
        "payloadType": payload_type,
        "signatures": [{"sig": STANDARD.encode(key.sign(&pae).to_bytes())}],
    })
}

#[test]
fn what_openssl_signed_is_accepted() {
    assert_eq!(check(GOLDEN.as_bytes()).unwrap(), Some(accepted()));
}

#[test]
fn what_is_signed_here_is_accepted_and_says_what_openssl_signed() {
    let envelope = sign(&release_key(), "release", &statement());
    assert_eq!(check(&envelope).unwrap(), Some(accepted()));
    let payload = |envelope: &[u8]| -> Value {
        let envelope: Value = serde_json::from_slice(envelope).unwrap();
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap());
        serde_json::from_slice(&payload.unwrap()).unwrap()
    };
    assert_eq!(payload(&envelope), payload(GOLDEN.as_bytes()));
}

#[test]
fn a_name_that_needs_escapes_is_signed_and_read() {
    let policy = "a \"b\" \u{1f6a6}\n";
    let odd = Statement {
        policy: policy.to_owned(),
        serial: u64::MAX,
        ..statement()
    };
    let signed = signers().check(&Presented {
        policy,
        digest: &odd.digest,
        statement: Some(&sign(&release_key(), "", &odd)),
        last: None,
        now: odd.not_after,
    });
    assert_eq!(signed.unwrap().unwrap().accepted.serial, u64::MAX);
}

#[test]
fn without_a_statement_it_depends_on_whether_one_is_required() {
    let presented = Presented {
        policy: "default",
        digest: &Digest::of(b"component"),
        statement: None,
        last: Some(&accepted().accepted),
        now: at("2026-11-22T18:00:00Z"),
    };
    assert_eq!(Signers::default().check(&presented).unwrap(), None);
    assert!(!Signers::default().is_required());
    let error = signers().check(&presented).unwrap_err();
    assert_eq!(
        error.to_string(),
        "policy `default` needs a signed statement, and none came with the component"
    );
    assert!(error.help().contains("signalbox sign"));
}

#[test]
fn a_wrong_statement_is_refused_where_none_is_required() {
    let lax = Signers::new(false, vec![signer("release", &release_key(), &["*"])]);
    assert!(check_with(&lax, GOLDEN.as_bytes(), None).is_ok());
    let later = Accepted {
        serial: 8,
        digest: Digest::of(b"component"),
    };
    assert!(check_with(&lax, GOLDEN.as_bytes(), Some(later)).is_err());
    assert!(check_with(&lax, b"", None).is_err());
    let error = check_with(&Signers::default(), GOLDEN.as_bytes(), None).unwrap_err();
    assert!(matches!(error, SignatureError::NoKnownSigner { .. }));
    assert!(error.help().contains("names nobody"));
}

#[test]
fn one_signature_of_several_is_enough() {
    let payload = STANDARD.encode(r#"{"digest":"x"}"#);
    let mut golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let good = golden["signatures"][0].clone();
    // Of nobody; of another algorithm; of somebody who may not sign for this policy; nothing.
    let other = STANDARD
        .decode(golden["payload"].as_str().unwrap())
        .unwrap();
    let kind = golden["payloadType"].as_str().unwrap().to_owned();
    golden["signatures"] = json!([
        envelope(&key(9), &kind, &other)["signatures"][0],
        {"keyid": "p256", "sig": STANDARD.encode([0x30; 71])},
        envelope(&key(1), &kind, &other)["signatures"][0],
        {"keyid": null, "sig": payload},
        {"keyid": "release", "sig": ""},
        good,
    ]);
    assert_eq!(
        check(golden.to_string().as_bytes()).unwrap(),
        Some(accepted())
    );
    // The key's name is a hint that nobody signed.
    golden["signatures"] = json!([{"keyid": "somebody else", "sig": good["sig"]}]);
    assert_eq!(
        check(golden.to_string().as_bytes()).unwrap(),
        Some(accepted())
    );
}

#[test]
fn the_url_safe_alphabet_and_more_fields_are_read() {
    let mut golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let url_safe = |text: &Value| {
        let text = text.as_str().unwrap().replace('+', "-").replace('/', "_");
        Value::from(text.trim_end_matches('=').to_owned())
    };
    golden["payload"] = url_safe(&golden["payload"]);
    golden["signatures"][0]["sig"] = url_safe(&golden["signatures"][0]["sig"]);
    golden["signatures"][0]["cert"] = json!("ignored");
    golden["extension"] = json!({"payload": "ignored"});
    assert_eq!(
        check(golden.to_string().as_bytes()).unwrap(),
        Some(accepted())
    );
}
