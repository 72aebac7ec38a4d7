//! A disk that refuses is an error with a name, and what was there stays readable.

use std::{fs, process::Command};

use signalbox_runtime::Digest;
use signalbox_swap::{FileError, State, StateError};

use super::{
    component,
    crash::{FOLDER, named_folder},
    entry, folder, open, remembered, temporary,
};

/// Neither root nor a small disk is needed for a write that stops in its middle: a limit on file
/// sizes does it. With the signal ignored, the system says so as it would say that it is full.
#[test]
fn a_full_disk_changes_nothing() {
    let root = folder();
    let state = open(&root);
    state.keep(&component(1)).unwrap();
    state.write(&remembered(1)).unwrap();
    drop(state);
    let ran = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "state::disk::writes_more_than_fits"])
        .args(["--ignored", "--nocapture"])
        .env(FOLDER, root.path().join("state"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
    assert_eq!(open(&root).read().unwrap(), remembered(1));
}

#[test]
#[ignore = "a part of another test: the process with the limit"]
fn writes_more_than_fits() {
    let folder = named_folder();
    let state = State::open(&folder).unwrap();
    let long = "x".repeat(1 << 20);
    let mut new = remembered(2);
    new.history.push(entry(3, &long));
    for error in [
        state.keep(long.as_bytes()).unwrap_err(),
        state.write(&new).unwrap_err(),
    ] {
        assert!(
            matches!(error, StateError::File(FileError::Full { .. })),
            "{error:?}"
        );
        assert!(error.help().starts_with("make room"));
    }
    assert_eq!(temporary(&folder), [""; 0], "what was written goes");
    let kept = state.component(&Digest::of(long.as_bytes()));
    assert!(matches!(kept, Err(StateError::ObjectMissing { .. })));
    assert_eq!(state.read().unwrap(), remembered(1));
    // What fits is written still.
    state.write(&remembered(2)).unwrap();
    state.write(&remembered(1)).unwrap();
}

#[test]
fn a_place_that_cannot_be_taken_changes_nothing() {
    let root = folder();
    let state = open(&root);
    let folder = root.path().join("state");
    fs::remove_file(folder.join("state.json")).unwrap();
    fs::create_dir_all(folder.join("state.json/in the way")).unwrap();
    let error = state.write(&remembered(1)).unwrap_err();
    assert!(
        matches!(error, StateError::File(FileError::Disk { .. })),
        "{error:?}"
    );
    assert_eq!(temporary(&folder), [""; 0]);
    fs::remove_dir_all(&folder).unwrap();
    assert!(state.write(&remembered(1)).is_err());
    assert!(state.keep(b"component").is_err());
}

/// Root may write anywhere; without its capabilities, this thread may not.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_written_is_still_read() {
    use std::os::unix::fs::PermissionsExt;

    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

    let root = folder();
    let state = open(&root);
    state.keep(&component(1)).unwrap();
    state.write(&remembered(1)).unwrap();
    let folder = root.path().join("state");
    let modes = |mode| {
        for folder in [folder.clone(), folder.join("objects")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    modes(0o500);
    let refused = || {
        let none = CapabilitySets {
            effective: CapabilitySet::empty(),
            permitted: CapabilitySet::empty(),
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, none).unwrap();
        for error in [
            state.write(&remembered(2)).unwrap_err(),
            state.keep(&component(2)).unwrap_err(),
        ] {
            assert!(
                matches!(error, StateError::File(FileError::Denied { .. })),
                "{error:?}"
            );
            assert!(error.help().contains("has to be writable"));
        }
        assert_eq!(state.read().unwrap(), remembered(1));
        let live = Digest::of(&component(1));
        assert_eq!(state.component(&live).unwrap(), component(1));
    };
    std::thread::scope(|scope| scope.spawn(refused).join().unwrap());
    modes(0o700);
    state.write(&remembered(2)).unwrap();
}
