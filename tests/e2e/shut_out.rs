//! A caller whom a stricter policy shuts out does not get the laxer one back, whatever anybody asks,
//! even where the stricter one also fails.

use proptest::prelude::*;
use signalbox_harness::{
    gate::{Gate, key_entry},
    http::Ask,
    wait_for,
};

use crate::{
    guests::{Evil, Guest, description, entry, refusal},
    hostile_live::{
        EVIL, HONEST, VILE, bring, chat, everything_was_looked_at, gate_with, rolled_back,
    },
};

/// A content type that makes [`strict`] trap, whoever sends it.
const LONG: &str = "application/json; charset=utf-8";

/// A guest that knows one model and refuses callers with an id of four letters. It traps for
/// whoever sends a long content type, which nobody does who compares policies.
fn strict() -> Guest {
    let trap = "(if (i32.gt_u (i32.load offset=36 (local.get $request)) (i32.const 20))
                  (then (unreachable)))";
    let careful = careful();
    Guest {
        first: format!("{trap} {}", careful.first),
        ..careful
    }
}

/// The same without the trap.
fn careful() -> Guest {
    let mut description = description();
    description.headers.clear();
    description.routes.truncate(1);
    description.routes[0].query.clear();
    Guest {
        description,
        catalogue: vec![entry("gpt-4o", "support-agent")],
        evil: Evil::Answer(refusal("evil")),
        first: ";; A name that is not six letters long is refused as well.
                (if (i32.and
                      (i32.eq (i32.load8_u offset=116 (local.get $request)) (i32.const 2))
                      (i32.ne (i32.load offset=124 (local.get $request)) (i32.const 6)))
                  (then (i32.store offset=52 (local.get $request) (i32.const 4))))"
            .to_owned(),
        ..Guest::default()
    }
}

/// As careful, and nobody is refused for an id.
fn lenient() -> Guest {
    let careful = careful();
    let past_the_id = "(if (i32.eq (i32.load offset=52 (local.get $request)) (i32.const 4))
                         (then (i32.store offset=52 (local.get $request) (i32.const 5))))";
    Guest {
        first: format!("{past_the_id} {}", careful.first),
        ..careful
    }
}

/// A request that makes [`strict`] fail.
fn failing(key: &str) -> Ask {
    chat(key)
        .without("content-type")
        .header("content-type", LONG)
}

/// Nobody's id has four letters, and what serves can be compared with [`strict`] in every way.
fn nobody_shut_out() -> Gate {
    let gate = gate_with(&[("wicked", EVIL), ("violent", VILE), ("honest", HONEST)]);
    bring(&gate, "live", &lenient().component(), "pinned");
    gate
}

#[test]
fn a_policy_that_provably_allows_as_much_goes_without_anybody_vouching() {
    let gate = nobody_shut_out();
    let number = bring(&gate, "live", &strict().component(), DEFAULT);
    let overview = gate.overview("live");
    assert!(overview.roll_back.automatic, "{overview:?}");
    assert_eq!(gate.ask(&chat(EVIL)).status, 200);
    wait_for("the host to go back", || {
        let _ = [EVIL, VILE, HONEST].map(|key| gate.ask(&failing(key)));
        (gate.live("live") != number).then_some(())
    });
    assert_eq!(gate.ask(&failing(EVIL)).status, 200);
}

/// The laxer policy lets everybody chat. The stricter one shuts `evil` out, and fails for whoever
/// sends a long content type.
struct Shut {
    gate: Gate,
    number: u64,
}

impl Shut {
    fn new(roll_back: &str) -> Self {
        let gate = gate_with(&[("evil", EVIL), ("vile-too", VILE), ("honest", HONEST)]);
        assert_eq!(gate.ask(&chat(EVIL)).status, 200);
        let number = bring(&gate, "live", &strict().component(), roll_back);
        Self { gate, number }
    }

    fn is_shut(&self) {
        assert_eq!(self.gate.live("live"), self.number);
        assert_eq!(rolled_back(&self.gate, "live"), None);
        assert_eq!(
            self.gate.ask(&chat(EVIL)).refusal(),
            (400, "evil".to_owned())
        );
        assert_eq!(self.gate.ask(&chat(HONEST)).status, 200);
    }
}

/// One request of a sequence: who asks, for what, and whether it makes the policy fail.
fn asked() -> impl Strategy<Value = Ask> {
    let key = prop::sample::select(vec![EVIL, VILE, HONEST]);
    let model = prop::sample::select(vec!["gpt-4o", "gpt-4o-mini", "", "x"]);
    let path = prop::sample::select(vec!["/v1/chat/completions", "/v1/models", "/v1/files/f"]);
    (key, model, path, prop::bool::weighted(0.7)).prop_map(|(key, model, path, fails)| {
        let body = format!(r#"{{"model":"{model}","messages":[]}}"#);
        let kind = if fails { LONG } else { "application/json" };
        let method = if path.ends_with("completions") {
            "POST"
        } else {
            "GET"
        };
        let ask = Ask::new(method, path).key(key);
        match method {
            "POST" => ask.header("content-type", kind).body(body),
            _ => ask.header("content-type", kind),
        }
    })
}

#[test]
fn no_sequence_of_requests_brings_the_laxer_policy_back() {
    for roll_back in [DEFAULT, "vouched"] {
        let shut = Shut::new(roll_back);
        let overview = shut.gate.overview("live");
        assert!(!overview.roll_back.automatic, "{overview:?}");
        let sequence = prop::collection::vec(asked(), 1..12);
        let config = ProptestConfig::with_cases(12);
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let run = runner.run(&sequence, |sequence| {
            for ask in &sequence {
                let answer = shut.gate.ask(ask);
                prop_assert_ne!(answer.status, 500, "{}", answer.text());
            }
            prop_assert_eq!(shut.gate.live("live"), shut.number);
            Ok(())
        });
        run.expect("no sequence does it");
        let live = shut.gate.overview("live").live.expect("it serves");
        assert!(live.failures >= 3, "there were failures: {live:?}");
        everything_was_looked_at(&shut.gate);
        // The host refuses without a call whoever made a policy fail again and again, for a second.
        for key in [EVIL, HONEST] {
            wait_for("the policy to be asked again", || {
                (shut.gate.ask(&chat(key)).status != 503).then_some(())
            });
        }
        shut.is_shut();
    }
}

#[test]
fn a_key_that_is_added_later_is_shut_out_for_good_as_well() {
    // At the swap nobody is shut out, so the comparison finds nothing.
    let gate = nobody_shut_out();
    let number = bring(&gate, "live", &strict().component(), DEFAULT);
    let mut keys = std::fs::read_to_string(gate.file("keys.yaml")).expect("the keyring");
    let late = "gtak_late";
    keys.push_str(&key_entry(
        "late",
        late,
        "policy: live, preset: chat-client, models: all",
    ));
    std::fs::write(gate.file("keys.yaml"), keys).expect("our folder takes a file");
    gate.host().reload_keys().expect("the keyring is fine");
    assert_eq!(gate.ask(&chat(late)).refusal(), (400, "evil".to_owned()));
    for _ in 0..10 {
        for key in [late, EVIL, VILE, HONEST] {
            let _ = gate.ask(&failing(key));
        }
    }
    everything_was_looked_at(&gate);
    assert_eq!(gate.live("live"), number);
    wait_for("the policy to be asked again", || {
        (gate.ask(&chat(late)).status == 400).then_some(())
    });
}

const DEFAULT: &str = "unless_narrower";
