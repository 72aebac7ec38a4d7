//! What is read: a HAR file or lines, told apart by the name, else by how it begins.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
};

use anyhow::{Context as _, ensure};
use signalbox_files::read_regular;

/// What a file is, or stdin.
pub(super) enum Source {
    Har(Vec<u8>),
    Lines(Box<dyn BufRead>),
}

/// Opens a file, or stdin for `-`.
pub(super) fn open(path: &Path) -> anyhow::Result<Source> {
    let name = path.display();
    let failed = || format!("cannot read {name}");
    if is_named_har(path) {
        return Ok(Source::Har(
            read_regular(path, LARGEST).with_context(failed)?,
        ));
    }
    let mut rest: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).with_context(failed)?)
    };
    // A pipe is read once: what was looked at is read again from here.
    let mut head = Vec::new();
    let taken = rest.by_ref().take(HEAD).read_to_end(&mut head);
    taken.with_context(failed)?;
    let is_har = begins_har(&head);
    let all = Cursor::new(head).chain(rest);
    if !is_har {
        return Ok(Source::Lines(Box::new(BufReader::new(all))));
    }
    let mut bytes = Vec::new();
    let taken = all.take(LARGEST + 1).read_to_end(&mut bytes);
    let taken = taken.with_context(failed)?;
    let is_whole = u64::try_from(taken).is_ok_and(|taken| taken <= LARGEST);
    ensure!(is_whole, "{name} has more than {LARGEST} bytes");
    Ok(Source::Har(bytes))
}

fn is_named_har(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("har"))
}

/// Whether it begins with `{"log": {`. No line of a host's log does, and what container runtimes make of one
/// has a string there.
fn begins_har(head: &[u8]) -> bool {
    let mut rest = head;
    ["{", "\"log\"", ":", "{"].iter().all(|token| {
        let after = rest.trim_ascii_start().strip_prefix(token.as_bytes());
        rest = after.unwrap_or_default();
        after.is_some()
    })
}

/// Enough for the first name, however it is laid out.
const HEAD: u64 = 4096;

/// An afternoon in a browser.
const LARGEST: u64 = 512 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_har_file_is_known_by_its_first_member() {
        for (text, is_har) in [
            (r#"{"log":{"version":"1.2"}}"#, true),
            ("\n{\n  \"log\" : {\n", true),
            (r#"{"log":"listening on","stream":"stderr"}"#, false),
            (r#"{"id":"1","log":{}}"#, false),
            (r#"{"log"#, false),
            ("", false),
            ("listening", false),
        ] {
            assert_eq!(begins_har(text.as_bytes()), is_har, "{text}");
        }
    }
}
