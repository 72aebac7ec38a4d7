//! A file of them: one JSON object a line.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Recorded,
    line::{Decided, Ended},
    record::Written,
};

/// What a line says.
pub(crate) enum Entry {
    Decision(Box<Recorded>),
    Ended(Ended),
    /// A line of the log about something else.
    Other,
    /// No decision, and no line of a host's log.
    Broken(Broken),
}

/// Why a line says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Broken {
    NotJson,
    NoDecision,
    TooLong,
}

impl Broken {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::NotJson => "the line is no JSON object",
            Self::NoDecision => "the line has not what a decision has",
            Self::TooLong => "the line is too long for a record",
        }
    }
}

/// An entry, and the line it stands on.
pub(crate) struct Read {
    pub(crate) line: u64,
    pub(crate) entry: Entry,
}

/// Reads a file, or stdin for `-`, and hands on what each line says, until there is no more or that is
/// enough.
pub(crate) fn read(path: &Path, told: &mut dyn FnMut(Read) -> bool) -> anyhow::Result<()> {
    let name = path.display();
    let failed = || format!("cannot read {name}");
    if path == Path::new("-") {
        return lines(&mut io::stdin().lock(), told).with_context(failed);
    }
    let file = File::open(path).with_context(failed)?;
    lines(&mut BufReader::new(file), told).with_context(failed)
}

/// The same of what is open already.
pub(crate) fn lines<R: BufRead>(
    from: &mut R,
    told: &mut dyn FnMut(Read) -> bool,
) -> io::Result<()> {
    let mut line = 0_u64;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let taken = from.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
        if taken == 0 {
            return Ok(());
        }
        line += 1;
        let is_whole = bytes.ends_with(b"\n") || (taken as u64) < LONGEST;
        let entry = match is_whole {
            true if bytes.trim_ascii().is_empty() => continue,
            true => entry(&bytes),
            false => {
                skip_line(from)?;
                Entry::Broken(Broken::TooLong)
            }
        };
        if !told(Read { line, entry }) {
            return Ok(());
        }
    }
}

/// The rest of a line, which is held by nobody.
fn skip_line<R: BufRead>(from: &mut R) -> io::Result<()> {
    loop {
        let buffer = from.fill_buf()?;
        let (taken, is_end) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        from.consume(taken);
        if is_end {
            return Ok(());
        }
    }
}

fn entry(line: &[u8]) -> Entry {
    let object: Result<Map<String, Value>, _> = serde_json::from_slice(line);
    match object {
        Ok(object) => of_object(object),
        Err(_) => Entry::Broken(Broken::NotJson),
    }
}

/// What an object says, by what it has.
pub(crate) fn of_object(object: Map<String, Value>) -> Entry {
    let target = object
        .get("target")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let is_record = object.contains_key("facts");
    let value = Value::Object(object);
    let read = match target.as_deref() {
        _ if is_record => Written::deserialize(value).map(|it| decision(it.into())),
        Some("signalbox::decision") => Decided::deserialize(value).map(|it| decision(it.into())),
        Some("signalbox::access") => Ended::deserialize(value).map(Entry::Ended),
        Some(_) => return Entry::Other,
        None => return Entry::Broken(Broken::NoDecision),
    };
    read.unwrap_or(Entry::Broken(Broken::NoDecision))
}

fn decision(recorded: Recorded) -> Entry {
    Entry::Decision(Box::new(recorded))
}

/// A record with every text as long as texts in records may be is far below that.
const LONGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[u8]) -> Vec<(u64, &'static str)> {
        let mut all = Vec::new();
        lines(&mut &*text, &mut |read| {
            let word = match read.entry {
                Entry::Decision(_) => "decision",
                Entry::Ended(_) => "ended",
                Entry::Other => "other",
                Entry::Broken(broken) => broken.word(),
            };
            all.push((read.line, word));
            true
        })
        .unwrap();
        all
    }

    #[test]
    fn each_line_is_told_by_what_it_has() {
        let long = format!("{{\"id\":\"{}\"}}", "x".repeat(2 << 20));
        let text = [
            r#"{"target":"signalbox::decision","id":"1","method":"GET","path":"/v1/models","decision":"list-models"}"#,
            "",
            r#"{"target":"signalbox::access","id":"1","outcome":"answered","code":"ok"}"#,
            r#"{"target":"signalbox::host","message":"started"}"#,
            "listening on http://127.0.0.1:8080",
            "[]",
            "{}",
            r#"{"target":"signalbox::decision","id":1}"#,
            &long,
            r#"{"facts":{},"id":"1"}"#,
            "\u{0}\u{1b}",
        ];
        assert_eq!(
            words(text.join("\n").as_bytes()),
            [
                (1, "decision"),
                (3, "ended"),
                (4, "other"),
                (5, Broken::NotJson.word()),
                (6, Broken::NotJson.word()),
                (7, Broken::NoDecision.word()),
                (8, Broken::NoDecision.word()),
                (9, Broken::TooLong.word()),
                (10, Broken::NoDecision.word()),
                (11, Broken::NotJson.word()),
            ]
        );
        assert_eq!(words(b"\xff\xfe"), [(1, Broken::NotJson.word())]);
        assert_eq!(words(b""), []);
    }
}
