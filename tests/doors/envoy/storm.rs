//! A thousand swaps under traffic: no request fails, none is decided by two generations, and what the
//! process holds does not grow.

use std::fs;

use serde_json::json;
use signalbox_harness::{
    envoy_module::{Stand, StandSetup, VERSIONS},
    gate::key_entry,
    storm::{Ledger, Storm, Variant, tenant},
};

const KEY: &str = "gtak_storm";
const CONNECTIONS: usize = 16;
const SWAPS: usize = 1_000;
const REQUESTS_A_SWAP: usize = 4;
/// When what is held counts as settled, and how much more it may be at the end: in KiB.
const WARM: usize = 200;
const GROWTH: u64 = 24 << 10;

fn stand() -> Stand {
    let setup = StandSetup {
        tenant: tenant(),
        keys: key_entry(
            "storm",
            KEY,
            "policy: storm, models: all, datasets: [briefs], purposes: [inference, upload], \
             scopes: [\"inference:chat\", \"inference:embed\", \"datasets:write\"]",
        ),
        policies: vec![("storm", Variant::after(0).component())],
        // The cache of compiled components is what lets a thousand transactions fit a test.
        more: json!({"state": "{files}/state"}),
    };
    setup.start(VERSIONS[0])
}

#[test]
fn a_thousand_swaps_under_traffic_fail_nothing_and_mix_nothing() {
    let stand = stand();
    let components = Variant::ALL.map(Variant::component);
    let mut ledger = Ledger::default();
    ledger.serves(1, Variant::after(0));
    let storm = Storm::start(stand.envoy.address(), KEY, CONNECTIONS);
    let mut settled = 0;
    for swap in 1..=SWAPS {
        let variant = Variant::after(swap);
        // A request may be decided by it before this thread hears that it serves.
        ledger.serves(swap as u64 + 1, variant);
        stand.swap("storm", &components[variant.number()]);
        storm.swapped(REQUESTS_A_SWAP);
        if swap == WARM {
            settled = resident(&stand);
        }
    }
    let seen = storm.stop();
    let grown = resident(&stand).saturating_sub(settled);
    assert_eq!(
        ledger.wrong(&seen, &stand.gt().requests()),
        Vec::<String>::new()
    );
    assert!(seen.len() >= SWAPS * REQUESTS_A_SWAP / 2, "{}", seen.len());
    assert!(ledger.generations(&seen) > SWAPS / 2);
    assert!(grown < GROWTH, "{grown} KiB more than after {WARM} swaps");
}

/// Kilobytes of Envoy in memory.
fn resident(stand: &Stand) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", stand.envoy.id()));
    let status = status.expect("the kernel says it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.expect("a number").parse().expect("a number")
}
