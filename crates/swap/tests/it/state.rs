//! The state folder keeps what was written, whole, and gives nothing else back.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::Path,
};

use serde_json::json;
use signalbox_runtime::Digest;
use signalbox_swap::{
    Accepted, Entry, FileError, Remembered, RememberedGeneration, RememberedPolicy, RollBack,
    State, StateError,
};
use tempfile::TempDir;

mod crash;
mod damage;
mod disk;
mod ours;
mod preview;

/// The folder a test uses, inside one that goes with the test.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(root: &TempDir) -> State {
    State::open(&root.path().join("state")).unwrap()
}

/// What a host would remember after so many swaps.
fn remembered(number: u64) -> Remembered {
    let generation = |generation| RememberedGeneration {
        digest: Digest::of(&component(generation)),
        generation,
        since: "2026-11-22T18:00:00.123456Z".parse().unwrap(),
        from_source: generation % 2 == 0,
    };
    Remembered {
        last_generation: number,
        last_entry: number,
        policies: BTreeMap::from([
            (
                "default".to_owned(),
                RememberedPolicy {
                    live: Some(generation(number)),
                    source: Some(Digest::of(b"source")),
                    accepted: Some(Accepted {
                        serial: u64::MAX - number,
                        digest: Digest::of(&component(number)),
                    }),
                    roll_back: RollBack::Pinned,
                    kept: vec![generation(number.saturating_sub(1))],
                },
            ),
            ("édité \"so\"\n".to_owned(), RememberedPolicy::default()),
        ]),
        revoked: BTreeSet::from([Digest::of(b"bad"), Digest::of(b"worse")]),
        history: vec![entry(number, "not good")],
    }
}

fn component(number: u64) -> Vec<u8> {
    format!("component {number}").into_bytes()
}

fn entry(number: u64, message: &str) -> Entry {
    serde_json::from_value(json!({
        "number": number,
        "at": "2026-11-22T18:00:00Z",
        "actor": {"way": "admin", "who": "127.0.0.1"},
        "action": "swap",
        "policies": [],
        "steps": [{"step": "receive", "micros": 12}],
        "outcome": {
            "result": "failed", "step": "signature", "message": message, "help": "sign it",
        },
    }))
    .unwrap()
}

/// The files in a folder that are on their way to another name.
fn temporary(folder: &Path) -> Vec<String> {
    let names = [folder.to_owned(), folder.join("objects")]
        .into_iter()
        .filter(|folder| folder.exists())
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".tmp")).collect()
}

fn causes(error: &dyn Error) -> String {
    let mut all = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        all = format!("{all}: {error}");
        next = error.source();
    }
    all
}

#[test]
fn what_is_written_is_read_again_also_by_the_next_process() {
    let root = folder();
    let state = open(&root);
    assert_eq!(state.read().unwrap(), Remembered::default());
    for number in 1..4 {
        state.write(&remembered(number)).unwrap();
        assert_eq!(state.read().unwrap(), remembered(number));
    }
    drop(state);
    assert_eq!(open(&root).read().unwrap(), remembered(3));
}

#[test]
fn a_component_is_kept_under_its_digest_until_nobody_uses_it() {
    let root = folder();
    let state = open(&root);
    let digests = [1, 2, 3].map(|number| state.keep(&component(number)).unwrap());
    // Twice is once.
    assert_eq!(
        state.keep(&component(1)).unwrap(),
        Digest::of(&component(1))
    );
    let foreign = root.path().join("state/objects/notes.txt");
    fs::write(&foreign, "mine").unwrap();

    let used = BTreeSet::from([digests[1], Digest::of(b"never kept")]);
    assert_eq!(state.sweep(&used).unwrap(), 2);
    assert_eq!(state.sweep(&used).unwrap(), 0);
    assert_eq!(state.component(&digests[1]).unwrap(), component(2));
    for gone in [digests[0], digests[2]] {
        assert!(matches!(
            state.component(&gone),
            Err(StateError::ObjectMissing { .. })
        ));
    }
    assert!(foreign.exists(), "signalbox removes what it wrote");
}

#[test]
fn the_newest_entries_of_a_long_history_are_kept() {
    let root = folder();
    let state = open(&root);
    let mut long = remembered(300);
    long.history = (1..=300).map(|number| entry(number, "no")).collect();
    state.write(&long).unwrap();
    let read = state.read().unwrap();
    let numbers: Vec<u64> = read.history.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (45..=300).rev().collect::<Vec<_>>());
    assert_eq!(read.history.len(), Remembered::HISTORY);
    assert_eq!(read.policies, long.policies);
}

#[test]
fn entries_with_endless_messages_do_not_make_a_file_that_is_not_read_again() {
    let root = folder();
    let state = open(&root);
    let message = "x".repeat(100_000);
    let mut long = remembered(300);
    long.history = (1..=300).map(|number| entry(number, &message)).collect();
    state.write(&long).unwrap();
    let read = state.read().unwrap();
    assert_eq!(read.history.first().map(|entry| entry.number), Some(300));
    assert_eq!(read.revoked, long.revoked);
    assert!((1..256).contains(&read.history.len()));

    long.history.clear();
    let name = "n".repeat(17 << 20);
    long.policies.insert(name, RememberedPolicy::default());
    assert!(matches!(
        state.write(&long),
        Err(StateError::File(FileError::TooLarge { .. }))
    ));
    assert_eq!(state.read().unwrap(), read);
}

#[test]
fn the_cache_has_a_place_in_the_folder() {
    let root = folder();
    assert_eq!(open(&root).cache_folder(), root.path().join("state/cache"));
}
