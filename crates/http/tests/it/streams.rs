//! A restamped stream is the same stream to a client but for the model, and nothing in it waits.

use proptest::{collection::vec, prelude::*, sample::select};
use signalbox_http::{json::quoted, restamp::SseRestamp};

use crate::bodies::{cut, cuts, object};
use crate::event_stream::{Event, decode, model_values};
use crate::naive::members;

const STAMP: &str = "gpt-4o \"mini\" é";

/// A stream whose lines end in all three ways, with comments and other fields anywhere between the
/// data lines of an event, with or without a byte order mark and a last blank line.
fn stream() -> impl Strategy<Value = String> {
    let data = prop_oneof![
        6 => object().prop_map(|text| text.replace('\r', " ")),
        1 => select(&["[DONE]", "", "no JSON", "\"model\"", "{\"model\":"][..]).prop_map(str::to_owned),
    ];
    let other = select(
        &[
            "",
            "",
            "",
            ": {\"model\":\"comment\"}",
            ":",
            "event: error",
            "event",
            "id: {\"model\":\"id\"}",
            "retry: 1",
            "datax: {\"model\":\"x\"}",
            " data: {\"model\":\"x\"}",
            "model: x",
        ][..],
    );
    let event = (data, vec(other, 4), select(&["data:", "data: "][..]));
    let end = select(&["\n", "\r\n", "\r"][..]);
    (vec(event, 0..5), vec(end, 40), any::<bool>(), any::<bool>()).prop_map(
        |(events, ends, has_mark, has_last_blank)| {
            let mut lines = Vec::new();
            for (data, others, field) in &events {
                let mut others = others.iter().filter(|other| !other.is_empty());
                lines.extend(others.next().map(|other| (*other).to_owned()));
                for line in data.split('\n') {
                    lines.push(format!("{field}{line}"));
                    lines.extend(others.next().map(|other| (*other).to_owned()));
                }
                lines.push(String::new());
            }
            if !has_last_blank {
                lines.pop();
            }
            let mut stream = if has_mark { "\u{feff}" } else { "" }.to_owned();
            for (line, end) in lines.iter().zip(ends.iter().cycle()) {
                // An LF after a CR would be half of an end, and no blank line.
                let is_half = line.is_empty() && stream.ends_with('\r') && *end == "\n";
                stream += line;
                stream += if is_half { "\r" } else { end };
            }
            stream
        },
    )
}

/// How much of the restamped stream can be known of its first bytes: all but an unfinished value.
fn known(stream: &str, values: &[std::ops::Range<usize>], at: usize) -> Vec<u8> {
    let (mut out, mut done) = (Vec::new(), 0);
    for value in values.iter().filter(|value| value.start < at) {
        out.extend_from_slice(&stream.as_bytes()[done..value.start]);
        if value.end > at {
            return out;
        }
        out.extend(quoted(STAMP));
        done = value.end;
    }
    out.extend_from_slice(&stream.as_bytes()[done..at]);
    out
}

fn restamped(data: &str) -> String {
    let mut restamped = data.to_owned();
    for member in members(data.as_bytes())
        .unwrap_or_default()
        .into_iter()
        .rev()
    {
        if member.key == "model" && member.string.is_some() {
            restamped.replace_range(member.span, str::from_utf8(&quoted(STAMP)).unwrap());
        }
    }
    restamped
}

fn through<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let (mut restamp, mut out) = (SseRestamp::new(STAMP), Vec::new());
    chunks
        .into_iter()
        .for_each(|chunk| restamp.push(chunk, &mut out));
    restamp.finish(&mut out);
    String::from_utf8(out).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_client_sees_the_same_events_but_for_the_model(stream in stream(), cuts in cuts()) {
        let out = through(cut(stream.as_bytes(), &cuts));
        let (sent, sent_retries) = decode(&stream);
        let (seen, seen_retries) = decode(&out);
        let expected: Vec<Event> = sent
            .into_iter()
            .map(|event| Event { data: restamped(&event.data), ..event })
            .collect();
        prop_assert_eq!(seen, expected);
        prop_assert_eq!(seen_retries, sent_retries);
    }

    /// The law of no added buffering: after every push exactly that has gone out which no later byte
    /// can change, and what is kept is the beginning of one value.
    #[test]
    fn after_every_push_all_is_out_but_an_unfinished_value(stream in stream(), cuts in cuts()) {
        let values = model_values(&stream);
        for chunks in [cut(stream.as_bytes(), &cuts), stream.as_bytes().chunks(1).collect()] {
            let (mut restamp, mut out, mut at) = (SseRestamp::new(STAMP), Vec::new(), 0);
            for chunk in chunks {
                restamp.push(chunk, &mut out);
                at += chunk.len();
                prop_assert_eq!(&out, &known(&stream, &values, at), "after {} bytes", at);
            }
            let early = out.len();
            restamp.finish(&mut out);
            prop_assert_eq!(early, out.len(), "a whole stream has no unfinished value");
        }
    }

    #[test]
    fn a_stream_cut_short_ends_with_what_came(stream in stream(), at in any::<prop::sample::Index>()) {
        let at = at.index(stream.len() + 1);
        let values = model_values(&stream);
        let (mut restamp, mut out) = (SseRestamp::new(STAMP), Vec::new());
        restamp.push(&stream.as_bytes()[..at], &mut out);
        restamp.finish(&mut out);
        let mut expected = known(&stream, &values, at);
        if let Some(value) = values.iter().find(|value| value.start < at && at < value.end) {
            expected.extend_from_slice(&stream.as_bytes()[value.start..at]);
        }
        prop_assert_eq!(out, expected);
    }
}

#[test]
fn events_of_openais_kinds_change_in_the_model_alone() {
    for event in [
        r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"MODEL","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
        r#"{"id":"c","choices":[{"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"pick","arguments":"{\"model\":"}}]}}],"model":"MODEL"}"#,
        r#"{"model":"MODEL","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"inner\"}"}}]}}]}"#,
        r#"{"model":"MODEL","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"completion_tokens_details":{"reasoning_tokens":0}}}"#,
        r#"{"error":{"message":"the model `support-agent` is overloaded","type":"server_error","param":"model","code":"overloaded"}}"#,
        r#"{"type":"response.created","response":{"model":"support-agent"}}"#,
        r#"{"type":"speech.audio.delta","audio":"AAAA"}"#,
        r#"{"type":"transcript.text.done","text":"model","usage":{"type":"tokens","input_tokens":1}}"#,
        "[DONE]",
    ] {
        let written = |model: &str| {
            let data = event.replace("MODEL", model);
            format!("event: x\nid: 1\ndata: {data}\n\n")
        };
        let expected = written("gpt-4o \\\"mini\\\" é");
        assert_eq!(through([written("support-agent").as_bytes()]), expected);
    }
}

#[test]
fn an_event_of_megabytes_passes_as_it_comes() {
    let image = "A".repeat(8 << 20);
    let stream = format!("data: {{\"b64_json\":\"{image}\",\"model\":\"support-agent\"}}\n\n");
    let (mut restamp, mut out, mut sent) = (SseRestamp::new("x"), Vec::new(), 0);
    for chunk in stream.as_bytes().chunks(16 * 1024) {
        restamp.push(chunk, &mut out);
        sent += chunk.len();
        assert!(
            out.len() + "\"support-agent\"".len() >= sent,
            "{} of {sent}",
            out.len()
        );
    }
    assert!(out == stream.replace("support-agent", "x").as_bytes());
}

#[test]
fn no_more_than_64_kib_of_a_value_is_ever_kept() {
    let (mut restamp, mut out, mut sent) = (SseRestamp::new("x"), Vec::new(), 0);
    let stream = format!("data: {{\"model\":\"{}\"}}\n\n", "m".repeat(200_000));
    for chunk in stream.as_bytes().chunks(1000) {
        restamp.push(chunk, &mut out);
        sent += chunk.len();
        assert!(out.len() + 64 * 1024 >= sent, "{} of {sent}", out.len());
    }
    assert!(out == stream.as_bytes());
}
