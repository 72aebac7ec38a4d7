//! A component is compiled once in a process, however many names it is behind.

use signalbox_runtime::{Cached, LoadOptions, Runtime, Settings};

use crate::{
    cache::{component, entries, scratch, start},
    guests::Guest,
};

#[test]
fn component_behind_two_names_is_compiled_once_and_its_code_is_shared() {
    let runtime = Runtime::new(Settings::default()).unwrap();
    let load = |component: &[u8]| runtime.load(component, &LoadOptions::default()).unwrap();
    for component in [
        Guest::default().component(),
        component("gpt-4o", "support-agent"),
    ] {
        let first = load(&component);
        assert_eq!((first.cached(), first.is_from_cache()), (None, false));
        let second = load(&component);
        assert_eq!(second.cached(), Some(Cached::Shared));
        assert_eq!(second.description(), first.description());
        drop(first);
        // It is the second's as well.
        assert_eq!(load(&component).cached(), Some(Cached::Shared));
        drop(second);
        assert_eq!(load(&component).cached(), None, "nobody has it any more");
    }
}

#[test]
fn code_in_use_is_not_asked_of_the_cache_nor_written_again() {
    let (_scratch, folder) = scratch();
    let (runtime, cache) = start(&folder);
    let component = component("gpt-4o", "support-agent");
    let load = || runtime.load(&component, &LoadOptions::default()).unwrap();
    let first = load();
    for entry in entries(&folder) {
        std::fs::remove_file(entry).unwrap();
    }
    assert_eq!(load().cached(), Some(Cached::Shared));
    assert_eq!((cache.counts().misses, entries(&folder).len()), (1, 0));
    drop(first);
    assert_eq!(load().cached(), Some(Cached::Missed));
}
