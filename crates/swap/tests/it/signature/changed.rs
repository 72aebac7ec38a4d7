//! Whatever is changed after signing, it is refused.

use proptest::{prelude::*, sample::Index};

use super::{
    GOLDEN, STANDARD, SignatureError, Value, accepted, check, envelope, release_key, statement,
};
use base64::Engine as _;

/// The golden envelope with one field replaced.
fn with(field: &str, value: String) -> Vec<u8> {
    let mut golden: Value = serde_json::from_str(GOLDEN).unwrap();
    *golden.pointer_mut(field).unwrap() = value.into();
    golden.to_string().into_bytes()
}

fn bytes_of(field: &str) -> Vec<u8> {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let text = golden.pointer(field).unwrap().as_str().unwrap();
    STANDARD.decode(text).unwrap()
}

const KIND: &str = "application/vnd.signalbox.statement+json";

proptest! {
    #[test]
    fn no_byte_of_payload_or_signature_can_be_changed(
        field in prop_oneof![Just("/payload"), Just("/signatures/0/sig")],
        place: Index,
        change in 1_u8..,
    ) {
        let mut bytes = bytes_of(field);
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        let error = check(&with(field, STANDARD.encode(bytes))).unwrap_err();
        let is_unsigned = matches!(error, SignatureError::NoKnownSigner { .. });
        prop_assert!(is_unsigned, "{error}");
    }

    #[test]
    fn no_bytes_can_be_cut_or_added(
        field in prop_oneof![Just("/payload"), Just("/signatures/0/sig")],
        length: Index,
        more in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let bytes = bytes_of(field);
        let cut = &bytes[..length.index(bytes.len())];
        prop_assert!(check(&with(field, STANDARD.encode(cut))).is_err());
        prop_assert!(check(&with(field, STANDARD.encode([bytes, more].concat()))).is_err());
    }

    #[test]
    fn another_type_is_refused_however_it_is_signed(place: Index, other in any::<char>()) {
        let mut kind: Vec<char> = KIND.chars().collect();
        let place = place.index(kind.len());
        prop_assume!(kind[place] != other);
        kind[place] = other;
        let kind: String = kind.into_iter().collect();
        let error = check(&with("/payloadType", kind.clone())).unwrap_err();
        let is_type = matches!(error, SignatureError::PayloadType { .. });
        prop_assert!(is_type, "{error}");
        // Also if somebody known signed it as that.
        let signed = envelope(&release_key(), &kind, &bytes_of("/payload")).to_string();
        prop_assert!(check(signed.as_bytes()).is_err());
    }

    /// A space, or a key's name, may change without changing what is said; nothing else.
    #[test]
    fn a_changed_envelope_is_refused_or_says_the_same(place: Index, byte: u8) {
        let mut text = GOLDEN.as_bytes().to_vec();
        let place = place.index(text.len());
        text[place] = byte;
        if let Ok(signed) = check(&text) {
            prop_assert_eq!(signed, Some(accepted()));
        }
    }

    #[test]
    fn anything_at_all_is_refused_and_no_more(bytes: Vec<u8>, text in "\\PC{0,99}") {
        prop_assert!(check(&bytes).is_err());
        prop_assert!(check(text.as_bytes()).is_err());
        let object = format!("{{{text}}}");
        prop_assert!(check(object.as_bytes()).is_err());
    }
}

#[test]
fn a_signature_for_another_type_does_not_count_for_this_one() {
    let payload = bytes_of("/payload");
    let mut other = envelope(&release_key(), "application/vnd.in-toto+json", &payload);
    other["payloadType"] = KIND.into();
    let error = check(other.to_string().as_bytes()).unwrap_err();
    assert!(
        matches!(error, SignatureError::NoKnownSigner { .. }),
        "{error}"
    );
}

#[test]
fn what_is_signed_and_no_statement_is_refused() {
    let whole = String::from_utf8(bytes_of("/payload")).unwrap();
    let digest = statement().digest;
    for payload in [
        String::new(),
        "{}".to_owned(),
        whole.replace("7,", "7, \"serial\": 8,"),
        whole.replace("7,", "7, \"force\": true,"),
        whole.replace("7,", "7, \"environments\": null,"),
        whole.replace("7,", "7, \"environments\": \"staging\","),
        whole.replace("7,", "-7,"),
        whole.replace("7,", "7.0,"),
        whole.replace("7,", "\"7\","),
        whole.replace("7,", "18446744073709551616,"),
        whole.replace("2027-06-30T00:00:00Z", "2027-06-30"),
        whole.replace("2027-06-30T00:00:00Z", "never"),
        whole.replace(&digest.to_string(), &digest.to_string()[2..]),
        format!("[\"{digest}\", \"default\", 7, \"2027-06-30T00:00:00Z\"]"),
        format!("{whole} {whole}"),
    ] {
        assert_ne!(payload, whole);
        let signed = envelope(&release_key(), KIND, payload.as_bytes()).to_string();
        let error = check(signed.as_bytes()).unwrap_err();
        assert!(
            matches!(error, SignatureError::NotAStatement { .. }),
            "{payload}: {error}"
        );
    }
    let signed = envelope(&release_key(), KIND, whole.as_bytes()).to_string();
    assert_eq!(check(signed.as_bytes()).unwrap(), Some(accepted()));
}
