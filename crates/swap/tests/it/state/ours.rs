//! The folder is ours alone, or it is refused.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use rustix::{
    fs::{CWD, Mode, mkfifoat},
    process::geteuid,
};
use signalbox_swap::{FileError, State, StateError};

use super::{component, folder, open, remembered};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn folders_are_made_for_their_owner_alone() {
    let root = folder();
    let state = open(&root);
    let digest = state.keep(&component(1)).unwrap();
    state.write(&remembered(1)).unwrap();
    let folder = root.path().join("state");
    for (name, expected) in [
        (".", 0o700),
        ("objects", 0o700),
        ("lock", 0o600),
        ("key", 0o600),
        ("state.json", 0o600),
        (&format!("objects/{digest}.wasm"), 0o600),
    ] {
        assert_eq!(mode(&folder.join(name)), expected, "{name}");
    }
    assert_eq!(fs::read(folder.join("key")).unwrap().len(), 32);
}

#[test]
fn a_folder_that_is_open_to_others_is_refused_and_left_alone() {
    let root = folder();
    for bits in [0o750, 0o710, 0o720, 0o740, 0o701, 0o702, 0o704, 0o777] {
        let open = root.path().join(format!("{bits:o}"));
        fs::create_dir(&open).unwrap();
        set_mode(&open, bits);
        let error = State::open(&open).unwrap_err();
        assert!(
            matches!(error, StateError::File(FileError::OpenToOthers { mode, .. }) if mode == bits),
            "{error}"
        );
        assert!(
            error
                .help()
                .starts_with(&format!("`chmod go-rwx {}`", open.display()))
        );
        assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
        assert_eq!(mode(&open), bits);
    }
}

#[test]
fn files_and_folders_inside_have_to_be_ours_alone_too() {
    let root = folder();
    let state = open(&root);
    let digest = state.keep(&component(1)).unwrap();
    state.write(&remembered(1)).unwrap();
    drop(state);
    let folder = root.path().join("state");
    let object = folder.join(format!("objects/{digest}.wasm"));
    set_mode(&object, 0o644);
    set_mode(&folder.join("state.json"), 0o660);
    let state = open(&root);
    for error in [
        state.component(&digest).unwrap_err(),
        state.read().unwrap_err(),
    ] {
        assert!(
            matches!(error, StateError::File(FileError::OpenToOthers { .. })),
            "{error}"
        );
    }
    drop(state);
    for (name, bits) in [("key", 0o640), ("objects", 0o755)] {
        let before = mode(&folder.join(name));
        set_mode(&folder.join(name), bits);
        let error = State::open(&folder).unwrap_err();
        assert!(
            matches!(error, StateError::File(FileError::OpenToOthers { .. })),
            "{error}"
        );
        set_mode(&folder.join(name), before);
    }
}

#[test]
fn a_link_a_file_and_a_missing_parent_are_refused() {
    let root = folder();
    let real = root.path().join("real");
    drop(State::open(&real).unwrap());
    let link = root.path().join("link");
    symlink(&real, &link).unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    // A slash at the end would follow the link.
    for path in [&link, &link.join(""), &link.join("."), &file] {
        let error = State::open(path).unwrap_err();
        assert!(
            matches!(error, StateError::File(FileError::NotAFolder { .. })),
            "{error}"
        );
    }
    let error = State::open(&root.path().join("not/there")).unwrap_err();
    assert!(
        matches!(error, StateError::File(FileError::Disk { .. })),
        "{error}"
    );
    assert!(error.help().contains("has to exist"));
    assert!(!root.path().join("not").exists());
}

#[test]
fn links_and_pipes_inside_are_not_followed() {
    let root = folder();
    let state = open(&root);
    let folder = root.path().join("state");
    let digest = state.keep(&component(1)).unwrap();
    let object = folder.join(format!("objects/{digest}.wasm"));
    let elsewhere = root.path().join("elsewhere");
    fs::rename(&object, &elsewhere).unwrap();
    symlink(&elsewhere, &object).unwrap();
    fs::remove_file(folder.join("state.json")).unwrap();
    mkfifoat(CWD, folder.join("state.json"), Mode::RUSR | Mode::WUSR).unwrap();
    for error in [
        state.component(&digest).unwrap_err(),
        state.read().unwrap_err(),
    ] {
        assert!(
            matches!(error, StateError::File(FileError::NotAFile { .. })),
            "{error}"
        );
    }
    // Writing puts a file in their place, and touches nothing elsewhere.
    fs::write(&elsewhere, "theirs").unwrap();
    state.keep(&component(1)).unwrap();
    state.write(&remembered(1)).unwrap();
    assert_eq!(state.component(&digest).unwrap(), component(1));
    assert_eq!(state.read().unwrap(), remembered(1));
    assert_eq!(fs::read(&elsewhere).unwrap(), b"theirs");
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let root = folder();
    // Only root can give a folder away; for others, one of root's will do.
    let (theirs, owner) = if geteuid().is_root() {
        std::os::unix::fs::chown(root.path(), Some(65_534), None).unwrap();
        (root.path(), 65_534)
    } else {
        (Path::new("/usr"), 0)
    };
    let error = State::open(theirs).unwrap_err();
    assert!(
        matches!(error, StateError::File(FileError::Foreign { owner: found, .. }) if found == owner),
        "{error}"
    );
    assert!(error.help().contains(&format!("as user {owner}")));
}

#[test]
fn a_folder_that_is_renamed_in_use_stays_the_same_folder() {
    let root = folder();
    let state = open(&root);
    let [before, after] = ["state", "moved"].map(|name| root.path().join(name));
    fs::rename(&before, &after).unwrap();
    fs::create_dir(&before).unwrap();
    state.write(&remembered(1)).unwrap();
    assert_eq!(state.read().unwrap(), remembered(1));
    assert_eq!(fs::read_dir(&before).unwrap().count(), 0);
    assert!(after.join("state.json").exists());
}
