//! Each thing that is wrong has its error, and the first of several is told.

use std::error::Error;

use super::{
    Accepted, Digest, GOLDEN, Presented, STANDARD, SignatureError, Signers, Statement, Value,
    accepted, at, check, check_with, envelope, json, key, release_key, sign, signer, signers,
    statement,
};
use base64::Engine as _;
use signalbox_swap::{EnvelopeFault, PAYLOAD_TYPE};

/// Presents a signed statement, and the newest accepted one.
fn told(statement: &Statement, last: Option<(u64, &[u8])>) -> SignatureError {
    let last = last.map(|(serial, component)| Accepted {
        serial,
        digest: Digest::of(component),
    });
    let envelope = sign(&release_key(), "release", statement);
    check_with(&signers(), &envelope, last).unwrap_err()
}

#[test]
fn what_is_wrong_first_is_told_first() {
    // Everything is wrong; then one thing after the other is put right.
    let mut wrong = Statement {
        digest: Digest::of(b"other"),
        policy: "other".to_owned(),
        serial: 3,
        not_after: at("2026-11-22T17:59:59Z"),
        environments: Some(["staging".to_owned()].into()),
    };
    let last: Option<(u64, &[u8])> = Some((7, b"third"));
    let by = |signers: &Signers, wrong: &Statement| {
        let envelope = sign(&key(1), "other", wrong);
        check_with(signers, &envelope, None)
            .unwrap_err()
            .to_string()
    };
    let release = || signer("release", &release_key(), &["*"]);
    assert_eq!(
        by(&Signers::new(true, vec![release()]), &wrong),
        "nobody known signed the statement; its signatures name the keys `other`"
    );
    assert_eq!(
        by(&signers(), &wrong),
        "`other` signed the statement, and may not sign for policy `default`"
    );
    let [stated, found] = [b"other".as_slice(), b"component"].map(Digest::of);
    assert_eq!(
        told(&wrong, last).to_string(),
        format!("the statement is about component {stated}, and this one is {found}")
    );
    wrong.digest = found;
    assert_eq!(
        told(&wrong, last).to_string(),
        "the statement is for policy `other`, and this is policy `default`"
    );
    wrong.policy = "default".to_owned();
    assert_eq!(
        told(&wrong, last).to_string(),
        "the statement is for environment `staging`, and this host is in none"
    );
    wrong.environments = None;
    assert_eq!(
        told(&wrong, last).to_string(),
        "the statement ended at 2026-11-22T17:59:59Z, and it is 2026-11-22T18:00:00Z"
    );
    // Its last moment is not over yet.
    wrong.not_after = at("2026-11-22T18:00:00Z");
    assert_eq!(
        told(&wrong, last).to_string(),
        "the statement's serial is 3, and 7 was accepted already"
    );
    wrong.serial = 7;
    assert_eq!(
        told(&wrong, last).to_string(),
        format!(
            "serial 7 was already used for component {}",
            Digest::of(b"third")
        )
    );
    assert_eq!(
        told(&wrong, last).help(),
        "sign it again with a serial of at least 8"
    );
    wrong.serial = 8;
    let last = Accepted {
        serial: 7,
        digest: Digest::of(b"third"),
    };
    let envelope = sign(&release_key(), "release", &wrong);
    assert!(check_with(&signers(), &envelope, Some(last)).is_ok());
}

#[test]
fn sending_the_same_again_is_fine() {
    let last = Some(accepted().accepted);
    let again = check_with(&signers(), GOLDEN.as_bytes(), last);
    assert_eq!(again.unwrap(), Some(accepted()));
}

#[test]
fn a_signer_signs_for_the_policies_they_may_alone() {
    let one = Statement {
        policy: "editors".to_owned(),
        ..statement()
    };
    let envelope = sign(&key(1), "other", &one);
    let present = |policy| {
        signers().check(&Presented {
            policy,
            digest: &one.digest,
            statement: Some(&envelope),
            last: None,
            now: at("2026-11-22T18:00:00Z"),
        })
    };
    assert_eq!(present("editors").unwrap().unwrap().signer, "other");
    for policy in ["default", "editor", "editors2", ""] {
        let error = present(policy).unwrap_err();
        assert!(
            matches!(&error, SignatureError::MayNotSign { signer, .. } if signer == "other"),
            "{error}"
        );
    }
}

#[test]
fn what_is_no_envelope_is_told_from_what_is_signed_by_nobody() {
    let fault = |text: &str| match check(text.as_bytes()).unwrap_err() {
        SignatureError::NotAnEnvelope { source } => source,
        error => panic!("{text}: {error}"),
    };
    for text in ["", "[]", "null", "\"e30=\"", "DSSEv1", "\u{feff}{}"] {
        assert!(matches!(fault(text), EnvelopeFault::NotAnObject), "{text}");
    }
    let twice = GOLDEN.replacen("{\"payloadType\"", "{\"payload\": \"\", \"payloadType\"", 1);
    let more = format!("{GOLDEN}{GOLDEN}");
    for text in [
        "{}",
        "{",
        &twice,
        &more,
        &GOLDEN.replace("\"sig\"", "\"sign\""),
    ] {
        assert!(matches!(fault(text), EnvelopeFault::Json(_)), "{text}");
    }
    assert!(matches!(
        fault(&GOLDEN.replace("Q==\"", "Q==?\"")),
        EnvelopeFault::SignatureEncoding
    ));
    assert!(matches!(
        fault(&GOLDEN.replace("\"eyJ", "\"!eyJ")),
        EnvelopeFault::PayloadEncoding
    ));
    let long = GOLDEN.replace("release", &"r".repeat(70_000));
    assert!(matches!(fault(&long), EnvelopeFault::TooLarge { .. }));
    let mut golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let one = golden["signatures"][0].clone();
    golden["signatures"] = vec![one; 17].into();
    assert!(matches!(
        fault(&golden.to_string()),
        EnvelopeFault::TooManySignatures { limit: 16 }
    ));
    golden["signatures"] = json!([]);
    let error = check(golden.to_string().as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nobody known signed the statement; no signature names its key"
    );
}

#[test]
fn what_others_wrote_is_shown_short_and_on_one_line() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let payload = STANDARD
        .decode(golden["payload"].as_str().unwrap())
        .unwrap();
    let kind = format!("x\n\u{1b}[31m{}", "y".repeat(1000));
    let by_type = envelope(&key(3), &kind, &payload);
    let mut by_id = envelope(&key(3), PAYLOAD_TYPE, &payload);
    by_id["signatures"][0]["keyid"] = kind.into();
    for other in [by_type, by_id] {
        let error = check(other.to_string().as_bytes()).unwrap_err();
        let told = error.to_string();
        assert!(told.len() < 200, "{told}");
        assert!(!told.contains(|char: char| char.is_control()), "{told}");
    }
}

#[test]
fn every_error_says_what_to_do() {
    let errors = [
        check(b"").unwrap_err(),
        check(b"{}").unwrap_err(),
        check(envelope(&key(3), PAYLOAD_TYPE, b"").to_string().as_bytes()).unwrap_err(),
        check(
            envelope(&release_key(), PAYLOAD_TYPE, b"{}")
                .to_string()
                .as_bytes(),
        )
        .unwrap_err(),
        check(envelope(&key(3), "text/plain", b"").to_string().as_bytes()).unwrap_err(),
    ];
    for error in &errors {
        let (told, help) = (error.to_string(), error.help());
        assert!(!help.is_empty() && !help.ends_with('.'), "{help}");
        assert!(told.starts_with(char::is_lowercase), "{told}");
        // This level alone: the cause is told by itself.
        if let Some(cause) = error.source() {
            assert!(!told.contains(&cause.to_string()), "{told}");
        }
    }
    assert!(errors[2].help().contains("one of: other, release"));
}
