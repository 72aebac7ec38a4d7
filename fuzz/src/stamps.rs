//! Where a restamped answer may differ from GT's, found the slow way.

use signalbox_http::json::quoted;

use crate::naive::members;

/// What the targets stamp; an input that has it says nothing.
pub const STAMP: &str = "st4mp \"of\" \\ n0body";

/// Whether the stamp itself is in these bytes.
pub fn mentions_stamp(bytes: &[u8]) -> bool {
    let stamp = quoted(STAMP);
    bytes.windows(stamp.len()).any(|window| window == stamp)
}

/// The value spans that a restamp replaces in one JSON text; `None` where the text is none, and so
/// promises less.
pub fn spans(text: &[u8]) -> Option<Vec<std::ops::Range<usize>>> {
    let members = members(text)?;
    let models = members
        .into_iter()
        .filter(|member| member.key == "model" && member.string.is_some());
    Some(models.map(|member| member.span).collect())
}

/// The bytes with these spans replaced; they are in order.
pub fn replaced(bytes: &[u8], spans: &[std::ops::Range<usize>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    for span in spans {
        out.extend_from_slice(&bytes[at..span.start]);
        out.extend_from_slice(&quoted(STAMP));
        at = span.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// What holds even of an answer that is no JSON: it goes out as it came, but for whole strings in
/// whose place the stamp stands.
pub fn differs_in_whole_strings(sent: &[u8], out: &[u8]) -> bool {
    let stamp = quoted(STAMP);
    let (mut sent, mut out) = (sent, out);
    loop {
        if let Some(rest) = out.strip_prefix(&stamp[..]) {
            let Some(after) = after_string(sent) else {
                return false;
            };
            (sent, out) = (after, rest);
            continue;
        }
        match (sent.split_first(), out.split_first()) {
            (None, None) => return true,
            (Some((a, sent_rest)), Some((b, out_rest))) if a == b => {
                (sent, out) = (sent_rest, out_rest);
            }
            _ => return false,
        }
    }
}

/// What follows the string literal that these bytes begin with.
fn after_string(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', _, after @ ..] => after,
            [b'\r' | b'\n', ..] | [] => return None,
            [_, after @ ..] => after,
        };
    }
}

/// Where the events of a stream have their data, read as the standard for server-sent events says,
/// by lines: for each event the offsets of its text's bytes, a line end standing for itself.
pub fn events(stream: &[u8]) -> Vec<Vec<Option<usize>>> {
    let mut events = vec![Vec::new()];
    let mut has_data = false;
    let mut at = if stream.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    };
    while at < stream.len() {
        let rest = &stream[at..];
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b'\r' | b'\n'))
            .unwrap_or(rest.len());
        let (line, end) = rest.split_at(length);
        let end = match end {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        if line.is_empty() {
            events.push(Vec::new());
            has_data = false;
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => Some(length),
            Some([b':', b' ', ..]) => Some(6),
            Some([b':', ..]) => Some(5),
            _ => None,
        };
        if let (Some(value), Some(event)) = (value, events.last_mut()) {
            if has_data {
                event.push(None);
            }
            has_data = true;
            event.extend((at + value..at + length).map(Some));
        }
        at += length + end;
    }
    events
}
