//! What is replaced still is whose it was, and where it was.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::Path,
};

use rustix::{
    fs::{CWD, Mode, mkfifoat},
    process::geteuid,
};
use signalbox_files::{FileError, replace};

use super::{names, place};

/// User, group and mode.
fn owned(path: &Path) -> (u32, u32, u32) {
    let found = fs::metadata(path).unwrap();
    (found.uid(), found.gid(), found.mode() & 0o7777)
}

#[test]
fn a_new_file_is_readable_by_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new");
    replace(&path, b"text").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"text");
    assert_eq!(owned(&path).2, 0o644);
    assert_eq!(names(folder.path()), ["new"]);
    let error = replace(&folder.path().join("not/there"), b"").unwrap_err();
    assert!(error.help().contains("has to exist"), "{error}");
}

/// Only root can give something away.
#[test]
fn a_file_keeps_its_owner_its_group_and_its_mode() {
    let place = place("before");
    if geteuid().is_root() {
        chown(&place.file, Some(65_534), Some(65_533)).unwrap();
    }
    for mode in [0o600, 0o640, 0o666, 0o400, 0o2750] {
        fs::set_permissions(&place.file, Permissions::from_mode(mode)).unwrap();
        let before = owned(&place.file);
        replace(&place.file, format!("{mode:o}").as_bytes()).unwrap();
        assert_eq!(owned(&place.file), before);
        assert_eq!(
            fs::read_to_string(&place.file).unwrap(),
            format!("{mode:o}")
        );
    }
    assert_eq!(names(place.folder.path()), ["file"]);
}

/// Root may give away anything; without its capabilities, this thread may not.
#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_owner_would_be_lost_stays_as_it_is() {
    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

    if !geteuid().is_root() {
        return;
    }
    let place = place("before");
    chown(&place.file, Some(65_534), Some(65_534)).unwrap();
    let refused = || {
        let none = CapabilitySets {
            effective: CapabilitySet::empty(),
            permitted: CapabilitySet::empty(),
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, none).unwrap();
        replace(&place.file, b"after").unwrap_err()
    };
    let error = std::thread::scope(|scope| scope.spawn(refused).join().unwrap());
    assert!(
        matches!(
            error,
            FileError::OwnerLost {
                owner: 65_534,
                group: 65_534,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.help().contains("as user 65534"), "{}", error.help());
    assert_eq!(fs::read(&place.file).unwrap(), b"before");
    assert_eq!(names(place.folder.path()), ["file"]);
}

/// As `setfacl -m u:65534:r` writes it: that user may read, beside owner and group.
#[cfg(target_os = "linux")]
#[test]
fn a_file_keeps_who_else_may_read_it() {
    use rustix::{
        fs::{XattrFlags, lgetxattr, lsetxattr},
        io::Errno,
    };

    const NAME: &str = "system.posix_acl_access";
    let entry = |tag: u16, bits: u16, id: u32| {
        [
            &tag.to_le_bytes()[..],
            &bits.to_le_bytes(),
            &id.to_le_bytes(),
        ]
        .concat()
    };
    let nobody = u32::MAX;
    let list = [
        2_u32.to_le_bytes().to_vec(),
        entry(0x01, 6, nobody),
        entry(0x02, 4, 65_534),
        entry(0x04, 0, nobody),
        entry(0x10, 4, nobody),
        entry(0x20, 0, nobody),
    ]
    .concat();
    let place = place("before");
    match lsetxattr(&place.file, NAME, &list, XattrFlags::empty()) {
        // A disk without access lists has none to keep.
        Err(Errno::OPNOTSUPP) => return,
        set => set.unwrap(),
    }
    replace(&place.file, b"after").unwrap();
    let mut found = [0; 100];
    let length = lgetxattr(&place.file, NAME, &mut found).unwrap();
    assert_eq!(found[..length], list);
    assert_eq!(owned(&place.file).2, 0o640);
}

#[test]
fn links_stay_and_the_file_behind_them_is_replaced() {
    let place = place("before");
    let at = |name: &str| place.folder.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    symlink("../file", at("folder/link")).unwrap();
    symlink(at("folder"), at("way")).unwrap();
    symlink("way/link", at("first")).unwrap();
    fs::set_permissions(&place.file, Permissions::from_mode(0o604)).unwrap();
    replace(&at("first"), b"after").unwrap();
    for link in ["folder/link", "way", "first"] {
        assert!(at(link).is_symlink(), "{link}");
    }
    assert!(!place.file.is_symlink());
    assert_eq!(fs::read(&place.file).unwrap(), b"after");
    assert_eq!(owned(&place.file).2, 0o604);
    assert_eq!(names(&at("folder")), ["link"]);
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let place = place("");
    let at = |name: &str| place.folder.path().join(name);
    symlink("nowhere", at("dangling")).unwrap();
    let error = replace(&at("dangling"), b"").unwrap_err();
    assert!(matches!(error, FileError::LinkToNothing { .. }), "{error}");
    fs::create_dir(at("folder")).unwrap();
    mkfifoat(CWD, at("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
    for name in ["folder", "pipe"] {
        let error = replace(&at(name), b"").unwrap_err();
        assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
    }
    assert_eq!(
        names(place.folder.path()),
        ["dangling", "file", "folder", "pipe"]
    );
}
