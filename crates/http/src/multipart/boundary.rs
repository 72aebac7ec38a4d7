//! The boundary, from the head.

use super::charset::Charset;
use crate::{
    media::trim,
    refusal::{Code, Refusal},
};

/// What separates the parts of one body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    text: String,
    /// What the form's type says about the text of its fields.
    charset: Charset,
}

impl Boundary {
    /// Reads it from the values of `content-type` and `content-encoding`, one per header line.
    ///
    /// There must be exactly one type, `multipart/form-data`, with one `boundary` of 1–70 of the
    /// characters RFC 2046 allows, at most one `charset` that writes ASCII as UTF-8 does, no other
    /// parameter, and no `content-encoding`.
    ///
    /// # Errors
    /// `unsupported_media_type`, saying what to send instead.
    pub fn of(content_types: &[&[u8]], encodings: &[&[u8]]) -> Result<Self, Refusal> {
        let refuse = |message| Err(Refusal::new(Code::UnsupportedMediaType, message));
        if !encodings.is_empty() {
            return refuse("Bodies are taken as they are: leave out `content-encoding`.");
        }
        match content_types {
            [] => refuse(
                "The body has no type. Send `content-type: multipart/form-data` with its boundary.",
            ),
            [one] => match str::from_utf8(one).ok().and_then(read) {
                Some(boundary) => Ok(boundary),
                None => refuse(
                    "This route takes `content-type: multipart/form-data` with one `boundary`, and at most a `charset` of UTF-8, ISO-8859-1, windows-1252 or US-ASCII.",
                ),
            },
            _ => refuse(
                "The request has more than one `content-type`. Send `multipart/form-data` once.",
            ),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) const fn charset(&self) -> Charset {
        self.charset
    }
}

/// Neither a boundary nor a charset that is taken has a `;` in it, quoted or not.
fn read(value: &str) -> Option<Boundary> {
    let (essence, parameters) = value.split_once(';')?;
    if !trim(essence).eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let (mut text, mut charset) = (None, None);
    for parameter in parameters.split(';') {
        let (name, value) = trim(parameter).split_once('=')?;
        let is_again = match name.to_ascii_lowercase().as_str() {
            "boundary" => text.replace(boundary(value)?).is_some(),
            "charset" => charset.replace(Charset::of(value)?).is_some(),
            _ => return None,
        };
        if is_again {
            return None;
        }
    }
    Some(Boundary {
        text: text?.to_owned(),
        charset: charset.unwrap_or(Charset::Utf8),
    })
}

fn boundary(value: &str) -> Option<&str> {
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"'+_-.".contains(&byte);
    // Those that only a quoted value can hold. Rack ends one at a comma, and takes what follows the
    // last `boundary=`.
    let is_quoted = |byte: u8| is_bare(byte) || b"()/:=? ".contains(&byte);
    let boundary = quoted.unwrap_or(value);
    let is_plain = match quoted {
        Some(_) => {
            boundary.bytes().all(is_quoted)
                && !boundary.ends_with(' ')
                && !boundary.to_ascii_lowercase().contains("boundary")
        }
        None => boundary.bytes().all(is_bare),
    };
    (is_plain && (1..=LONGEST).contains(&boundary.len())).then_some(boundary)
}

/// RFC 2046, section 5.1.1.
const LONGEST: usize = 70;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundary_is_read_as_clients_write_it() {
        for (value, boundary) in [
            ("multipart/form-data; boundary=abc", "abc"),
            (
                "Multipart/Form-Data;Boundary=----formdata-undici-012345678901",
                "----formdata-undici-012345678901",
            ),
            ("multipart/form-data; boundary=\"a b=c\"", "a b=c"),
            (
                "multipart/form-data; boundary=d74496d66958873e",
                "d74496d66958873e",
            ),
            ("multipart/form-data; boundary=abc; charset=UTF-8", "abc"),
            ("multipart/form-data;charset=UTF-8;boundary=abc", "abc"),
            (
                "multipart/form-data; Charset=\"iso-8859-1\"; boundary=\"a=b\" ",
                "a=b",
            ),
        ] {
            assert_eq!(
                Boundary::of(&[value.as_bytes()], &[]).unwrap().as_str(),
                boundary
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("multipart/form-data; boundary={}", "a".repeat(71));
        for value in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; charset=utf-8",
            "multipart/form-data; charset=utf-16; boundary=a",
            "multipart/form-data; charset=utf-8; boundary=a; charset=utf-8",
            "multipart/form-data; boundary=a; x=y",
            "multipart/form-data; boundary=a;",
            "multipart/form-data; boundary=\"a;b\"",
            // Rack reads `y` in each.
            "multipart/form-data; boundary=\"y,z\"",
            "multipart/form-data; boundary=\"x boundary=y\"",
            "multipart/form-data; boundary=a b",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=\"a",
            "multipart/form-data; boundary=a\"",
            "multipart/mixed; boundary=a",
            "application/json",
            "multipart/form-data; boundary=ä",
            &long,
        ] {
            let refusal = Boundary::of(&[value.as_bytes()], &[]).unwrap_err();
            assert_eq!(refusal.code(), "unsupported_media_type", "{value}");
        }
        let one: &[u8] = b"multipart/form-data; boundary=a";
        assert!(Boundary::of(&[], &[]).is_err());
        assert!(Boundary::of(&[one, one], &[]).is_err());
        assert!(Boundary::of(&[one], &[b"identity"]).is_err());
    }
}
