//! Swaps under traffic: no request fails, none is decided by two generations, streams
//! end whole, and nothing of an old generation stays.

use signalbox_gt_sim::Recorded;
use signalbox_harness::{
    gate::{Gate, Setup},
    http::Ask,
    storm::{Ledger, Storm, Variant, tenant},
};

const KEY: &str = "gtak_storm";

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
        .start()
}

#[test]
fn swaps_under_traffic_fail_nothing_and_mix_nothing() {
    let gate = gate();
    let components = Variant::ALL.map(Variant::component);
    let mut ledger = Ledger::default();
    ledger.serves(generation(&gate), Variant::after(0));
    let storm = Storm::start(gate.address(), KEY, CONNECTIONS);
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
    assert!(ledger.generations(&seen) > SWAPS / 2);
    assert!(seen.len() >= SWAPS * REQUESTS_A_SWAP / 2, "{}", seen.len());
}

#[test]
fn the_ledger_sees_what_two_generations_decided() {
    let gate = gate();
    let mut ledger = Ledger::default();
    ledger.serves(generation(&gate), Variant::after(0));
    let storm = Storm::start(gate.address(), KEY, 4);
    for _ in 0..60 {
        storm.swapped(8);
    }
    let seen = storm.stop();
    let recorded = gate.gt().requests();
    assert_eq!(ledger.wrong(&seen, &recorded), Vec::<String>::new());

    let chat = recorded
        .iter()
        .position(|asked| asked.target.contains("/chat/"))
        .expect("somebody chatted");
    let wrong = |change: &dyn Fn(&mut Recorded)| {
        let mut recorded = recorded.clone();
        change(&mut recorded[chat]);
        ledger.wrong(&seen, &recorded).len()
    };
    let edit = |old: &'static str, new: &'static str| {
        move |asked: &mut Recorded| {
            let body = String::from_utf8_lossy(&asked.body).replace(old, new);
            asked.body = body.into_bytes();
        }
    };
    assert_eq!(
        wrong(&edit("agent-0", "agent-1")),
        1,
        "the model of another"
    );
    assert_eq!(
        wrong(&|asked| asked.target = asked.target.replace("p0", "p1")),
        1
    );
    assert_eq!(wrong(&|asked| asked.headers.clear()), 1);
    let twice = [&recorded[..], &recorded[chat..=chat]].concat();
    assert_eq!(ledger.wrong(&seen, &twice).len(), 1, "sent twice");

    let mut other = Ledger::default();
    other.serves(generation(&gate), Variant::after(1));
    assert_eq!(other.wrong(&seen, &recorded).len(), seen.len());
}

fn generation(gate: &Gate) -> u64 {
    let answer = gate.ask(&Ask::get("/v1/models").key(KEY));
    let policy = answer.header("x-signalbox-policy").expect("it is said");
    let (_, number) = policy.rsplit_once('@').expect("NAME@NUMBER");
    number.parse().expect("a number")
}

const CONNECTIONS: usize = 64;
const SWAPS: usize = 50;
const REQUESTS_A_SWAP: usize = 20;
