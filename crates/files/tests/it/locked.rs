//! Whoever changes a file has it alone.

use std::{fs, sync::mpsc, thread, time::Duration};

use signalbox_files::{FileError, LockedFile};

use super::{names, place};

const LIMIT: usize = 1 << 20;
/// Longer than any test takes.
const PATIENCE: Duration = Duration::from_secs(300);

fn open(path: &std::path::Path) -> LockedFile {
    LockedFile::open(path, LIMIT, PATIENCE, || {}).unwrap()
}

#[test]
fn of_many_that_change_a_file_at_once_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    thread::scope(|scope| {
        for number in 0..16 {
            let path = &path;
            scope.spawn(move || {
                for turn in 0..8 {
                    let file = open(path);
                    let mut text = file.bytes().unwrap_or_default().to_vec();
                    text.extend_from_slice(format!("{number}.{turn}\n").as_bytes());
                    file.replace(&text).unwrap();
                }
            });
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    for number in 0..16 {
        for turn in 0..8 {
            let line = format!("{number}.{turn}");
            assert_eq!(text.lines().filter(|it| *it == line).count(), 1, "{line}");
        }
    }
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn who_comes_second_is_told_and_finds_what_the_first_wrote() {
    let place = place("before");
    let first = open(&place.file);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let second = scope.spawn(|| {
            let waits = || tell.send(()).unwrap();
            let file = LockedFile::open(&place.file, LIMIT, PATIENCE, waits).unwrap();
            file.bytes().unwrap().to_vec()
        });
        told.recv().unwrap();
        first.replace(b"after").unwrap();
        assert_eq!(second.join().unwrap(), b"after");
    });
}

#[test]
fn what_somebody_without_the_lock_wrote_is_not_replaced() {
    for (before, meanwhile) in [
        (Some("before"), Some("edited")),
        (Some("before"), None),
        (None, Some("begun")),
    ] {
        let place = place("");
        let put = |text: Option<&str>| match text {
            Some(text) => fs::write(&place.file, text).unwrap(),
            None => fs::remove_file(&place.file).unwrap(),
        };
        put(before);
        let file = open(&place.file);
        put(meanwhile);
        let error = file.replace(b"after").unwrap_err();
        assert!(matches!(error, FileError::Changed { .. }), "{error}");
        let now = fs::read_to_string(&place.file).ok();
        assert_eq!(now.as_deref(), meanwhile);
        assert!(names(place.folder.path()).len() <= 1);
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let place = place("12345");
    let error = LockedFile::open(&place.file, 4, PATIENCE, || {}).unwrap_err();
    assert!(
        matches!(error, FileError::TooLarge { limit: 4, .. }),
        "{error}"
    );
}

#[test]
fn who_waits_for_nothing_is_told_whom_for() {
    let place = place("before");
    let first = open(&place.file);
    let mut is_told = false;
    let waits = || is_told = true;
    let error = LockedFile::open(&place.file, LIMIT, Duration::ZERO, waits).unwrap_err();
    assert!(is_told);
    let FileError::Locked { path, process, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(path, place.folder.path());
    // Not every system, and not every file system, tells.
    assert!(process.is_none_or(|process| process == std::process::id()));
    let help = error.help();
    assert!(help.contains("run the command again"), "{help}");
    drop(first);
    assert_eq!(open(&place.file).bytes(), Some(&b"before"[..]));
}
