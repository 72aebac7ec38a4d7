//! A quick way through a keyring that is written plainly.
//!
//! The reader of all of YAML takes a second of one core for 100,000 short keys, half of it to take the
//! text apart; this one takes a fifth of that. It knows what `signalbox keys new` writes, what
//! people write, and JSON: a list of entries in block or flow style, whose values are words, quoted
//! words without escapes, and lists and maps of these. It only ever says yes: of all else, and of
//! all that is wrong, it says nothing, and the other one reads the text from the start. So what a
//! text means and how its faults are told does not depend on who read it, which a test holds it to.

mod line;

use std::collections::BTreeMap;

use serde_saphyr::{Location, Spanned};

use super::file::{Credentials, Entry};
use crate::auth::key_limits::WrittenKeyLimits;
use crate::text::yaml::{Position, WrittenNames};
use line::{Flow, Line, Value};

/// The entries and where each begins; `None` if it takes more than this to read them.
pub(super) fn read(text: &str) -> Option<Vec<(Position, Entry)>> {
    if text.trim_start_matches([' ', '\n']).starts_with('{') {
        return read_flow(text);
    }
    let mut lines = Lines::new(text);
    let first = lines.next()??;
    if first.indent != 0 || first.item || first.field()? != ("keys", "") {
        return None;
    }
    let mut entries = Vec::new();
    let mut dash = None;
    while let Some(line) = lines.next() {
        let line = line?;
        if !line.item || *dash.get_or_insert(line.indent) != line.indent {
            return None;
        }
        entries.push((line.position(), entry(&line, &mut lines)?));
    }
    (!entries.is_empty()).then_some(entries)
}

/// The whole keyring as one flow map, as JSON is.
fn read_flow(text: &str) -> Option<Vec<(Position, Entry)>> {
    let mut flow = Flow::over_lines(text);
    let Value::Map(fields) = flow.value_to_the_end()? else {
        return None;
    };
    let [("keys", Value::List(written))] = &*fields else {
        return None;
    };
    let entries = written.iter().map(|written| match written {
        Value::Map(fields) => from_fields(fields),
        _ => None,
    });
    let entries: Vec<Entry> = entries.collect::<Option<_>>()?;
    let places = flow.places();
    (places.len() == entries.len()).then(|| places.iter().copied().zip(entries).collect())
}

/// One entry, from the line of its dash to the last line that belongs to it.
fn entry(first: &Line<'_>, lines: &mut Lines<'_>) -> Option<Entry> {
    if first.rest.starts_with('{') {
        return match Flow::of(first.rest).value_to_the_end()? {
            Value::Map(fields) => from_fields(&fields),
            _ => None,
        };
    }
    let column = first.indent + 2;
    let mut fields = Vec::new();
    let mut line = *first;
    loop {
        let (key, rest) = line.field()?;
        let value = match rest {
            "" => below(lines, column)?,
            rest => Flow::of(rest).value_to_the_end()?,
        };
        fields.push((key, value));
        match lines.peek() {
            Some(Some(next)) if !next.item && next.indent == column => line = lines.next()??,
            Some(None) => return None,
            _ => return from_fields(&fields),
        }
    }
}

/// The list or map on the lines below a key.
fn below<'a>(lines: &mut Lines<'a>, column: usize) -> Option<Value<'a>> {
    let first = lines.peek()??;
    if first.indent <= column {
        return None;
    }
    let (mut list, mut map) = (Vec::new(), Vec::new());
    while let Some(Some(next)) = lines.peek() {
        if next.indent <= column {
            break;
        }
        if next.indent != first.indent || next.item != first.item {
            return None;
        }
        let line = lines.next()??;
        if line.item {
            list.push(Flow::of(line.rest).scalar_to_the_end()?);
        } else {
            let (key, rest) = line.field()?;
            map.push((key, Flow::of(rest).scalar_to_the_end()?));
        }
    }
    Some(if first.item {
        Value::List(list)
    } else {
        Value::Map(map)
    })
}

/// The same as what `serde` makes of an entry.
fn from_fields(fields: &[(&str, Value<'_>)]) -> Option<Entry> {
    if !fields.iter().all(|(name, _)| FIELDS.contains(name)) {
        return None;
    }
    Some(Entry {
        id: optional(fields, "id", text)??,
        sha256: optional(fields, "sha256", text)?,
        profile: optional(fields, "profile", flag)?,
        policy: optional(fields, "policy", text)?,
        preset: optional(fields, "preset", text)?,
        scopes: optional(fields, "scopes", texts)?,
        purposes: optional(fields, "purposes", texts)?.map(at_no_place),
        models: optional(fields, "models", names)??,
        published: optional(fields, "published", names)?,
        datasets: optional(fields, "datasets", names)?,
        limits: optional(fields, "limits", limits)?,
        expires: optional(fields, "expires", text)?,
        labels: optional(fields, "labels", labels)?,
        group: optional(fields, "group", text)?,
        credentials: optional(fields, "credentials", credentials)?,
        revoked: optional(fields, "revoked", flag)?,
    })
}

/// A field that is there once or not at all; the outer `None` is one that is there twice or says
/// something else.
fn optional<T>(
    fields: &[(&str, Value<'_>)],
    name: &str,
    read: fn(&Value<'_>) -> Option<T>,
) -> Option<Option<T>> {
    let mut found = fields.iter().filter(|(field, _)| *field == name);
    let Some((_, value)) = found.next() else {
        return Some(None);
    };
    match (found.next(), read(value)) {
        (None, Some(value)) => Some(Some(value)),
        _ => None,
    }
}

fn text(value: &Value<'_>) -> Option<Spanned<String>> {
    match value {
        Value::Word(text) | Value::Quoted(text) => Some(at_no_place((*text).to_owned())),
        Value::List(_) | Value::Map(_) => None,
    }
}

fn texts(value: &Value<'_>) -> Option<Vec<Spanned<String>>> {
    match value {
        Value::List(list) => list.iter().map(text).collect(),
        _ => None,
    }
}

fn names(value: &Value<'_>) -> Option<WrittenNames> {
    match value {
        Value::Word("all") | Value::Quoted("all") => Some(WrittenNames::All),
        other => texts(other).map(WrittenNames::Only),
    }
}

fn flag(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Word("true") => Some(true),
        Value::Word("false") => Some(false),
        _ => None,
    }
}

fn labels(value: &Value<'_>) -> Option<BTreeMap<String, Spanned<String>>> {
    let mut labels = BTreeMap::new();
    for (name, value) in fields_of(value)? {
        if labels.insert((*name).to_owned(), text(value)?).is_some() {
            return None;
        }
    }
    Some(labels)
}

fn limits(value: &Value<'_>) -> Option<WrittenKeyLimits> {
    let mut limits = WrittenKeyLimits::default();
    for (name, value) in fields_of(value)? {
        let limit = match *name {
            "per_minute" => &mut limits.per_minute,
            "concurrent" => &mut limits.concurrent,
            "streams" => &mut limits.streams,
            "body_mb" => &mut limits.body_mb,
            "upload_mb" => &mut limits.upload_mb,
            _ => return None,
        };
        if limit.replace(text(value)?).is_some() {
            return None;
        }
    }
    Some(limits)
}

fn credentials(value: &Value<'_>) -> Option<Credentials> {
    let mut credentials = Credentials::default();
    for (name, value) in fields_of(value)? {
        let credential = match *name {
            "inference" => &mut credentials.inference,
            "upload" => &mut credentials.upload,
            "conversation" => &mut credentials.conversation,
            _ => return None,
        };
        if credential.replace(text(value)?).is_some() {
            return None;
        }
    }
    Some(credentials)
}

fn fields_of<'v, 'a>(value: &'v Value<'a>) -> Option<&'v [(&'a str, Value<'a>)]> {
    match value {
        Value::Map(fields) => Some(fields),
        _ => None,
    }
}

/// Places of values are told by the other reader, if one of them is wrong.
fn at_no_place<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Location::UNKNOWN, Location::UNKNOWN)
}

/// The lines that say something; the inner `None` is one that is not plain.
struct Lines<'a> {
    rest: std::iter::Peekable<line::Split<'a>>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: line::split(text).peekable(),
        }
    }

    fn next(&mut self) -> Option<Option<Line<'a>>> {
        self.rest.next()
    }

    fn peek(&mut self) -> Option<Option<Line<'a>>> {
        self.rest.peek().copied()
    }
}

const FIELDS: [&str; 16] = [
    "id",
    "sha256",
    "profile",
    "policy",
    "preset",
    "scopes",
    "purposes",
    "models",
    "published",
    "datasets",
    "limits",
    "expires",
    "labels",
    "group",
    "credentials",
    "revoked",
];

#[cfg(test)]
mod tests;
