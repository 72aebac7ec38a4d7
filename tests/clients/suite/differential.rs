//! Whatever reads a body behind us finds the model that was decided on: the parsers servers are
//! written with in Rust, Python, JavaScript and Go read thousands of bodies, valid, strange and
//! broken, beside the scan.
//!
//! Scan finds a model: every parser that takes the body finds that one and no other. Scan finds
//! none: no parser finds one. Scan refuses: the body goes nowhere, so nothing can differ.

mod bodies;
mod forms;

use std::{collections::BTreeMap, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use signalbox_harness::readers::Readings;

/// What the scan makes of a body: nothing if it refuses it, else the model, if there is one.
type Scanned = Option<Option<String>>;

/// How many bodies were looked at, and how many of them each reader took.
#[derive(Debug, Default)]
struct Seen {
    scanned: usize,
    named: usize,
    taken: BTreeMap<String, usize>,
}

/// Compares what the scan and the readers make of each body, and fails with every difference.
fn compare(bodies: &[Vec<u8>], scanned: &[Scanned], readings: &[Readings]) -> Seen {
    let mut seen = Seen::default();
    let mut differences = String::new();
    for ((body, scanned), readings) in bodies.iter().zip(scanned).zip(readings) {
        let Some(model) = scanned else { continue };
        seen.scanned += 1;
        seen.named += usize::from(model.is_some());
        let expected: Vec<_> = model.iter().map(|model| hex(model)).collect();
        for (reader, found) in readings {
            let Some(found) = found else { continue };
            *seen.taken.entry(reader.clone()).or_default() += 1;
            if *found != expected {
                let body = body.escape_ascii();
                writeln!(
                    differences,
                    "{reader} {found:?}, we {expected:?}: {body:.2000}"
                )
                .unwrap();
            }
        }
    }
    assert!(differences.is_empty(), "{differences}");
    seen
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
