//! What a keyring of 100,000 keys costs: finding a key, and taking over a changed file.
//!
//! `cargo bench -p signalbox-host --bench keyring`. Times are tenth percentile / median. What is
//! found is a random key of all, so that the map is as cold as in service.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use signalbox_gate::Digest;
use signalbox_gate::keyring::Keyring;
use signalbox_host::CredentialFiles;
use signalbox_host::Keys;
use signalbox_host::config::{KeyLimits, KeySource};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn main() -> Fallible<()> {
    println!("\n| {KEYS} keys | tenth percentile / median |\n| --- | ---: |");
    for (step, times) in finding()? {
        println!("| {step} | {} |", shown(times, Duration::as_nanos, "ns"));
    }
    for (form, text) in [("short", short()), ("every field", whole())] {
        let size = text.len() >> 20;
        for (step, times) in reloading(&text)? {
            let times = shown(times, Duration::as_millis, "ms");
            println!("| {form}, {size} MiB: {step} | {times} |");
        }
    }
    Ok(())
}

/// Batches of lookups; the time is that of one.
fn finding() -> Fallible<Vec<(&'static str, Vec<Duration>)>> {
    let keyring = Keyring::parse(&short())?;
    let tokens: Vec<String> = (0..KEYS).map(|n| token(scattered(n))).collect();
    let digests: Vec<Digest> = tokens.iter().map(|token| Digest::of(token)).collect();
    let strangers: Vec<String> = (0..KEYS).map(|n| token(n + KEYS)).collect();
    let batches = |one: &dyn Fn(usize) -> bool| -> Vec<Duration> {
        let batch = |start: usize| {
            let began = Instant::now();
            for n in start..start + BATCH {
                black_box(one(n));
            }
            began.elapsed() / u32::try_from(BATCH).unwrap_or(u32::MAX)
        };
        (0..KEYS).step_by(BATCH).map(batch).collect()
    };
    let empty = Digest::of("");
    let hash = |token: &String| black_box(Digest::of(token)) == empty;
    let is_there = |list: &[String], n: usize| {
        let token = list.get(n);
        token.is_some_and(|token| keyring.lookup(token).is_some())
    };
    Ok(vec![
        (
            "hash of the token",
            batches(&|n| tokens.get(n).is_some_and(hash)),
        ),
        (
            "the key of a digest",
            batches(&|n| {
                digests
                    .get(n)
                    .is_some_and(|digest| keyring.find(digest).is_some())
            }),
        ),
        (
            "both, a token that is there",
            batches(&|n| is_there(&tokens, n)),
        ),
        (
            "both, a token that is not",
            batches(&|n| is_there(&strangers, n)),
        ),
    ])
}

/// Reading, and what a running host does when the file has changed.
fn reloading(text: &str) -> Fallible<Vec<(&'static str, Vec<Duration>)>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("keys.yaml");
    fs::write(&path, text)?;
    let source = KeySource::File(path);
    let files = CredentialFiles::load(&Default::default())?;
    let credentials = Arc::clone(files.current());
    let keys = Keys::load(&source, KeyLimits::default(), credentials)?;
    let mut times = vec![("read and checked", Vec::new()), ("taken over", Vec::new())];
    for _ in 0..RUNS {
        for (step, (_, times)) in times.iter_mut().enumerate() {
            let began = Instant::now();
            if step == 0 {
                black_box(Keyring::parse(text)?);
            } else {
                black_box(keys.reload()?);
            }
            times.push(began.elapsed());
        }
    }
    Ok(times)
}

/// A hundred thousand keys as `keys new` makes them.
fn short() -> String {
    keyring(|_, _| {})
}

/// A hundred thousand keys that say all there is to say.
fn whole() -> String {
    keyring(|text, n| {
        let _ = write!(
            text,
            "    published: [support-agent, gt-small]\n    \
             limits: {{per_minute: 600, concurrent: 64, streams: 32, body_mb: 32}}\n    \
             expires: 2027-06-30T00:00:00Z\n    \
             labels: {{team: search, owner: \"someone-{n}@place\", ticket: T-{n}}}\n    \
             group: g{n}\n    credentials: {{inference: inference}}\n    revoked: false\n"
        );
    })
}

fn keyring(more: impl Fn(&mut String, usize)) -> String {
    let mut text = "keys:\n".to_owned();
    for n in 0..KEYS {
        let digest = Digest::of(&token(n));
        let _ = write!(
            text,
            "  - id: \"team-{n}\"\n    sha256: \"{digest}\"\n    policy: \"default\"\n    \
             preset: chat-embeddings\n    models: [\"gpt-4o\", \"team-{n}/*\"]\n    datasets: []\n"
        );
        more(&mut text, n);
    }
    text
}

/// As long as a real one.
fn token(n: usize) -> String {
    format!("gtak_{n:064x}")
}

/// Every number below `KEYS` once, in no order a cache could follow.
const fn scattered(n: usize) -> usize {
    n * 61_813 % KEYS
}

fn shown(mut times: Vec<Duration>, unit: impl Fn(&Duration) -> u128, word: &str) -> String {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).map_or(0, &unit);
    format!("{} / {} {word}", at(10), at(50))
}

const KEYS: usize = 100_000;
const BATCH: usize = 1_000;
const RUNS: usize = 7;
