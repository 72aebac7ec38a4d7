//! Several at one folder.

use std::{process::Command, thread};

use signalbox_runtime::{Cached, LoadOptions};

use super::{component, entries, load, published, scratch, start};

#[test]
fn threads_that_write_at_once_leave_good_entries() {
    let (_scratch, folder) = scratch();
    let components = ["a", "b"].map(|name| component(name, "p"));
    thread::scope(|scope| {
        for turn in 0..8 {
            let (folder, components) = (&folder, &components);
            // Each as a process of its own would: even the key is made at once.
            scope.spawn(move || {
                let (runtime, cache) = start(folder);
                for component in components.iter().cycle().skip(turn).take(4) {
                    let plugin = runtime.load(component, &LoadOptions::default()).unwrap();
                    assert!(
                        published(&plugin, "a")
                            .or(published(&plugin, "b"))
                            .is_some()
                    );
                }
                assert_eq!((cache.counts().rejected, cache.counts().unwritten), (0, 0));
            });
        }
    });
    for component in &components {
        assert_eq!(load(&folder, component).cached(), Some(Cached::Hit));
    }
    assert_eq!(entries(&folder).len(), 2);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3);
}

#[test]
fn processes_that_write_at_once_leave_good_entries() {
    const FOLDER: &str = "SIGNALBOX_TEST_CACHE";
    let component = component("gpt-4o", "support-agent");
    if let Some(folder) = std::env::var_os(FOLDER) {
        for _ in 0..4 {
            let (runtime, cache) = start(folder.as_ref());
            runtime.load(&component, &LoadOptions::default()).unwrap();
            assert_eq!((cache.counts().rejected, cache.counts().unwritten), (0, 0));
        }
        return;
    }
    let (_scratch, folder) = scratch();
    let itself = "cache::sharing::processes_that_write_at_once_leave_good_entries";
    let begin = || {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", itself]).env(FOLDER, &folder);
        child.spawn().unwrap()
    };
    let children: Vec<_> = (0..3).map(|_| begin()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(load(&folder, &component).cached(), Some(Cached::Hit));
}
