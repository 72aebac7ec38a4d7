//! The headers of a part.

use super::{disposition::Disposition, flaw::Flaw};
use crate::media::trim;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The field that names the model.
    Model,
    /// Any other field or file.
    Other,
}

impl Part {
    /// Reads a part's headers: lines that each end with CRLF, without the empty one after them.
    pub(super) fn of(head: &[u8]) -> Result<Self, Flaw> {
        let head = str::from_utf8(head).map_err(|_| Flaw::Header)?;
        let (mut disposition, mut kind, mut encoded) = (None, None, false);
        for line in head.split_terminator("\r\n") {
            let (name, value) = field(line)?;
            let slot = match name.to_ascii_lowercase().as_str() {
                "content-disposition" => &mut disposition,
                "content-type" => &mut kind,
                "content-transfer-encoding" => {
                    encoded = true;
                    continue;
                }
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(Flaw::Disposition);
            }
        }
        if kind.is_some_and(holds_parts) {
            return Err(Flaw::Nested);
        }
        let form = Disposition::of(disposition.ok_or(Flaw::Disposition)?)?;
        if !form.names_model()? {
            return Ok(Self::Other);
        }
        if form.is_file {
            return Err(Flaw::ModelIsFile);
        }
        if encoded || !kind.is_none_or(is_plain_text) {
            return Err(Flaw::ModelEncoded);
        }
        Ok(Self::Model)
    }
}

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

/// Whether readers made for mail, and those that flatten forms, look for parts inside.
fn holds_parts(kind: &str) -> bool {
    let starts = |of: &str| {
        kind.get(..of.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(of))
    };
    starts("multipart/") || starts("message/")
}

fn is_plain_text(kind: &str) -> bool {
    let (essence, parameter) = match kind.split_once(';') {
        Some((essence, parameter)) => (trim(essence), trim(parameter)),
        None => (kind, "charset=utf-8"),
    };
    essence.eq_ignore_ascii_case("text/plain") && parameter.eq_ignore_ascii_case("charset=utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_clients_write_them() {
        for (head, part) in [
            (
                "Content-Disposition: form-data; name=\"model\"\r\n",
                Part::Model,
            ),
            (
                "content-disposition:form-data;name=\"model\"\r\n",
                Part::Model,
            ),
            (
                "Content-Disposition: form-data; name=\"model\"\r\nContent-Type: text/plain; charset=UTF-8\r\n",
                Part::Model,
            ),
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"a;b.wav\"\r\nContent-Type: audio/wav\r\n",
                Part::Other,
            ),
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"a\\\"b\"; filename*=utf-8''a%22b\r\n",
                Part::Other,
            ),
            (
                "Content-Disposition: form-data; name=\"timestamp_granularities[]\"\r\n",
                Part::Other,
            ),
            (
                "Content-Disposition: form-data; name=\"models\"\r\nContent-Transfer-Encoding: 8bit\r\n",
                Part::Other,
            ),
        ] {
            assert_eq!(Part::of(head.as_bytes()), Ok(part), "{head}");
        }
    }

    #[test]
    fn what_servers_read_differently_is_refused() {
        let d = "Content-Disposition: form-data; ";
        for (head, flaw) in [
            (String::new(), Flaw::Disposition),
            ("Content-Type: text/plain\r\n".into(), Flaw::Disposition),
            (
                "Content-Disposition: attachment; name=\"model\"\r\n".into(),
                Flaw::Disposition,
            ),
            (
                "Content-Disposition: form-data\r\n".into(),
                Flaw::Disposition,
            ),
            (format!("{d}name=model\r\n"), Flaw::Disposition),
            (
                format!("{d}name=\"a\"; name=\"model\"\r\n"),
                Flaw::Disposition,
            ),
            (
                format!("{d}name=\"a\"; name*=utf-8''model\r\n"),
                Flaw::Disposition,
            ),
            (
                format!("{d}name=\"a\" name=\"model\"\r\n"),
                Flaw::Disposition,
            ),
            (format!("{d}name=\"a\r\n"), Flaw::Disposition),
            (format!("{d}name=\"a\";\r\n"), Flaw::Disposition),
            (
                format!("{d}name=\"a\"\r\n{d}name=\"model\"\r\n"),
                Flaw::Disposition,
            ),
            (format!("{d}name=\"mod\\el\"\r\n"), Flaw::Name),
            (format!("{d}name=\"mod%65l\"\r\n"), Flaw::Name),
            (format!("{d}name=\" model\"\r\n"), Flaw::Name),
            (format!("{d}name=\"=?utf-8?q?model?=\"\r\n"), Flaw::Name),
            (
                format!("{d}name=\"a\"\r\nContent-Type: Multipart/mixed; boundary=b\r\n"),
                Flaw::Nested,
            ),
            (
                format!("{d}name=\"a\"\r\nContent-Type: message/rfc822\r\n"),
                Flaw::Nested,
            ),
            (format!("{d}name=\"\"\r\n"), Flaw::Name),
            (format!("{d}name=\"Model\"\r\n"), Flaw::ModelFolded),
            (format!("{d}name=\"model[]\"\r\n"), Flaw::ModelFolded),
            (format!("{d}name=\"MODEL[0]\"\r\n"), Flaw::ModelFolded),
            (
                format!("{d}name=\"model\"; filename=\"\"\r\n"),
                Flaw::ModelIsFile,
            ),
            (
                format!("{d}name=\"model\"\r\nContent-Transfer-Encoding: base64\r\n"),
                Flaw::ModelEncoded,
            ),
            (
                format!("{d}name=\"model\"\r\nContent-Type: application/json\r\n"),
                Flaw::ModelEncoded,
            ),
            (
                format!("{d}name=\"model\"\r\nContent-Type: text/plain; charset=utf-16\r\n"),
                Flaw::ModelEncoded,
            ),
            (format!("{d}\r\n name=\"model\"\r\n"), Flaw::Header),
            (format!("{d}name=\"a\"\r\nno colon\r\n"), Flaw::Header),
            (format!("{d}name=\"a\"\nX: y\r\n"), Flaw::Header),
            (format!("{d}name=\"a\"\r\nX : y\r\n"), Flaw::Header),
            // Who looks for boundaries first begins a part at any line that starts with one.
            (format!("{d}name=\"a\"\r\n--b-1: y\r\n"), Flaw::Header),
            // Who looks for `name="` alone finds it in any of these.
            (
                format!("{d}filename=\"model\"; name=\"a\"\r\n"),
                Flaw::Disposition,
            ),
            (
                format!("{d}name=\"a\"; filename=x name=\"model\"\r\n"),
                Flaw::Disposition,
            ),
            (
                format!("{d}name=\"a\"; filename=\"x; name=model\"\r\n"),
                Flaw::Disposition,
            ),
            (
                format!("{d}name=\"a\"; filename=\"x\\\"; NAME*=\\\"model\"\r\n"),
                Flaw::Disposition,
            ),
        ] {
            assert_eq!(Part::of(head.as_bytes()), Err(flaw), "{head}");
        }
    }
}
