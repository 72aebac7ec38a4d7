//! Whose folder it is, and how much is in it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::Path,
};

use signalbox_runtime::{Allocation, Cache, Cached, FileError, LoadOptions};

use super::{component, entries, load, scratch, start, start_with};

fn refusal(folder: &Path) -> FileError {
    Cache::open(folder).unwrap_err()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn folder_and_key_are_made_for_us_alone() {
    let (_scratch, folder) = scratch();
    let shown = format!("{:?}", Cache::open(&folder).unwrap());
    let key = fs::read(folder.join("key")).unwrap();
    assert_eq!((mode(&folder), mode(&folder.join("key"))), (0o700, 0o600));
    assert_eq!(key.len(), 32);
    assert!(!shown.contains(&format!("{key:?}")), "{shown}");
    Cache::open(&folder).unwrap();
    assert_eq!(fs::read(folder.join("key")).unwrap(), key);
}

#[test]
fn folder_that_others_may_enter_is_refused() {
    let (_scratch, folder) = scratch();
    Cache::open(&folder).unwrap();
    for wrong in [0o755, 0o770, 0o701, 0o720, 0o704, 0o777] {
        set_mode(&folder, wrong);
        let error = refusal(&folder);
        assert!(
            matches!(&error, FileError::OpenToOthers { path, mode }
                if *path == folder && *mode == wrong),
            "{error:?}"
        );
    }
    set_mode(&folder, 0o700);
    Cache::open(&folder).unwrap();
}

#[test]
fn key_that_others_may_read_or_change_is_refused() {
    let (_scratch, folder) = scratch();
    Cache::open(&folder).unwrap();
    let key = folder.join("key");
    for wrong in [0o640, 0o604, 0o620, 0o666] {
        set_mode(&key, wrong);
        let error = refusal(&folder);
        assert!(
            matches!(&error, FileError::OpenToOthers { path, .. } if *path == key),
            "{error:?}"
        );
    }
}

/// Only the superuser can give something away.
#[test]
fn folder_or_key_of_somebody_else_is_refused() {
    let (_scratch, folder) = scratch();
    Cache::open(&folder).unwrap();
    let key = folder.join("key");
    let ours = fs::metadata(&key).unwrap().uid();
    if ours != 0 {
        assert!(chown(&key, Some(ours + 1), None).is_err());
        return;
    }
    for path in [&key, &folder] {
        chown(path, Some(65_534), None).unwrap();
        let error = refusal(&folder);
        assert!(
            matches!(&error, FileError::Foreign { path: found, owner: 65_534, .. } if found == path),
            "{error:?}"
        );
        chown(path, Some(ours), None).unwrap();
    }
    Cache::open(&folder).unwrap();
}

#[test]
fn link_to_a_good_folder_is_refused_however_it_is_written() {
    let (scratch, folder) = scratch();
    Cache::open(&folder).unwrap();
    let link = scratch.path().join("link");
    symlink(&folder, &link).unwrap();
    for ending in ["", "/", "/.", "//", "/./"] {
        let path = format!("{}{ending}", link.display());
        let error = refusal(Path::new(&path));
        assert!(
            matches!(error, FileError::NotAFolder { .. }),
            "{path}: {error:?}"
        );
    }
}

#[test]
fn what_is_no_folder_is_refused() {
    let (scratch, folder) = scratch();
    fs::write(&folder, "").unwrap();
    let error = refusal(&folder);
    assert!(matches!(error, FileError::NotAFolder { .. }), "{error:?}");
    let error = refusal(&scratch.path().join("not/there"));
    assert!(matches!(error, FileError::Disk { .. }), "{error:?}");
}

#[test]
fn key_that_is_none_is_refused() {
    let (_scratch, folder) = scratch();
    Cache::open(&folder).unwrap();
    let (key, aside) = (folder.join("key"), folder.join("aside"));
    for wrong in [&b""[..], &[1; 31], &[1; 33]] {
        fs::write(&key, wrong).unwrap();
        let error = refusal(&folder);
        assert!(matches!(error, FileError::KeyDamaged { .. }), "{error:?}");
    }
    fs::rename(&key, &aside).unwrap();
    symlink(&aside, &key).unwrap();
    let error = refusal(&folder);
    assert!(matches!(error, FileError::NotAFile { .. }), "{error:?}");
}

#[test]
fn folder_that_was_checked_stays_in_use_whatever_its_path_comes_to_mean() {
    let (scratch, folder) = scratch();
    let component = component("gpt-4o", "support-agent");
    let (runtime, _) = start(&folder);
    let moved = scratch.path().join("moved");
    fs::rename(&folder, &moved).unwrap();
    fs::create_dir(&folder).unwrap();
    runtime.load(&component, &LoadOptions::default()).unwrap();
    assert_eq!((entries(&folder).len(), entries(&moved).len()), (0, 1));
}

#[test]
fn folder_that_is_gone_fails_no_load() {
    let (_scratch, folder) = scratch();
    let (runtime, cache) = start(&folder);
    fs::remove_dir_all(&folder).unwrap();
    let component = component("gpt-4o", "support-agent");
    let plugin = runtime.load(&component, &LoadOptions::default()).unwrap();
    assert_eq!(plugin.cached(), Some(Cached::Missed));
    assert_eq!(cache.counts().unwritten, 1);
}

#[test]
fn entries_not_used_for_the_longest_go_when_there_are_too_many() {
    let (_scratch, folder) = scratch();
    let cache = Cache::open(&folder).unwrap().bounded(3, 1 << 30);
    let (runtime, _) = start_with(cache, Allocation::OnDemand);
    let load = |component: &[u8]| {
        let plugin = runtime.load(component, &LoadOptions::default()).unwrap();
        plugin.cached().unwrap()
    };
    let [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(|name| component(name, "p"));
    assert_eq!([&a, &b, &c].map(|each| load(each)), [Cached::Missed; 3]);
    assert_eq!(load(&a), Cached::Hit);
    assert_eq!([&d, &e].map(|each| load(each)), [Cached::Missed; 2]);
    assert_eq!(entries(&folder).len(), 3);
    assert_eq!([&a, &d, &e].map(|each| load(each)), [Cached::Hit; 3]);
    assert_eq!(load(&b), Cached::Missed);
}

#[test]
fn entries_are_bounded_in_bytes_and_leftovers_of_a_crash_count() {
    let (_scratch, folder) = scratch();
    let [a, b] = ["a", "b"].map(|name| component(name, "p"));
    load(&folder, &a);
    let size = fs::metadata(&entries(&folder)[0]).unwrap().len();
    let leftover = folder.join("0123456789abcdef.new");
    fs::write(&leftover, vec![0; usize::try_from(size).unwrap()]).unwrap();
    let bounded = |bytes| {
        start_with(
            Cache::open(&folder)
                .unwrap()
                .bounded(9, usize::try_from(bytes).unwrap()),
            Allocation::OnDemand,
        )
    };
    // Room for one and a half.
    let (runtime, cache) = bounded(size + size / 2);
    runtime.load(&b, &LoadOptions::default()).unwrap();
    assert_eq!((entries(&folder).len(), leftover.exists()), (1, false));
    assert_eq!(cache.counts().unwritten, 0);
    // Room for none: one too large is not read either.
    let (runtime, cache) = bounded(size / 2);
    let plugin = runtime.load(&b, &LoadOptions::default()).unwrap();
    assert_eq!(plugin.cached(), Some(Cached::Rejected));
    assert_eq!((cache.counts().unwritten, entries(&folder).len()), (1, 0));
}
