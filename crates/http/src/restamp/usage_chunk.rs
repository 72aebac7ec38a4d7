//! Taking out of a stream the chunk that a client did not ask for.

use memchr::{memchr2, memmem};
use serde_json::Value;

/// Takes the chunk with the usage out of a stream: the event whose `choices` are empty and that has a
/// `usage`, which OpenAI adds where `include_usage` is asked for.
///
/// Every other event passes byte for byte, when it is whole. What has more than 64 KiB is no such
/// chunk, and passes as it comes.
#[derive(Debug, Default)]
pub struct UsageChunk {
    /// The event that is not whole yet.
    held: Vec<u8>,
    line: Line,
    /// The event that comes is too long to be the one, and passes.
    passes: bool,
    /// The event before was the one.
    was_taken: bool,
}

/// Where in a line the last byte was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Empty,
    /// At the start of one, after a CR: an LF is part of the end before.
    AfterCr,
    Begun,
}

impl UsageChunk {
    /// Before the first event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and appends to `out` what goes out.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let mut rest = chunk;
        while let Some((&first, after)) = rest.split_first() {
            let is_end = matches!(first, b'\r' | b'\n');
            let is_second_half = first == b'\n' && self.line == Line::AfterCr;
            let length = match is_end {
                true => 1,
                false => memchr2(b'\r', b'\n', after).map_or(rest.len(), |at| at + 1),
            };
            let (part, behind) = rest.split_at(length);
            rest = behind;
            if is_second_half && self.held.is_empty() {
                // Of the end of the event before, or of a line of one that passes.
                self.line = Line::Empty;
                if !self.was_taken {
                    out.extend_from_slice(part);
                }
                continue;
            }
            self.take(part, out);
            let is_blank = is_end && !is_second_half && self.line != Line::Begun;
            self.line = match first {
                _ if !is_end => Line::Begun,
                b'\r' => Line::AfterCr,
                _ => Line::Empty,
            };
            if is_blank {
                self.end_event(out);
            }
        }
    }

    /// Ends the stream: an event that is not whole goes out as it came.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
    }

    fn take(&mut self, part: &[u8], out: &mut Vec<u8>) {
        self.was_taken = false;
        if !self.passes && self.held.len() + part.len() > LIMIT {
            self.passes = true;
            out.append(&mut self.held);
        }
        match self.passes {
            true => out.extend_from_slice(part),
            false => self.held.extend_from_slice(part),
        }
    }

    fn end_event(&mut self, out: &mut Vec<u8>) {
        self.passes = false;
        self.was_taken = is_usage_chunk(&self.held);
        if self.was_taken {
            self.held.clear();
        } else {
            out.append(&mut self.held);
        }
    }
}

/// Whether this event is the one. Most are told by a look at their bytes.
fn is_usage_chunk(event: &[u8]) -> bool {
    if memmem::find(event, b"\"usage\"").is_none() || !has_empty_choices(event) {
        return false;
    }
    let Ok(Value::Object(chunk)) = serde_json::from_slice(&data(event)) else {
        return false;
    };
    let choices = chunk.get("choices").and_then(Value::as_array);
    let is_empty = choices.is_some_and(Vec::is_empty);
    is_empty && chunk.get("usage").is_some_and(Value::is_object)
}

fn has_empty_choices(event: &[u8]) -> bool {
    memmem::find_iter(event, CHOICES).any(|at| {
        let value = event.get(at + CHOICES.len()..).unwrap_or_default();
        let list = value.trim_ascii_start().strip_prefix(b":");
        let list = list.and_then(|list| list.trim_ascii_start().strip_prefix(b"["));
        list.is_some_and(|list| list.trim_ascii_start().starts_with(b"]"))
    })
}

/// The data of an event.
fn data(event: &[u8]) -> Vec<u8> {
    let lines = event.split(|byte| matches!(byte, b'\r' | b'\n'));
    let fields = lines.filter_map(|line| {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        let value = line.strip_prefix(b"data:")?;
        Some(value.strip_prefix(b" ").unwrap_or(value))
    });
    fields.collect::<Vec<_>>().join(&b'\n')
}

const CHOICES: &[u8] = b"\"choices\"";
const LIMIT: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"{"choices":[{"delta":{"content":"hi"}}],"usage":null}"#;
    const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":1}}"#;

    /// What is left of a stream, however it is cut.
    #[track_caller]
    fn left(stream: &str) -> String {
        let through = |size: usize| {
            let (mut filter, mut out) = (UsageChunk::new(), Vec::new());
            for chunk in stream.as_bytes().chunks(size) {
                filter.push(chunk, &mut out);
            }
            filter.finish(&mut out);
            String::from_utf8(out).unwrap()
        };
        let whole = through(stream.len().max(1));
        for size in 1..80 {
            assert_eq!(through(size), whole, "cut at each {size}");
        }
        whole
    }

    #[test]
    fn the_chunk_with_the_usage_is_taken_out_alone() {
        for end in ["\n", "\r\n", "\r"] {
            let event = |text: &str| format!("data: {text}{end}{end}");
            let before = format!(": hello{end}{end}{}", event(FIRST));
            let after = event("[DONE]");
            let stream = format!("{before}{}{after}", event(USAGE));
            assert_eq!(left(&stream), format!("{before}{after}"), "{end:?}");
            let spaced = r#"{ "usage" : { } , "choices" : [ ] }"#;
            let stream = format!("id: 1{end}{}{after}", event(spaced));
            assert_eq!(left(&stream), after);
        }
    }

    #[test]
    fn everything_else_passes() {
        for text in [
            FIRST,
            "[DONE]",
            "",
            r#"{"choices":[],"usage":null}"#,
            r#"{"choices":[]}"#,
            r#"{"usage":{"prompt_tokens":1}}"#,
            r#"{"choices":[{"usage":{},"choices":[]}],"usage":{}}"#,
            r#"{"choices":[],"usage":{}"#,
            r#"{"x":{"choices":[]},"usage":{}}"#,
        ] {
            let stream = format!("event: x\ndata: {text}\n\ndata: {FIRST}\n\n");
            assert_eq!(left(&stream), stream);
        }
        // The last event has no blank line.
        assert_eq!(
            left(&format!("data: {USAGE}\n")),
            format!("data: {USAGE}\n")
        );
    }

    #[test]
    fn a_long_event_passes_as_it_comes() {
        let long = format!(
            "data: {{\"choices\":[],\"x\":\"{}\",\"usage\":{{}}}}",
            "x".repeat(LIMIT)
        );
        let (mut filter, mut out) = (UsageChunk::new(), Vec::new());
        filter.push(long.as_bytes(), &mut out);
        assert_eq!(out, long.as_bytes());
        out.clear();
        let stream = format!("\n\ndata: {USAGE}\n\ndata: {FIRST}\n\ndata: {FIRST}");
        filter.push(stream.as_bytes(), &mut out);
        assert_eq!(out, format!("\n\ndata: {FIRST}\n\n").as_bytes());
        filter.finish(&mut out);
        assert_eq!(
            out,
            format!("\n\ndata: {FIRST}\n\ndata: {FIRST}").as_bytes()
        );
    }
}
