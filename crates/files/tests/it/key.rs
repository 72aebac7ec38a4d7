//! One key a folder, and seals that only it makes.

use std::{fs, thread};

use signalbox_files::{FileError, Key, PrivateFolder};

#[test]
fn a_key_made_by_several_at_once_is_one_key() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("private");
    let make = || {
        let folder = PrivateFolder::open(&path).unwrap();
        Key::open(&folder, "key").unwrap().seal(&[b"text"])
    };
    let seals: Vec<_> = thread::scope(|scope| {
        let makers: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        makers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(seals.iter().all(|seal| *seal == seals[0]));
    assert_eq!(super::names(&path), ["key"]);
}

#[test]
fn a_seal_is_of_these_bytes_and_this_key() {
    let key = Key::of([7; 32]);
    let seal = key.seal(&[b"one", b" two"]);
    assert!(key.is_seal_of(&[b"one two"], &seal));
    assert!(!key.is_seal_of(&[b"one  two"], &seal));
    assert!(!Key::of([8; 32]).is_seal_of(&[b"one two"], &seal));
    for cut in [&seal[..0], &seal[..31]] {
        assert!(!key.is_seal_of(&[b"one two"], cut));
    }
    assert!(!format!("{key:?}").contains('7'));
}

#[test]
fn what_is_no_key_is_not_taken_for_one() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("private");
    let folder = PrivateFolder::open(&path).unwrap();
    assert!(Key::find(&folder, "key").unwrap().is_none());
    for wrong in [&b""[..], &[1; 31], &[1; 33]] {
        folder.replace("key", wrong).unwrap();
        let error = Key::open(&folder, "key").unwrap_err();
        assert!(matches!(error, FileError::KeyDamaged { .. }), "{error}");
    }
    assert_eq!(fs::read(path.join("key")).unwrap(), [1; 33]);
}
