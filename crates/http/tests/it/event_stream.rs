//! Server-sent events read the slow and obvious way, by the text of the specification: what a client
//! sees in a stream, and where in it a restamp is due. Nothing is shared with the code under test.

use std::ops::Range;

use crate::naive::members;

/// An event as a client is given it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) data: String,
    pub(crate) id: String,
}

/// The events of a stream, and every `retry`. One that no blank line ends is none.
pub(crate) fn decode(stream: &str) -> (Vec<Event>, Vec<String>) {
    let (mut events, mut retries) = (Vec::new(), Vec::new());
    let (mut event, mut data) = (Event::default(), None::<String>);
    for line in lines(stream) {
        let line = &stream[line];
        if line.is_empty() {
            if let Some(data) = data.take() {
                events.push(Event {
                    data,
                    ..event.clone()
                });
            }
            event.kind.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut data {
                Some(data) => *data = format!("{data}\n{value}"),
                None => data = Some(value.to_owned()),
            },
            "event" => event.kind = value.to_owned(),
            "id" => event.id = value.to_owned(),
            "retry" => retries.push(value.to_owned()),
            _ => {}
        }
    }
    (events, retries)
}

/// Where the values of top-level `model` strings stand, for events whose data is one JSON object.
pub(crate) fn model_values(stream: &str) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let end = std::iter::once(stream.len()..stream.len());
    for line in lines(stream).into_iter().chain(end) {
        let text = &stream[line.clone()];
        if text.is_empty() {
            values.extend(in_one_event(stream, &pieces));
            pieces.clear();
        } else if text == "data" {
            pieces.push(line.end..line.end);
        } else if let Some(value) = text.strip_prefix("data:") {
            let value = value.strip_prefix(' ').unwrap_or(value);
            pieces.push(line.end - value.len()..line.end);
        }
    }
    values
}

fn in_one_event(stream: &str, pieces: &[Range<usize>]) -> Vec<Range<usize>> {
    let texts: Vec<&str> = pieces.iter().map(|piece| &stream[piece.clone()]).collect();
    let found = members(texts.join("\n").as_bytes()).unwrap_or_default();
    let of_model = found
        .into_iter()
        .filter(|member| member.key == "model" && member.string.is_some());
    of_model
        .map(|member| {
            let mut before = 0;
            let piece = pieces
                .iter()
                .find(|piece| {
                    let is_it = member.span.end <= before + piece.len();
                    before += if is_it { 0 } else { piece.len() + 1 };
                    is_it
                })
                .unwrap();
            piece.start + member.span.start - before..piece.start + member.span.end - before
        })
        .collect()
}

/// The lines of a stream without their ends and without a byte order mark. What follows the last end
/// is a line only if there is something.
fn lines(stream: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = if stream.starts_with('\u{feff}') { 3 } else { 0 };
    let mut at = start;
    let bytes = stream.as_bytes();
    while at < bytes.len() {
        match &bytes[at..] {
            [b'\r', b'\n', ..] => {
                lines.push(start..at);
                at += 2;
                start = at;
            }
            [b'\r' | b'\n', ..] => {
                lines.push(start..at);
                at += 1;
                start = at;
            }
            _ => at += 1,
        }
    }
    if start < bytes.len() {
        lines.push(start..bytes.len());
    }
    lines
}

#[test]
fn the_specifications_examples_are_read_as_it_says() {
    let event = |data: &str, id: &str| Event {
        kind: String::new(),
        data: data.to_owned(),
        id: id.to_owned(),
    };
    let (events, _) = decode("data: YHOO\ndata: +2\ndata: 10\n\n");
    assert_eq!(events, [event("YHOO\n+2\n10", "")]);
    let (events, _) = decode(": test\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third");
    assert_eq!(events, [event("first", "1"), event("second", "")]);
    let (events, _) = decode("data\n\ndata\ndata\n\ndata:");
    assert_eq!(events, [event("", ""), event("\n", "")]);
    let (events, _) = decode("\u{feff}data:test\r\rdata: test\r\n\r\n");
    assert_eq!(events, [event("test", ""), event("test", "")]);
}

#[test]
fn values_are_found_across_data_lines() {
    let stream = "\u{feff}data: {\n: x\ndata: \"model\":\ndata\ndata:\"x\"}\n\ndata: {\"model\":1}";
    let found: Vec<&str> = model_values(stream)
        .into_iter()
        .map(|at| &stream[at])
        .collect();
    assert_eq!(found, ["\"x\""]);
}
