//! What restamping one server-sent event costs, beside copying it and beside reading it with
//! serde_json, changing the model and writing it again.
//!
//! `cargo bench -p signalbox-http --bench events`. The ratio of two columns of one run means
//! something; a figure alone depends on the machine and on what else it does.

#![expect(clippy::print_stdout, reason = "its output is what a bench is for")]

use std::{hint::black_box, time::Instant};

use serde_json::Value;
use signalbox_http::restamp::SseRestamp;

fn main() {
    let delta = |content: &str| {
        format!(
            r#"{{"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1767225600,"model":"support-agent","choices":[{{"index":0,"delta":{{"content":"{content}"}},"logprobs":null,"finish_reason":null}}]}}"#
        )
    };
    let tool = r#"{"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1767225600,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_0123456789abcdef","type":"function","function":{"name":"pick","arguments":"{\"a\":[1,2],\"b\":\"c\"}"}}]},"finish_reason":null}],"usage":null,"model":"support-agent"}"#;
    let events = [
        ("a word", delta("word ")),
        ("a call of a tool", tool.to_owned()),
        ("a paragraph", delta(&"The quick brown fox. ".repeat(50))),
        ("an image", delta(&"iVBORw0KGgoAAAANSUhEUg".repeat(5_000))),
    ];
    println!(
        "{:<18} {:>8} {:>10} {:>12} {:>10} {:>10}",
        "event", "bytes", "copy ns", "restamp ns", "serde ns", "GB/s"
    );
    for (name, data) in &events {
        let event = format!("data: {data}\n\n").into_bytes();
        let mut out = Vec::with_capacity(event.len() + 64);
        let copy = cost(|| {
            out.clear();
            out.extend_from_slice(black_box(&event));
            black_box(&out);
        });
        let mut sse = SseRestamp::new("gpt-4o");
        let restamp = cost(|| {
            out.clear();
            black_box(sse.rewrite(black_box(&event), &mut out));
            black_box(&out);
        });
        let serde = cost(|| {
            out.clear();
            out.extend_from_slice(b"data: ");
            if let Ok(mut value) = serde_json::from_str::<Value>(black_box(data)) {
                if let Some(model) = value.get_mut("model") {
                    *model = Value::from("gpt-4o");
                }
                out.extend_from_slice(value.to_string().as_bytes());
            }
            out.extend_from_slice(b"\n\n");
            black_box(&out);
        });
        println!(
            "{name:<18} {:>8} {copy:>10.0} {restamp:>12.0} {serde:>10.0} {:>10.2}",
            event.len(),
            event.len() as f64 / restamp
        );
    }
}

/// Nanoseconds of one call: the best of several rounds.
fn cost(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            run();
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(CALLS));
    }
    best * 1e9
}

const ROUNDS: u32 = 50;
const CALLS: u32 = 500;
