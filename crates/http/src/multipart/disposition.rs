//! The disposition of a part: its name, and whether it is a file.

use super::flaw::Flaw;
use crate::media::trim;

/// A `form-data` disposition.
pub(super) struct Disposition<'a> {
    name: &'a str,
    pub(super) is_file: bool,
}

impl<'a> Disposition<'a> {
    pub(super) fn of(value: &'a str) -> Result<Self, Flaw> {
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

    pub(super) fn names_model(&self) -> Result<bool, Flaw> {
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
