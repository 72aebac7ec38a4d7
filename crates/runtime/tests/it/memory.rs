//! What a thousand swaps leave behind.

use std::{fs, process::Command};

use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::{
    Allocation, Cache, Change, GenerationStats, LoadOptions, Runtime, Settings, Slot,
};

use crate::{
    cache::{component, scratch},
    guests::{caller, chat, commit},
};

/// Every twenty-fifth load compiles and the others take what the cache has, and of every generation
/// an answer stays open to the end, which keeps what is counted of the generation and no more. Memory
/// is measured in a process that does nothing else.
#[test]
fn memory_is_flat_over_a_thousand_loads_and_commits() {
    const ALONE: &str = "SIGNALBOX_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let itself = "memory::memory_is_flat_over_a_thousand_loads_and_commits";
        let mut alone = Command::new(std::env::current_exe().unwrap());
        alone.args(["--exact", itself]).env(ALONE, "1");
        assert!(alone.status().unwrap().success());
        return;
    }
    let (_scratch, folder) = scratch();
    // Room for one: that of the other policy always goes.
    let cache = Cache::open(&folder).unwrap().bounded(1, 1 << 30);
    let settings = Settings {
        workers: 1,
        decision_threads: 1,
        cache: Some(cache.clone()),
        allocation: Allocation::OnDemand,
        ..Settings::default()
    };
    // What a runtime has in use it does not look for in the cache: two, taking turns.
    let runtimes = [settings.clone(), settings].map(|settings| Runtime::new(settings).unwrap());
    let slot = Slot::new();
    let components = ["gpt-4o", "gpt-5"].map(|name| component(name, "support-agent"));
    let mut caller = caller("app");
    caller.scopes = vec!["inference:chat".into()];
    let request = chat(&caller, RequestedModel::Named("gpt-4o"));
    let (mut open, mut early) = (Vec::new(), 0);
    for cycle in 0..1000_usize {
        let turn = cycle / 25 % 2;
        let component = components.get(turn).unwrap();
        let runtime = runtimes.get(cycle % 2).unwrap();
        let plugin = runtime.load(component, &LoadOptions::default()).unwrap();
        assert_eq!(plugin.is_from_cache(), cycle % 25 != 0);
        let policies = commit(&slot, Change::new().serve("a", plugin));
        let live = policies.get("a").unwrap().live();
        let is_known = matches!(live.decide(&request), Ok(Decision::Forward(_)));
        assert_eq!(is_known, turn == 0);
        open.push(live.served().open());
        if cycle == 99 {
            early = resident();
        }
    }
    let late = resident();
    let freed = open.iter().filter(|open| open.served().is_freed()).count();
    assert_eq!((open.len(), freed), (1000, 999));
    assert_eq!((cache.counts().hits, cache.counts().misses), (960, 40));
    let kept = 900 * size_of::<GenerationStats>() as u64 / PAGE;
    assert!(
        late * 100 <= (early + kept) * 105,
        "{early} pages, then {late}, of which {kept} are kept"
    );
}

/// Pages of memory this process has.
fn resident() -> u64 {
    let all = fs::read_to_string("/proc/self/statm").unwrap();
    all.split(' ').nth(1).unwrap().parse().unwrap()
}

const PAGE: u64 = 4096;
