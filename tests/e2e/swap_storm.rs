//! A thousand swaps under traffic: no request fails, none is decided by two generations, streams
//! end whole, and nothing of an old generation stays.

use serde_json::Value;
use signalbox_gt_sim::{Recorded, StreamHold};
use signalbox_harness::{
    gate::{Gate, Setup},
    http::{Ask, Open},
    operator::Upload,
    storm::{Ledger, Storm, Variant, tenant},
    wait_for,
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
        // The cache of compiled components is what lets a thousand transactions fit a test.
        .config("state: state\n")
        .start()
}

/// Streams that began before the first swap and end after the last one.
struct SlowReaders {
    hold: StreamHold,
    held: Vec<Open>,
}

impl SlowReaders {
    fn start(gate: &Gate) -> Self {
        let stream = |chunks: usize| {
            let body = format!(
                r#"{{"model":"shared","stream":true,"metadata":{{"gt_sim_chunks":"{chunks}"}},
                "messages":[{{"role":"user","content":"{WORDS}"}}]}}"#
            );
            let nonce = format!("/v1/chat/completions?p0=slow-{chunks}");
            Ask::json(&nonce, body)
                .key(KEY)
                .header("x-p0", &format!("slow-{chunks}"))
        };
        let hold = gate.gt().hold_streams();
        let held = (0..SLOW_READERS).map(|number| stream(100 + number).open(gate.address()));
        let held = held.collect();
        // A second hold takes the place of the first, and ends: streams from now on flow.
        drop(gate.gt().hold_streams());
        Self { hold, held }
    }

    /// Reads all of them to their ends, and compares what they say.
    fn read(self) {
        drop(self.hold);
        for stream in self.held {
            let whole = stream.rest();
            assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
            assert_eq!(text(&whole).trim_end(), format!("You said: {WORDS}"));
            assert!(!whole.contains("agent-"), "every event is restamped");
        }
    }
}

/// The text of a stream, from its events.
fn text(stream: &str) -> String {
    let events = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: {"));
    let pieces = events.filter_map(|event| {
        let event = serde_json::from_str::<Value>(&format!("{{{event}")).ok()?;
        let piece = event.pointer("/choices/0/delta/content")?;
        piece.as_str().map(str::to_owned)
    });
    pieces.collect()
}

#[test]
fn a_thousand_swaps_under_traffic_fail_nothing_and_mix_nothing() {
    let gate = gate();
    let components = Variant::ALL.map(Variant::component);
    let mut ledger = Ledger::default();
    let first = generation(&gate);
    ledger.serves(first, Variant::after(0));
    let readers = SlowReaders::start(&gate);
    let storm = Storm::start(gate.address(), KEY, CONNECTIONS);
    for swap in 1..=SWAPS {
        let variant = Variant::after(swap);
        let component = &components[variant.number()];
        // Most from inside the process, some as an operator sends them.
        let number = if swap % 10 == 0 {
            gate.upload(&Upload::new("storm", component)).generation()
        } else {
            gate.host().swap("storm", component).expect("it loads")
        };
        ledger.serves(number, variant);
        storm.swapped(REQUESTS_A_SWAP);
    }
    let seen = storm.stop();
    // Slow readers of the very first generation are still there, and hold nothing of it but its
    // name and number.
    wait_for("the old generations to be freed", || {
        let overview = gate.overview("storm");
        overview.draining.iter().all(|old| old.freed).then_some(())
    });
    let draining = gate.overview("storm").draining;
    let held: Vec<_> = draining.iter().filter(|old| old.open > 0).collect();
    assert!(
        matches!(held[..], [old] if old.generation == first && old.open == SLOW_READERS as u64),
        "{draining:?}"
    );
    readers.read();
    wait_for("the last reader to be forgotten", || {
        let draining = gate.overview("storm").draining;
        draining.iter().all(|old| old.open == 0).then_some(())
    });

    let mut recorded = gate.gt().requests();
    recorded.retain(|asked| !asked.target.contains("p0=slow-"));
    let wrong = ledger.wrong(&seen, &recorded);
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen.len() >= SWAPS * REQUESTS_A_SWAP / 2, "{}", seen.len());
    assert!(ledger.generations(&seen) > SWAPS / 2);
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
const SWAPS: usize = 1_000;
const REQUESTS_A_SWAP: usize = 8;
const SLOW_READERS: usize = 8;
const WORDS: &str = "what a slow reader reads, word by word";
