//! What a body says it is.

use crate::refusal::{Code, Refusal};

/// Checks that the headers of a request announce one plain JSON body.
///
/// `content_types` and `encodings` are the values of `content-type` and `content-encoding`, one per
/// header line. There must be exactly one type, `application/json`, with no parameter but one
/// `charset=utf-8`. Any `content-encoding` is refused, `identity` too: it changes nothing, and two
/// readers of one request must not differ about what it changes.
///
/// # Errors
/// `unsupported_media_type`, saying what to send instead.
pub fn check_json(content_types: &[&[u8]], encodings: &[&[u8]]) -> Result<(), Refusal> {
    let refuse = |message| Err(Refusal::new(Code::UnsupportedMediaType, message));
    check_encoding(encodings)?;
    match content_types {
        [] => refuse("The body has no type. Send `content-type: application/json`."),
        [one] if is_json(one) => Ok(()),
        [_] => refuse(
            "This route takes `content-type: application/json`, with no parameter but `charset=utf-8`.",
        ),
        _ => refuse("The request has more than one `content-type`. Send `application/json` once."),
    }
}

/// Checks what announces a body that nobody reads here: not encoded, see [`check_json`], and of at
/// most one type.
///
/// # Errors
/// `unsupported_media_type`.
pub fn check_plain(content_types: &[&[u8]], encodings: &[&[u8]]) -> Result<(), Refusal> {
    check_encoding(encodings)?;
    if content_types.len() > 1 {
        return Err(Refusal::new(
            Code::UnsupportedMediaType,
            "The request has more than one `content-type`. Send one.",
        ));
    }
    Ok(())
}

/// `content-encoding` is never forwarded, so GT would take a compressed body for a plain one.
pub(crate) fn check_encoding(encodings: &[&[u8]]) -> Result<(), Refusal> {
    if encodings.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        Code::UnsupportedMediaType,
        "Bodies are taken as they are: leave out `content-encoding`.",
    ))
}

/// Whether a `content-type` is `application/json`, bare or with one `charset=utf-8`.
fn is_json(value: &[u8]) -> bool {
    // As nearly everyone writes it.
    if value == b"application/json" {
        return true;
    }
    let Ok(value) = str::from_utf8(value) else {
        return false;
    };
    let (essence, parameter) = match value.split_once(';') {
        Some((essence, parameter)) => (essence, Some(trim(parameter))),
        None => (value, None),
    };
    trim(essence).eq_ignore_ascii_case("application/json") && parameter.is_none_or(is_utf8)
}

/// Whether a parameter says `charset=utf-8`, in either spelling of its value.
fn is_utf8(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    let value = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    name.eq_ignore_ascii_case("charset") && value.eq_ignore_ascii_case("utf-8")
}

/// Without the white space HTTP allows around a value.
pub(crate) fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// The same of bytes.
pub(crate) const fn trim_bytes(value: &[u8]) -> &[u8] {
    let mut rest = value;
    while let [b' ' | b'\t', inner @ ..] | [inner @ .., b' ' | b'\t'] = rest {
        rest = inner;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_taken_in_every_plain_spelling() {
        for value in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "application/json ;\tCharset=\"utf-8\" ",
        ] {
            assert_eq!(check_json(&[value.as_bytes()], &[]), Ok(()), "{value}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for value in [
            "",
            "text/plain",
            "application/jsonp",
            "application/vnd.api+json",
            "application/json;",
            "application/json; charset=latin1",
            "application/json; charset=utf8",
            "application/json; charset=\"utf-8",
            "application/json; charset = utf-8",
            "application/json; charset=utf-8; charset=utf-8",
            "application/json; boundary=x",
            "application/json, application/json",
            "application/json, text/plain",
            "multipart/form-data; boundary=x",
        ] {
            let refusal = check_json(&[value.as_bytes()], &[]).unwrap_err();
            assert_eq!(
                (refusal.status(), refusal.code()),
                (415, "unsupported_media_type"),
                "{value}"
            );
        }
        assert!(check_json(&[b"application/json\xff"], &[]).is_err());
    }

    #[test]
    fn none_and_two_types_are_refused() {
        assert!(check_json(&[], &[]).is_err());
        assert!(check_json(&[b"application/json", b"application/json"], &[]).is_err());
    }

    #[test]
    fn every_encoding_is_refused() {
        for encoding in ["gzip", "br", "identity", ""] {
            assert!(
                check_json(&[b"application/json"], &[encoding.as_bytes()]).is_err(),
                "{encoding}"
            );
        }
    }
}
