//! The headers of a part.

use super::{charset::Charset, disposition::Disposition, flaw::Flaw};
use crate::media::trim;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The field that names the model, and how its text is to be read.
    Model(Charset),
    /// Any other field or file.
    Other,
}

impl Part {
    /// Reads a part's headers: lines that each end with CRLF, without the empty one after them.
    pub(super) fn of(head: &[u8]) -> Result<Self, Flaw> {
        // File names come in any encoding. What is not UTF-8 becomes no ASCII here, and takes none with it.
        let head = String::from_utf8_lossy(head);
        let (mut disposition, mut kind, mut is_encoded) = (None, None, false);
        let mut others = String::new();
        for line in head.split_terminator("\r\n") {
            let (name, value) = field(line)?;
            if !name.eq_ignore_ascii_case(DISPOSITION) {
                others.push_str(line);
                others.push('\n');
            }
            // Rack looks for it anywhere in a line.
            let searched = if name.eq_ignore_ascii_case(DISPOSITION) {
                value
            } else {
                line
            };
            if searched.to_ascii_lowercase().contains(DISPOSITION) {
                return Err(Flaw::HiddenName);
            }
            let slot = match name.to_ascii_lowercase().as_str() {
                DISPOSITION => &mut disposition,
                "content-type" => &mut kind,
                "content-transfer-encoding" => {
                    // Of two, some readers go by the first and some by the last.
                    is_encoded |= !leaves_bytes(value);
                    continue;
                }
                "content-encoding" => {
                    is_encoded = true;
                    continue;
                }
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(Flaw::HeaderTwice);
            }
        }
        if kind.is_some_and(holds_parts) {
            return Err(Flaw::Nested);
        }
        let form = Disposition::of(disposition.ok_or(Flaw::Disposition)?)?;
        let is_model = form.names_model()?;
        if has_quoted_model(if form.is_quoted { &others } else { &head }) {
            return Err(Flaw::HiddenName);
        }
        match (is_model, form.is_file) {
            (false, _) => Ok(Self::Other),
            (true, true) => Err(Flaw::ModelIsFile),
            (true, false) if is_encoded => Err(Flaw::ModelEncoded),
            (true, false) => match kind.map_or(Some(Charset::Utf8), plain_text) {
                Some(charset) => Ok(Self::Model(charset)),
                None => Err(Flaw::ModelType),
            },
        }
    }
}

const DISPOSITION: &str = "content-disposition";

/// One header line. A folded one begins with white space, which no name does; one that begins as a
/// boundary does starts a part for whoever looks for boundaries first.
fn field(line: &str) -> Result<(&str, &str), Flaw> {
    let (name, value) = line.split_once(':').ok_or(Flaw::Header)?;
    if name.starts_with("--") {
        return Err(Flaw::Header);
    }
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_text = |byte: u8| byte >= b' ' && byte != 0x7f || byte == b'\t';
    let is_plain = !name.is_empty() && name.bytes().all(is_token) && value.bytes().all(is_text);
    is_plain.then_some((name, trim(value))).ok_or(Flaw::Header)
}

/// Whether readers that look for `name="` alone find the model's name. Where the name of the part has
/// no quotes, they find that of a file, or what stands in another header.
fn has_quoted_model(head: &str) -> bool {
    let head = head.to_ascii_lowercase();
    let mut found = head.split("name=\"model").skip(1);
    found.any(|rest| rest.starts_with(['"', '[']))
}

/// Whether a transfer encoding is none.
fn leaves_bytes(encoding: &str) -> bool {
    ["7bit", "8bit", "binary"]
        .iter()
        .any(|name| encoding.eq_ignore_ascii_case(name))
}

/// Whether readers made for mail, and those that flatten forms, look for parts inside.
fn holds_parts(kind: &str) -> bool {
    let starts = |of: &str| {
        kind.get(..of.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(of))
    };
    starts("multipart/") || starts("message/")
}

/// The charset of `text/plain`, if it is that.
fn plain_text(kind: &str) -> Option<Charset> {
    let (essence, parameter) = match kind.split_once(';') {
        Some((essence, parameter)) => (trim(essence), Some(trim(parameter))),
        None => (kind, None),
    };
    if !essence.eq_ignore_ascii_case("text/plain") {
        return None;
    }
    let Some(parameter) = parameter else {
        return Some(Charset::Utf8);
    };
    let (name, value) = parameter.split_once('=')?;
    if !name.eq_ignore_ascii_case("charset") {
        return None;
    }
    Charset::of(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "Content-Disposition: form-data; name=\"model\"\r\n";
    const FILE: &str = "Content-Disposition: form-data; name=\"a\"\r\n";

    #[test]
    fn fields_are_read_as_clients_write_them() {
        let utf8 = Part::Model(Charset::Utf8);
        let ascii = Part::Model(Charset::AsciiOnly);
        for (head, part) in [
            (MODEL.to_owned(), utf8),
            (
                "content-disposition:form-data;name=\"model\"\r\n".into(),
                utf8,
            ),
            (
                "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=model\r\n"
                    .into(),
                utf8,
            ),
            (format!("{MODEL}Content-Type: text/plain\r\n"), utf8),
            (
                format!("{MODEL}Content-Type: text/plain; charset=UTF-8\r\n"),
                utf8,
            ),
            (
                format!("{MODEL}Content-Type: text/plain;charset=\"utf-8\"\r\n"),
                utf8,
            ),
            (
                format!(
                    "{MODEL}Content-Type: text/plain; charset=ISO-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n"
                ),
                ascii,
            ),
            (
                format!("{MODEL}Content-Transfer-Encoding: binary\r\nContent-Length: 9\r\n"),
                utf8,
            ),
            (format!("{MODEL}Content-Transfer-Encoding: 7BIT\r\n"), utf8),
            (
                format!("{FILE}Content-Type: audio/wav\r\nContent-Transfer-Encoding: base64\r\n"),
                Part::Other,
            ),
        ] {
            assert_eq!(Part::of(head.as_bytes()), Ok(part), "{head}");
        }
    }

    #[test]
    fn a_file_name_may_be_in_any_encoding() {
        let form = |name: &[u8]| {
            let start = b"Content-Disposition: form-data; name=\"file\"; filename=\"";
            Part::of(&[start, name, b"\"\r\n"].concat())
        };
        for name in [&b"caf\xe9.wav"[..], b"\xff\xfe", b"\x83e\x83X\x83g.wav"] {
            assert_eq!(form(name), Ok(Part::Other), "{name:?}");
        }
        // In Shift JIS the backslash is half of a character, and takes no quote with it.
        assert_eq!(form(b"\x83\\"), Err(Flaw::OpenQuote));
        assert_eq!(form(b"\x83\\\"; name=\"model"), Err(Flaw::Parameter));
        assert_eq!(form(b"\xe9; name=model"), Err(Flaw::HiddenName));
    }

    #[test]
    fn what_servers_read_differently_is_refused() {
        for (head, flaw) in [
            (String::new(), Flaw::Disposition),
            ("Content-Type: text/plain\r\n".into(), Flaw::Disposition),
            (format!("{FILE}{MODEL}"), Flaw::HeaderTwice),
            (
                format!("{FILE}Content-Type: a/b\r\ncontent-type: a/b\r\n"),
                Flaw::HeaderTwice,
            ),
            (
                format!("{FILE}Content-Type: Multipart/mixed; boundary=b\r\n"),
                Flaw::Nested,
            ),
            (
                format!("{FILE}Content-Type: message/rfc822\r\n"),
                Flaw::Nested,
            ),
            (
                "Content-Disposition: form-data; name=\"model\"; filename=\"\"\r\n".into(),
                Flaw::ModelIsFile,
            ),
            (
                format!("{MODEL}Content-Transfer-Encoding: base64\r\n"),
                Flaw::ModelEncoded,
            ),
            (
                format!(
                    "{MODEL}Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 8bit\r\n"
                ),
                Flaw::ModelEncoded,
            ),
            (
                format!("{MODEL}Content-Type: application/json\r\n"),
                Flaw::ModelType,
            ),
            (
                format!("{MODEL}Content-Type: text/plain; charset=utf-16\r\n"),
                Flaw::ModelType,
            ),
            (
                format!("{MODEL}Content-Type: text/plain; charset=utf-8; x=y\r\n"),
                Flaw::ModelType,
            ),
            (
                "Content-Disposition: form-data; \r\n name=\"model\"\r\n".into(),
                Flaw::Header,
            ),
            (format!("{FILE}no colon\r\n"), Flaw::Header),
            (
                "Content-Disposition: form-data; name=\"a\"\nX: y\r\n".into(),
                Flaw::Header,
            ),
            (format!("{FILE}X : y\r\n"), Flaw::Header),
            // Who looks for boundaries first begins a part at any line that starts with one.
            (format!("{FILE}--b-1: y\r\n"), Flaw::Header),
            // Rack looks for a disposition anywhere in a line.
            (
                format!("X-Content-Disposition: form-data; name=\"model\"\r\n{FILE}"),
                Flaw::HiddenName,
            ),
            (
                format!("{FILE}X: Content-Disposition: form-data; name=model\r\n"),
                Flaw::HiddenName,
            ),
            (
                "Content-Disposition: form-data; name=\"a\"; filename=\"Content-Disposition: x\"\r\n"
                    .into(),
                Flaw::HiddenName,
            ),
            (
                format!("{FILE}X: name=\"model\"\r\n"),
                Flaw::HiddenName,
            ),
            (
                format!("{MODEL}Content-Encoding: deflate\r\n"),
                Flaw::ModelEncoded,
            ),
            // Who looks for `name="` alone finds the model's name.
            (
                "Content-Disposition: form-data; name=a; filename=\"Model\"\r\n".into(),
                Flaw::HiddenName,
            ),
            (
                "Content-Disposition: form-data; name=a\r\nX: name=\"model[]\"\r\n".into(),
                Flaw::HiddenName,
            ),
        ] {
            assert_eq!(Part::of(head.as_bytes()), Err(flaw), "{head}");
        }
    }
}
