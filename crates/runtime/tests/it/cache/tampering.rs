//! Entries that are not as they were written, and entries that never were.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, Mode};
use signalbox_runtime::{Allocation, Cache, Cached, LoadOptions};

use super::{component, entries, load, published, scratch, start, start_with};

/// A folder with the entry of one component.
struct Kept {
    _scratch: tempfile::TempDir,
    folder: PathBuf,
    component: Vec<u8>,
    entry: PathBuf,
    bytes: Vec<u8>,
}

fn kept() -> Kept {
    let (scratch, folder) = scratch();
    let component = component("gpt-4o", "support-agent");
    load(&folder, &component);
    let entry = entries(&folder).remove(0);
    Kept {
        _scratch: scratch,
        folder,
        component,
        bytes: fs::read(&entry).unwrap(),
        entry,
    }
}

impl Kept {
    /// The next start refuses what is there, decides as ever, and leaves a good entry behind.
    fn is_refused(&self, what: &str) {
        let (runtime, cache) = start(&self.folder);
        let plugin = runtime
            .load(&self.component, &LoadOptions::default())
            .unwrap();
        assert_eq!(plugin.cached(), Some(Cached::Rejected), "{what}");
        assert_eq!(cache.counts().rejected, 1, "{what}");
        assert_eq!(
            published(&plugin, "gpt-4o").as_deref(),
            Some("support-agent")
        );
        let again = load(&self.folder, &self.component);
        assert_eq!(again.cached(), Some(Cached::Hit), "after {what}");
    }

    fn put(&self, bytes: &[u8]) {
        fs::write(&self.entry, bytes).unwrap();
    }
}

/// Where the parts of an entry begin: form, environment, digest, code, seal.
fn parts(bytes: &[u8]) -> [usize; 5] {
    [0, 16, 48, 80, bytes.len() - 32]
}

#[test]
fn entry_that_is_as_it_was_written_is_used() {
    let kept = kept();
    assert!(kept.bytes.starts_with(b"signalbox code 1"));
    assert!(kept.bytes[80..].starts_with(b"\x7fELF"));
    assert!(load(&kept.folder, &kept.component).is_from_cache());
}

#[test]
fn entry_with_a_bit_changed_in_any_part_is_refused() {
    let kept = kept();
    let begins = parts(&kept.bytes);
    let ends = begins.iter().skip(1).copied().chain([kept.bytes.len()]);
    for (begin, end) in begins.into_iter().zip(ends) {
        for place in [begin, begin + (end - begin) / 2, end - 1] {
            let mut changed = kept.bytes.clone();
            changed[place] ^= 1;
            kept.put(&changed);
            kept.is_refused(&format!("byte {place}"));
        }
    }
}

/// wasmtime itself would take it: what the policy answers is plain data in the code's file.
#[test]
fn entry_that_would_answer_something_else_is_refused() {
    let kept = kept();
    let mut changed = kept.bytes.clone();
    let places: Vec<usize> = (0..changed.len())
        .filter(|place| changed[*place..].starts_with(b"support-agent"))
        .collect();
    assert!(!places.is_empty());
    for place in places {
        changed[place..][..13].copy_from_slice(b"someone-else!");
    }
    kept.put(&changed);
    kept.is_refused("another answer");
}

#[test]
fn entry_that_is_cut_or_longer_is_refused() {
    let kept = kept();
    let [.., code, seal] = parts(&kept.bytes);
    let all = kept.bytes.len();
    for length in [
        0,
        1,
        16,
        31,
        32,
        33,
        code,
        code + 31,
        code + 32,
        all / 2,
        seal,
        all - 1,
    ] {
        kept.put(&kept.bytes[..length]);
        kept.is_refused(&format!("{length} bytes of {all}"));
    }
    kept.put(&[&kept.bytes[..], b"\0"].concat());
    kept.is_refused("a byte more");
}

#[test]
fn entry_of_another_component_is_refused_under_this_ones_name() {
    let kept = kept();
    let other = component("gpt-4o", "gt-small");
    load(&kept.folder, &other);
    let [first, second] = entries(&kept.folder).try_into().unwrap();
    let aside = kept.folder.join("aside");
    for (from, to) in [(&first, &aside), (&second, &first), (&aside, &second)] {
        fs::rename(from, to).unwrap();
    }
    kept.is_refused("the other's entry");
    let plugin = load(&kept.folder, &other);
    assert_eq!(plugin.cached(), Some(Cached::Rejected));
    assert_eq!(published(&plugin, "gpt-4o").as_deref(), Some("gt-small"));
}

#[test]
fn entry_of_another_engine_is_refused_under_this_ones_name() {
    let kept = kept();
    let cache = Cache::open(&kept.folder).unwrap();
    let (pool, _) = start_with(cache, Allocation::SmallPool);
    pool.load(&kept.component, &LoadOptions::default()).unwrap();
    let others = entries(&kept.folder);
    let other = others.iter().find(|path| **path != kept.entry).unwrap();
    fs::rename(other, &kept.entry).unwrap();
    kept.is_refused("another engine's entry");
}

/// The same component, engine and machine, so that the code itself is right: only the key differs.
#[test]
fn entry_under_another_key_is_refused() {
    let (kept, foreign) = (kept(), kept());
    assert_eq!(kept.entry.file_name(), foreign.entry.file_name());
    kept.put(&foreign.bytes);
    kept.is_refused("a foreign entry");
}

#[test]
fn entries_are_refused_once_the_key_is_another() {
    let kept = kept();
    fs::remove_file(kept.folder.join("key")).unwrap();
    kept.is_refused("an entry of the lost key");
}

#[test]
fn code_without_a_seal_is_refused() {
    let kept = kept();
    let [.., code, seal] = parts(&kept.bytes);
    kept.put(&kept.bytes[code..seal]);
    kept.is_refused("bare code");
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let kept = kept();
    let elsewhere = kept.folder.join("elsewhere");
    fs::write(&elsewhere, &kept.bytes).unwrap();
    let replaced = |what: &str, plant: &dyn Fn(&Path)| {
        fs::remove_file(&kept.entry).unwrap();
        plant(&kept.entry);
        kept.is_refused(what);
    };
    replaced("a link to a good entry", &|entry| {
        symlink(&elsewhere, entry).unwrap();
    });
    replaced("a link to nothing", &|entry| {
        symlink("nowhere", entry).unwrap();
    });
    replaced("a folder", &|entry| fs::create_dir(entry).unwrap());
    replaced("a pipe", &|entry| {
        rustix::fs::mknodat(CWD, entry, FileType::Fifo, Mode::RUSR, 0).unwrap();
    });
    assert_eq!(fs::read(&elsewhere).unwrap(), kept.bytes);
}
