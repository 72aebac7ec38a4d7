//! The headers of a part.

use super::flaw::Flaw;
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
        let form = Form::of(disposition.ok_or(Flaw::Disposition)?)?;
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

/// A `form-data` disposition.
struct Form<'a> {
    name: &'a str,
    is_file: bool,
}

impl<'a> Form<'a> {
    fn of(value: &'a str) -> Result<Self, Flaw> {
        let (kind, mut rest) = value.split_once(';').ok_or(Flaw::Disposition)?;
        if !trim(kind).eq_ignore_ascii_case("form-data") {
            return Err(Flaw::Disposition);
        }
        let (mut name, mut file, mut extended) = (None, None, None);
        loop {
            let (key, value, after) = parameter(rest).ok_or(Flaw::Disposition)?;
            let slot = match key.to_ascii_lowercase().as_str() {
                // Bare, some readers take it and some do not.
                "name" if !value.starts_with('"') => return Err(Flaw::Disposition),
                "name" => &mut name,
                // Some readers look for `name=` alone, and the end of `filename=` has it too.
                _ if name.is_none() => return Err(Flaw::Disposition),
                "filename" => &mut file,
                "filename*" => &mut extended,
                _ => return Err(Flaw::Disposition),
            };
            if slot.replace(value).is_some() {
                return Err(Flaw::Disposition);
            }
            match after {
                Some(after) => rest = after,
                None => break,
            }
        }
        let name: &str = name.ok_or(Flaw::Disposition)?;
        Ok(Self {
            name: name.trim_matches('"'),
            is_file: file.or(extended).is_some(),
        })
    }

    fn names_model(&self) -> Result<bool, Flaw> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\%".contains(&byte);
        let is_plain = !self.name.is_empty() && self.name.bytes().all(is_plain);
        // Readers made for mail decode `=?utf-8?q?model?=`.
        if !is_plain || self.name.contains("=?") {
            return Err(Flaw::Name);
        }
        // Servers that know arrays take `model[]` and `model[0]` for it as well.
        let stem = self.name.split('[').next().unwrap_or_default();
        match self.name {
            "model" => Ok(true),
            _ if stem.eq_ignore_ascii_case("model") => Err(Flaw::ModelFolded),
            _ => Ok(false),
        }
    }
}

/// `key=value` at the start, and what follows the `;` after it. A quoted value keeps its quotes.
fn parameter(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let (key, rest) = trim(text).split_once('=')?;
    let end = match rest.strip_prefix('"') {
        Some(inner) => 2 + closing_quote(inner)?,
        None => rest.find(';').unwrap_or(rest.len()),
    };
    let (value, rest) = rest.split_at_checked(end)?;
    if !is_read_alike(value) {
        return None;
    }
    let rest = trim(rest);
    match rest.strip_prefix(';') {
        Some(after) => Some((key, value, Some(after))),
        None => rest.is_empty().then_some((key, value, None)),
    }
}

/// Whether readers that know no quotes, or no backslash in them, see no other name in a value.
fn is_read_alike(value: &str) -> bool {
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split(';').skip(1).all(|part| {
            let start = trim(part).get(.."name".len());
            !start.is_some_and(|start| start.eq_ignore_ascii_case("name"))
        }),
        None => !value.contains(['"', '\\', '=', ' ', '\t']),
    }
}

/// Where a quoted string ends; a backslash takes the next character with it.
fn closing_quote(inner: &str) -> Option<usize> {
    let mut bytes = inner.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at),
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
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
