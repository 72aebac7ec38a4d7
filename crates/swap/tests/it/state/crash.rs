//! Whoever is killed leaves the old or the new, whole; and only one process writes.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use signalbox_runtime::Digest;
use signalbox_swap::{FileError, Remembered, State, StateError};

use super::{component, folder, open, remembered, temporary};

/// A copy of a state folder, with its modes.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Writes a file as a process would that is killed after so many bytes.
fn write_cut(path: &Path, bytes: &[u8], length: usize) {
    fs::write(path, &bytes[..length]).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Opens a folder that a killed process left: it has to remember so many swaps, and be swept.
fn remembers(folder: &Path, number: u64, situation: &str) -> State {
    let state = State::open(folder).unwrap();
    assert_eq!(state.read().unwrap(), remembered(number), "{situation}");
    let live = Digest::of(&component(number));
    assert_eq!(
        state.component(&live).unwrap(),
        component(number),
        "{situation}"
    );
    assert_eq!(temporary(folder), [""; 0], "{situation}");
    state
}

#[test]
fn every_moment_of_a_swap_leaves_the_old_or_the_new() {
    let root = folder();
    let [before, after] = ["before", "after"].map(|name| root.path().join(name));
    let state = State::open(&before).unwrap();
    state.keep(&component(1)).unwrap();
    state.write(&remembered(1)).unwrap();
    drop(state);
    copy(&before, &after);
    let state = State::open(&after).unwrap();
    let new = state.keep(&component(2)).unwrap();
    state.write(&remembered(2)).unwrap();
    drop(state);
    let object = format!("objects/{new}.wasm");
    let [new_object, new_state] =
        [object.as_str(), "state.json"].map(|name| fs::read(after.join(name)).unwrap());

    let mut number = 0;
    let mut situation = |leave: &dyn Fn(&Path)| -> PathBuf {
        number += 1;
        let folder = root.path().join(format!("situation-{number}"));
        copy(&before, &folder);
        leave(&folder);
        folder
    };
    // The object beside its place, from empty to whole.
    for length in 0..=new_object.len() {
        let folder = situation(&|folder| {
            write_cut(&folder.join(format!("{object}.0.tmp")), &new_object, length);
        });
        let state = remembers(&folder, 1, &format!("{length} bytes of the object"));
        assert!(matches!(
            state.component(&new),
            Err(StateError::ObjectMissing { .. })
        ));
    }
    // The object in its place; then the state beside its own, from empty to whole.
    let lengths = (0..new_state.len()).step_by(50);
    for length in lengths.chain([new_state.len() - 1, new_state.len()]) {
        let folder = situation(&|folder| {
            fs::copy(after.join(&object), folder.join(&object)).unwrap();
            write_cut(&folder.join("state.json.0.tmp"), &new_state, length);
        });
        let state = remembers(&folder, 1, &format!("{length} bytes of the state"));
        assert_eq!(state.component(&new).unwrap(), component(2));
        // The swap can be done again from there.
        if length % 500 == 0 {
            state.keep(&component(2)).unwrap();
            state.write(&remembered(2)).unwrap();
            drop(state);
            remembers(&folder, 2, "done again");
        }
    }
    // The state in its place.
    let folder = situation(&|folder| {
        for name in [object.as_str(), "state.json"] {
            fs::copy(after.join(name), folder.join(name)).unwrap();
        }
    });
    remembers(&folder, 2, "renamed");
}

#[test]
fn every_moment_of_the_first_open_leaves_a_folder_that_opens() {
    let root = folder();
    let first = root.path().join("first");
    drop(State::open(&first).unwrap());
    let leave: [&dyn Fn(&Path); 7] = [
        &|_| {},
        &|folder| write_cut(&folder.join("lock"), b"", 0),
        &|folder| copy(&root.path().join("empty"), &folder.join("objects")),
        &|folder| write_cut(&folder.join("key.0.tmp"), &[7; 32], 16),
        &|folder| write_cut(&folder.join("key.first"), &[7; 32], 32),
        // The state is there, the key not in its place yet; then it is.
        &|folder| {
            fs::copy(first.join("state.json"), folder.join("state.json")).unwrap();
            fs::copy(first.join("key"), folder.join("key.first")).unwrap();
        },
        &|folder| {
            for name in ["state.json", "key"] {
                fs::copy(first.join(name), folder.join(name)).unwrap();
            }
        },
    ];
    let empty = root.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (number, leave) in leave.iter().enumerate() {
        let folder = root.path().join(number.to_string());
        copy(&empty, &folder);
        leave(&folder);
        let state = State::open(&folder).unwrap();
        assert_eq!(state.read().unwrap(), Remembered::default());
        state.keep(&component(1)).unwrap();
        state.write(&remembered(1)).unwrap();
        drop(state);
        remembers(&folder, 1, "after a first open");
    }
}

#[test]
fn a_process_that_is_killed_while_it_writes_leaves_what_it_said_or_newer() {
    let root = folder();
    let folder = root.path().join("state");
    for lines in 1..16 {
        let (mut child, mut said) = start("state::crash::writes_until_it_is_killed", &folder);
        let mut line = String::new();
        for _ in 0..lines {
            line.clear();
            said.read_line(&mut line).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let said: u64 = line.trim().parse().unwrap();
        let state = State::open(&folder).unwrap();
        let found = state.read().unwrap().last_generation;
        assert!(found >= said, "{found}, and {said} was written");
        drop(state);
        remembers(&folder, found, "killed");
    }
}

#[test]
#[ignore = "a part of another test: the process that is killed"]
fn writes_until_it_is_killed() {
    let state = State::open(&named_folder()).unwrap();
    let first = state.read().unwrap().last_generation;
    for number in first + 1.. {
        state.keep(&component(number)).unwrap();
        state.write(&remembered(number)).unwrap();
        say(&number.to_string());
    }
}

#[test]
fn a_second_process_is_told_who_uses_the_folder() {
    let root = folder();
    let folder = root.path().join("state");
    let (mut child, mut said) = start("state::crash::holds_the_folder", &folder);
    said.read_line(&mut String::new()).unwrap();
    // Not ours to sweep.
    write_cut(&folder.join("state.json.0.tmp"), b"", 0);
    let error = State::open(&folder).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "another signalbox uses `{}` (process {})",
            folder.display(),
            child.id()
        )
    );
    assert_eq!(temporary(&folder).len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(open(&root).read().unwrap(), Remembered::default());
    assert_eq!(temporary(&folder), [""; 0]);
}

#[test]
#[ignore = "a part of another test: the process that is there first"]
fn holds_the_folder() {
    let _state = State::open(&named_folder()).unwrap();
    say("held");
    // Until the other end is gone.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_second_handle_is_told_too_until_the_first_is_gone() {
    let root = folder();
    let first = open(&root);
    let error = State::open(&root.path().join("state")).unwrap_err();
    assert!(matches!(
        error,
        StateError::File(FileError::InUse { process: Some(process), .. }) if process == std::process::id()
    ));
    drop(first);
    open(&root);
}

/// Runs an ignored test in a process of its own, and gives what it says.
fn start(test: &str, folder: &Path) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--quiet"])
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    // What the test runner itself has to say ends with a count.
    let mut line = String::new();
    while !line.starts_with("running") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0);
    }
    (child, said)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.write_all(b"\n").unwrap();
    out.flush().unwrap();
}

pub(super) fn named_folder() -> PathBuf {
    std::env::var_os(FOLDER)
        .expect("run by another test")
        .into()
}

pub(super) const FOLDER: &str = "SIGNALBOX_TEST_STATE";
