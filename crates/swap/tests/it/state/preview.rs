//! Looking into a folder changes nothing in it, and gives what opening it would.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _};

use signalbox_runtime::Digest;
use signalbox_swap::{FileError, State, StateError};

use super::{folder, open, remembered};

#[test]
fn a_folder_that_is_in_use_can_be_looked_at() {
    let root = folder();
    let state = open(&root);
    let kept = state.keep(b"component").unwrap();
    state.write(&remembered(3)).unwrap();
    let preview = State::preview(&root.path().join("state")).unwrap().unwrap();
    assert_eq!(preview.read().unwrap(), remembered(3));
    assert_eq!(preview.component(&kept).unwrap(), b"component");

    preview.write(&remembered(4)).unwrap();
    let new = preview.keep(b"another").unwrap();
    assert_eq!(new, Digest::of(b"another"));
    assert_eq!(preview.sweep(&BTreeSet::new()).unwrap(), 0);
    assert_eq!(state.read().unwrap(), remembered(3));
    assert_eq!(state.component(&kept).unwrap(), b"component");
    assert!(matches!(
        state.component(&new),
        Err(StateError::ObjectMissing { .. })
    ));
}

#[test]
fn where_nothing_was_remembered_nothing_is_made() {
    let root = folder();
    let path = root.path().join("state");
    assert!(State::preview(&path).unwrap().is_none());
    assert!(!path.exists());
    let nowhere = path.join("state");
    assert!(matches!(
        State::preview(&nowhere),
        Err(StateError::File(FileError::Disk { .. }))
    ));
    for name in ["", "objects"] {
        let begun = path.join(name);
        fs::create_dir(&begun).unwrap();
        fs::set_permissions(&begun, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(State::preview(&path).unwrap().is_none());
    }
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
}

#[test]
fn what_opening_refuses_looking_refuses() {
    let root = folder();
    open(&root).write(&remembered(1)).unwrap();
    let path = root.path().join("state");
    let key = fs::read(path.join("key")).unwrap();
    fs::remove_dir(path.join("objects")).unwrap();
    assert!(matches!(
        State::preview(&path),
        Err(StateError::ObjectMissing { .. })
    ));
    fs::write(path.join("key"), b"short").unwrap();
    assert!(matches!(
        State::preview(&path),
        Err(StateError::File(FileError::KeyDamaged { .. }))
    ));
    fs::remove_file(path.join("key")).unwrap();
    assert!(matches!(
        State::preview(&path),
        Err(StateError::KeyMissing { .. })
    ));
    assert!(!path.join("key").exists(), "{key:?}");
}
