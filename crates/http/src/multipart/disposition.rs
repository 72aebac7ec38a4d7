//! The disposition of a part: its name, and whether it is a file.

use super::flaw::Flaw;
use crate::media::trim;

/// A `form-data` disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Disposition<'a> {
    name: &'a str,
    pub(super) is_quoted: bool,
    pub(super) is_file: bool,
}

impl<'a> Disposition<'a> {
    /// Reads the value of the header.
    pub(super) fn of(value: &'a str) -> Result<Self, Flaw> {
        let (kind, mut rest) = value.split_once(';').unwrap_or((value, ""));
        if !trim(kind).eq_ignore_ascii_case("form-data") {
            return Err(Flaw::Disposition);
        }
        let (mut name, mut file, mut extended) = (None, None, None);
        loop {
            let (key, value, after) = parameter(rest)?;
            if hides_name(value) {
                return Err(Flaw::HiddenName);
            }
            let slot = match key.to_ascii_lowercase().as_str() {
                "name" => &mut name,
                // Some readers look for `name=` alone, and the end of `filename=` has it too.
                _ if name.is_none() => return Err(Flaw::Parameter),
                "filename" => &mut file,
                "filename*" => &mut extended,
                _ => return Err(Flaw::Parameter),
            };
            if slot.replace(value).is_some() {
                return Err(Flaw::Parameter);
            }
            match after {
                Some(after) => rest = after,
                None => break,
            }
        }
        let name: &str = name.ok_or(Flaw::Parameter)?;
        Ok(Self {
            name: name.trim_matches('"'),
            is_quoted: name.starts_with('"'),
            is_file: file.or(extended).is_some(),
        })
    }

    /// Whether the part is the model.
    pub(super) fn names_model(&self) -> Result<bool, Flaw> {
        let is_plain = |byte: u8| {
            if self.is_quoted {
                byte.is_ascii_graphic() && !b"\"\\%".contains(&byte)
            } else {
                // Of a bare `model[]`, some readers take `model` alone.
                byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
            }
        };
        // Readers made for mail decode `=?utf-8?q?model?=`.
        if self.name.is_empty() || !self.name.bytes().all(is_plain) || self.name.contains("=?") {
            return Err(Flaw::Name);
        }
        // Servers that know arrays take `model[]`, `[model]` and `model]` for it as well, and aiohttp
        // takes slashes from the front.
        let stem = self.name.trim_start_matches(['/', '[', ']']);
        let stem = stem.split(['[', ']']).next().unwrap_or_default();
        match self.name {
            "model" => Ok(true),
            _ if stem.eq_ignore_ascii_case("model") => Err(Flaw::ModelFolded),
            // It says how readers made for browsers' forms are to read all other fields.
            _ if stem.eq_ignore_ascii_case("_charset_") => Err(Flaw::Name),
            _ => Ok(false),
        }
    }
}

/// `key=value` at the start, and what follows the `;` after it. A quoted value keeps its quotes.
fn parameter(text: &str) -> Result<(&str, &str, Option<&str>), Flaw> {
    let (key, rest) = trim(text).split_once('=').ok_or(Flaw::Parameter)?;
    let end = match rest.strip_prefix('"') {
        Some(inner) => 2 + closing_quote(inner).ok_or(Flaw::OpenQuote)?,
        None => rest.find(';').unwrap_or(rest.len()),
    };
    let (value, rest) = rest.split_at_checked(end).ok_or(Flaw::OpenQuote)?;
    if !value.starts_with('"') && value.contains(['"', '\\', '=', ' ', '\t']) {
        return Err(Flaw::Parameter);
    }
    let rest = trim(rest);
    match rest.strip_prefix(';') {
        Some(after) => Ok((key, value, Some(after))),
        None if rest.is_empty() => Ok((key, value, None)),
        None => Err(Flaw::Parameter),
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

/// Whether readers that know no quotes, or no backslash in them, see another `name` in a value: after
/// a `;`, or after white space where it is the model's.
fn hides_name(value: &str) -> bool {
    let named = |piece: &str| {
        let (start, rest) = trim(piece).split_at_checked("name".len())?;
        let rest = trim(rest);
        (start.eq_ignore_ascii_case("name") && rest.starts_with(['=', '*'])).then(|| {
            rest.trim_start_matches(['=', '*', '"', '\\', '\'', ' '])
                .to_ascii_lowercase()
        })
    };
    let mut words = value.split([' ', '\t']).skip(1);
    value.split(';').skip(1).any(|piece| named(piece).is_some())
        || words.any(|word| named(word).is_some_and(|name| name.starts_with("model")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(parameters: &str) -> Flaw {
        let value = format!("form-data; {parameters}");
        let read = Disposition::of(&value).and_then(|disposition| disposition.names_model());
        read.expect_err(parameters)
    }

    #[test]
    fn names_are_read_as_clients_write_them() {
        for (parameters, is_model, is_file) in [
            ("name=\"model\"", true, false),
            ("name=model", true, false),
            (
                "name=file; filename=a.wav; filename*=utf-8''a.wav",
                false,
                true,
            ),
            ("name=\"file\"; filename=\"a;b.wav\"", false, true),
            (
                "name=\"file\"; filename=\"a\\\"b\"; filename*=utf-8''a%22b",
                false,
                true,
            ),
            (
                "name=\"file\"; filename=\"minutes; names of speakers.wav\"",
                false,
                true,
            ),
            ("name=\"file\"; filename=\"minutes; name\"", false, true),
            ("name=\"timestamp_granularities[]\"", false, false),
            ("name=\"models/a\"", false, false),
            ("name=\"file\"; filename=\"my name = x.wav\"", false, true),
        ] {
            let value = format!("form-data; {parameters}");
            let disposition = Disposition::of(&value).expect(parameters);
            assert_eq!(disposition.names_model(), Ok(is_model), "{parameters}");
            assert_eq!(disposition.is_file, is_file, "{parameters}");
        }
    }

    #[test]
    fn what_is_no_form_data_is_told_from_what_has_no_name() {
        for value in ["attachment; name=\"model\"", "attachment", ""] {
            assert_eq!(Disposition::of(value), Err(Flaw::Disposition), "{value}");
        }
        for value in ["form-data", "form-data;", "form-data; x"] {
            assert_eq!(Disposition::of(value), Err(Flaw::Parameter), "{value}");
        }
    }

    #[test]
    fn parameters_that_servers_read_differently_are_refused() {
        for parameters in [
            "name=\"a\"; name=\"model\"",
            "name=\"a\"; name*=utf-8''model",
            "name=\"a\" name=\"model\"",
            "name=\"a\";",
            "name=mo\"del\"",
            "name=model x",
            "name=a=b",
            "name=\"a\"; filename=a b.wav",
            // Who looks for `name="` alone finds it in either of these.
            "filename=\"model\"; name=\"a\"",
            "name=\"a\"; filename=x name=\"model\"",
        ] {
            assert_eq!(flaw(parameters), Flaw::Parameter, "{parameters}");
        }
        for parameters in ["name=\"a", "name=\"a\"; filename=\"C:\\\""] {
            assert_eq!(flaw(parameters), Flaw::OpenQuote, "{parameters}");
        }
    }

    #[test]
    fn names_that_some_server_takes_for_the_model_are_refused() {
        for name in [
            "/model", "[model]", "model]", "[[model", "//Model[", "model[x]",
        ] {
            assert_eq!(
                flaw(&format!("name=\"{name}\"")),
                Flaw::ModelFolded,
                "{name}"
            );
        }
        for name in ["_charset_", "_CHARSET_"] {
            assert_eq!(flaw(&format!("name=\"{name}\"")), Flaw::Name, "{name}");
        }
        for file in ["x name=model", "x\tname='model", "x name=model[]"] {
            let parameters = format!("name=\"a\"; filename=\"{file}\"");
            assert_eq!(flaw(&parameters), Flaw::HiddenName, "{file}");
        }
    }

    #[test]
    fn names_that_servers_read_differently_are_refused() {
        for name in [
            "\"mod\\el\"",
            "\"mod%65l\"",
            "\" model\"",
            "\"=?utf-8?q?model?=\"",
            "\"\"",
            "",
            "'model'",
            "model[]",
            "model,",
            "model*",
            "mod%65l",
            "mödel",
            "\"m\u{fffd}del\"",
        ] {
            assert_eq!(flaw(&format!("name={name}")), Flaw::Name, "{name}");
        }
        for name in ["\"Model\"", "Model", "\"model[]\"", "\"MODEL[0]\""] {
            assert_eq!(flaw(&format!("name={name}")), Flaw::ModelFolded, "{name}");
        }
    }

    #[test]
    fn a_name_within_a_file_name_is_refused() {
        for file in [
            "\"x; name=model\"",
            "\"x;NAME =model\"",
            "\"x\\\"; NAME*=\\\"model\"",
        ] {
            let parameters = format!("name=\"a\"; filename={file}");
            assert_eq!(flaw(&parameters), Flaw::HiddenName, "{file}");
        }
    }
}
