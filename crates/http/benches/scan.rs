//! How fast the scan and the restamp go through large bodies, beside serde_json skipping the same.
//!
//! `cargo bench -p signalbox-http`. The ratio of two lines of one run means something; a line alone
//! depends on the machine and on what else it does.

#![expect(clippy::print_stdout, reason = "its output is what a bench is for")]

use std::{hint::black_box, time::Instant};

use serde::de::IgnoredAny;
use signalbox_http::{json::find_model, restamp::JsonRestamp};

fn main() {
    let bodies = [
        (
            "one ASCII string",
            chat("The quick brown fox jumps over the lazy dog. ", SIZE),
        ),
        (
            "lines of text",
            chat(
                "The quick brown fox jumps over the lazy dog, and so on.\\n",
                SIZE,
            ),
        ),
        (
            "quoted prose",
            chat(
                "A signal box keeps two trains from being on one track at once, \\\"whatever\\\" they want.\\n",
                SIZE,
            ),
        ),
        (
            "German",
            chat(
                "Über den Wolken muß die Freiheit wohl grenzenlos sein. ",
                SIZE,
            ),
        ),
        ("Chinese", chat("敏捷的棕色狐狸跳过了懒狗。", SIZE)),
        (
            "escaped Chinese",
            chat("\\u654f\\u6377\\u7684\\u68d5\\u8272", SIZE),
        ),
        ("short messages", messages(SIZE)),
        (
            "token ids",
            format!(
                r#"{{"input":[{}1],"model":"gpt-4o"}}"#,
                "15339,1917,".repeat(SIZE / 11)
            ),
        ),
        (
            "vectors",
            format!(
                r#"{{"data":[{{"embedding":[{}1]}}],"model":"gpt-4o"}}"#,
                "-0.012345678,0.98765432,".repeat(SIZE / 24)
            ),
        ),
    ];
    println!(
        "{:<18} {:>6} {:>12} {:>12} {:>12} {:>7}",
        "body", "MB", "scan GB/s", "serde GB/s", "restamp", "ratio"
    );
    for (name, body) in &bodies {
        let bytes = body.as_bytes();
        let scan = speed(bytes, || {
            assert!(black_box(find_model(black_box(bytes))).is_ok());
        });
        let serde = speed(bytes, || {
            assert!(serde_json::from_slice::<IgnoredAny>(black_box(bytes)).is_ok());
        });
        let mut out = Vec::with_capacity(bytes.len() + 64);
        let restamp = speed(bytes, || {
            out.clear();
            let mut restamp = JsonRestamp::new("gpt-4o-mini");
            for chunk in bytes.chunks(16 * 1024) {
                black_box(restamp.rewrite(black_box(chunk), &mut out));
            }
            restamp.finish(&mut out);
            black_box(&out);
        });
        let size = bytes.len() as f64 / 1e6;
        println!(
            "{name:<18} {size:>6.1} {scan:>12.2} {serde:>12.2} {restamp:>12.2} {:>7.2}",
            scan / serde
        );
    }
}

/// A chat with one long message, its model after it.
fn chat(text: &str, size: usize) -> String {
    let content = text.repeat(size / text.len());
    format!(r#"{{"messages":[{{"role":"user","content":"{content}"}}],"model":"gpt-4o"}}"#)
}

/// A chat with many short messages.
fn messages(size: usize) -> String {
    let message = r#"{"role":"user","content":"And then? What happened after that?"},"#;
    format!(
        r#"{{"messages":[{}{{}}],"model":"gpt-4o"}}"#,
        message.repeat(size / message.len())
    )
}

/// The best of several runs, in GB/s.
fn speed(bytes: &[u8], mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    bytes.len() as f64 / best / 1e9
}

const RUNS: usize = 20;
const SIZE: usize = 10_000_000;
