//! A thousand swaps under traffic through Envoy: no request fails, and none is decided by two generations.

use signalbox_harness::{
    envoy,
    gate::{Gate, Setup},
    http::Ask,
    storm::{Ledger, Storm, Variant, tenant},
};

const KEY: &str = "gtak_storm";
const SWAPS: usize = 1_000;
const REQUESTS_A_SWAP: usize = 4;
const CONNECTIONS: usize = 8;

#[test]
fn a_thousand_swaps_under_traffic_fail_nothing_and_mix_nothing() {
    let gate = gate();
    let socket = gate.file("ext-proc.sock");
    let proxy = envoy::start("1.40.0", "ext-proc.yaml", &socket, gate.gt_address());
    let components = Variant::ALL.map(Variant::component);
    let mut ledger = Ledger::default();
    ledger.serves(generation(&gate), Variant::after(0));
    let storm = Storm::start(proxy.address(), KEY, CONNECTIONS);
    for swap in 1..=SWAPS {
        let variant = Variant::after(swap);
        let component = &components[variant.number()];
        let number = gate.host().swap("storm", component).expect("it loads");
        ledger.serves(number, variant);
        storm.swapped(REQUESTS_A_SWAP);
    }
    let seen = storm.stop();
    let wrong = ledger.wrong(&seen, &gate.gt().requests());
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen.len() >= SWAPS * REQUESTS_A_SWAP / 2, "{}", seen.len());
    assert!(ledger.generations(&seen) > SWAPS / 2);
}

fn generation(gate: &Gate) -> u64 {
    let answer = gate.ask(&Ask::get("/v1/models").key(KEY));
    let policy = answer.header("x-signalbox-policy").expect("it is said");
    let (_, number) = policy.rsplit_once('@').expect("NAME@NUMBER");
    number.parse().expect("a number")
}

fn gate() -> Gate {
    Setup::new()
        .tenant(tenant())
        .policy("storm", &Variant::after(0).component())
        .key(
            "storm",
            KEY,
            "policy: storm, models: all, datasets: [briefs], purposes: [inference, upload], \
             scopes: [\"inference:chat\", \"inference:embed\", \"datasets:write\"]",
        )
        // The cache of compiled components is what lets a thousand transactions fit a test.
        .config("state: state\next_proc: {listen: unix:ext-proc.sock}\n")
        .start()
}
