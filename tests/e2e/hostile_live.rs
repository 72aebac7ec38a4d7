//! A policy that passed every check and misbehaves for some requests once it serves: those are
//! refused, all others are answered, and the host rolls back automatically. And what never makes it go
//! back.
//!
//! The guests misbehave for callers whose id has four letters.

use serde_json::{Value, json};
use signalbox_harness::{
    gate::{Gate, Setup},
    http::{Answer, Ask},
    operator::Upload,
    policies::{component, program},
    steady::Steady,
    wait_for,
};
use signalbox_swap::{Action, Entry, Trigger};

use crate::{guests::Guest, log};

pub(crate) const EVIL: &str = "gtak_evil";
pub(crate) const VILE: &str = "gtak_vile";
const VEIL: &str = "gtak_veil";
pub(crate) const HONEST: &str = "gtak_honest";
const CONTROL: [&str; 3] = ["gtak_ctrl", "gtak_lrtc", "gtak_trlc"];

/// What serves first: it knows one model, and nothing about it ever fails.
pub(crate) const LAX: &str = "policy: lax\n\
    routes:\n\
    \x20 POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}\n\
    models:\n\
    \x20 gpt-4o: {published: support-agent}\n";

fn gate() -> Gate {
    gate_with(&[
        ("evil", EVIL),
        ("vile", VILE),
        ("veil", VEIL),
        ("honest", HONEST),
    ])
}

/// A gate with these keys for the policy `live`, and a policy `control` beside it.
pub(crate) fn gate_with(keys: &[(&str, &str)]) -> Gate {
    let setup = Setup::new()
        .policy("live", &component(LAX))
        .policy("control", &component(LAX))
        .config("swap: {rollback_after: 1s}\n");
    let control = [
        ("ctrl", CONTROL[0]),
        ("lrtc", CONTROL[1]),
        ("trlc", CONTROL[2]),
    ];
    let keys = keys.iter().map(|key| (key, "live"));
    let keys = keys.chain(control.iter().map(|key| (key, "control")));
    let setup = keys.fold(setup, |setup, ((id, key), policy)| {
        let rest = format!("policy: {policy}, preset: chat-client, models: all");
        setup.key(id, key, &rest)
    });
    setup.start()
}

pub(crate) fn chat(key: &str) -> Ask {
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;
    Ask::json("/v1/chat/completions", body).key(key)
}

pub(crate) fn bring(gate: &Gate, policy: &str, guest: &[u8], roll_back: &str) -> u64 {
    let upload = Upload::new(policy, guest).with(&format!("roll_back={roll_back}"));
    gate.upload(&upload).generation()
}

fn trapping() -> Vec<u8> {
    Guest::code("(unreachable)").component()
}

/// Comes back when the host has looked at every failure that was reported before: it hears of them
/// in their order, and here it goes back because of one that comes after them.
pub(crate) fn everything_was_looked_at(gate: &Gate) {
    everything_was_looked_at_while(gate, &[]);
}

/// The same; these are asked all the while, for as long as keys have to fail to count.
fn everything_was_looked_at_while(gate: &Gate, asks: &[Ask]) {
    let guest = bring(gate, "control", &trapping(), "vouched");
    let control = CONTROL.map(chat);
    wait_for("the control to go back", || {
        for ask in asks.iter().chain(&control) {
            let _ = gate.ask(ask);
        }
        (gate.live("control") != guest).then_some(())
    });
}

pub(crate) fn rolled_back(gate: &Gate, policy: &str) -> Option<Entry> {
    let about = |entry: &Entry| entry.policies.iter().any(|changed| changed.name == policy);
    gate.history()
        .into_iter()
        .find(|entry| entry.actor.way == Trigger::Automatic && about(entry))
}

fn misbehaves(guest: &Guest, code: &str, cause: &str) {
    log::capture();
    let gate = gate();
    let honest = Steady::start(&gate, chat(HONEST));
    let before = gate.overview("live").live.expect("it serves").digest;
    let number = bring(&gate, "live", &guest.component(), "vouched");
    let overview = gate.overview("live");
    assert!(overview.roll_back.automatic, "{cause}: {overview:?}");

    // All three, until the host goes back: what is refused meanwhile is refused as it should be.
    let (mut refused, mut callers) = (0_usize, [EVIL, VILE, VEIL].into_iter().cycle());
    wait_for("the host to go back", || {
        let answer = gate.ask(&chat(callers.next()?));
        if answer.header("x-signalbox-policy") == Some(&format!("live@{number}")) {
            // Who makes a policy fail again and again is refused without a call, for a second.
            let (status, found) = answer.refusal();
            let text = answer.text();
            assert!(
                status == 503 && (found == code || found == "policy_failed"),
                "{cause}: {text}"
            );
            refused += usize::from(found == code);
        }
        (gate.live("live") != number).then_some(())
    });
    let entry = rolled_back(&gate, "live").expect("it is in the history");
    // Each twice; the last of them may have met what it made the host go back to.
    assert!(refused >= 5, "{cause}: {refused} {entry:?}");
    let live = gate.overview("live").live.expect("it serves");
    assert_eq!(live.digest, before, "{cause}");
    for key in [EVIL, VILE, VEIL, HONEST] {
        assert_eq!(gate.ask(&chat(key)).status, 200, "{cause}: {key}");
    }
    let seen = honest.stop();
    assert!(
        seen.iter().all(|answer| answer.starts_with("200 live@")),
        "{cause}: {seen:?}"
    );
    is_visible(&gate, number, cause);
}

/// In history, status, metrics and log; on what grounds is said.
fn is_visible(gate: &Gate, from: u64, cause: &str) {
    let entry = rolled_back(gate, "live").expect("it is in the history");
    assert_eq!(
        (entry.action, entry.policies[0].from),
        (Action::Rollback, Some(from))
    );
    let evidence = entry.evidence.as_ref().expect("there are grounds");
    assert!(
        evidence.failures >= 6 && evidence.callers == ["evil", "veil", "vile"],
        "{evidence:?}"
    );
    assert!(
        evidence.causes.iter().any(|(found, _)| found == cause),
        "{evidence:?}"
    );

    let status = gate.admin(&Ask::get("/status")).json();
    let live = gate.live("live");
    let shown = status["policies"].as_array().expect("policies").iter();
    let shown = shown
        .clone()
        .find(|policy| policy["name"] == "live")
        .expect("it serves");
    assert_eq!(shown["generation"], live, "{status}");
    assert!(
        status["reasons"].to_string().contains("automatically"),
        "{status}"
    );
    let ready: Answer = gate.admin(&Ask::get("/readyz"));
    assert_eq!(
        (ready.status, ready.json()["status"].clone()),
        (200, Value::from("degraded"))
    );

    let failures = gate.metric(&[
        "signalbox_policy_failures_total",
        &format!("cause=\"{cause}\""),
    ]);
    assert!(failures >= 2.0, "{failures}");
    let back = gate.metric(&[
        "signalbox_policy_rollbacks_total",
        "asked=\"no\"",
        "\"live\"",
    ]);
    assert_eq!(back, 1.0);
    let logged = log::captured();
    let line = logged
        .lines()
        .find(|line| line.contains("signalbox::swap") && line.contains("evil"));
    assert!(line.is_some(), "{logged}");
}

#[test]
fn a_policy_that_traps_for_some_goes_by_itself() {
    misbehaves(&Guest::code("(unreachable)"), "policy_failed", "trap");
}

#[test]
fn a_policy_that_loops_for_some_goes_by_itself() {
    let guest = Guest::code("(loop $l (br $l)) (unreachable)");
    misbehaves(&guest, "policy_timeout", "timeout");
}

#[test]
fn a_policy_that_grows_for_some_goes_by_itself() {
    let bomb =
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) (unreachable)";
    misbehaves(&Guest::code(bomb), "policy_failed", "memory");
}

#[test]
fn a_policy_that_says_garbage_to_some_goes_by_itself() {
    misbehaves(&Guest::code("(i32.const -4)"), "policy_failed", "contract");
}

/// Asks many times, lets the host look at all of it, and sees that the same generation serves.
fn stays(gate: &Gate, number: u64, asks: &[Ask]) {
    everything_was_looked_at_while(gate, asks);
    everything_was_looked_at(gate);
    assert_eq!(gate.live("live"), number);
    assert_eq!(rolled_back(gate, "live"), None);
}

#[test]
fn two_keys_bring_nothing_back_whatever_they_ask() {
    for keys in [&[EVIL][..], &[EVIL, VILE]] {
        let gate = gate();
        let number = bring(&gate, "live", &trapping(), "vouched");
        let asks: Vec<Ask> = keys.iter().chain([&HONEST]).map(|key| chat(key)).collect();
        stays(&gate, number, &asks);
        let live = gate.overview("live").live.expect("it serves");
        assert!(live.failures >= 3, "the failures count: {live:?}");
        // And are said.
        let ready = gate.admin(&Ask::get("/readyz"));
        assert_eq!(ready.json()["status"], "degraded");
        assert!(ready.text().contains("is failing"), "{}", ready.text());
    }
}

#[test]
fn a_pinned_policy_stays_however_it_fails() {
    let gate = gate();
    let number = bring(&gate, "live", &trapping(), "pinned");
    assert!(!gate.overview("live").roll_back.automatic);
    stays(&gate, number, &[chat(EVIL), chat(VILE), chat(VEIL)]);
}

#[test]
fn refusals_bring_nothing_back() {
    let gate = gate();
    let more = format!("{LAX}  gpt-4o-mini: {{published: gt-small}}\n");
    let number = bring(&gate, "live", &program(&more), "vouched");
    assert!(
        gate.overview("live").roll_back.automatic,
        "it would, for failures"
    );
    let refused = |key: &str| {
        let body = r#"{"model":"nobody","messages":[]}"#;
        Ask::json("/v1/chat/completions", body).key(key)
    };
    assert_eq!(
        gate.ask(&refused(EVIL)).refusal(),
        (404, "model_not_found".to_owned())
    );
    stays(
        &gate,
        number,
        &[refused(EVIL), refused(VILE), refused(VEIL)],
    );
}

/// A guest that traps for whoever sends a long content type.
fn trapping_for_long_types() -> Vec<u8> {
    let first = "(if (i32.gt_u (i32.load offset=36 (local.get $request)) (i32.const 20))
                   (then (unreachable)))";
    Guest {
        first: first.to_owned(),
        ..Guest::default()
    }
    .component()
}

#[test]
fn what_the_host_went_back_to_is_not_left_by_itself() {
    let gate = gate();
    let keys = [EVIL, VILE, VEIL];
    let first = bring(&gate, "live", &trapping_for_long_types(), "vouched");
    let second = bring(
        &gate,
        "live",
        &Guest::code("(i32.const -4)").component(),
        "vouched",
    );
    wait_for("the host to go back", || {
        let _ = keys.map(|key| gate.ask(&chat(key)));
        (gate.live("live") != second).then_some(())
    });
    // It is at one that fails as well, for others: it stays, and an operator decides.
    let back = gate.overview("live").live.expect("it serves");
    assert!(back.generation > second && first < second, "{back:?}");
    let long = keys.map(|key| {
        chat(key)
            .without("content-type")
            .header("content-type", "application/json; charset=utf-8")
    });
    everything_was_looked_at_while(&gate, &long);
    everything_was_looked_at(&gate);
    assert_eq!(gate.live("live"), back.generation);
    assert!(
        gate.operate("live", "rollback", &json!({"generation": 1}))
            .generation()
            > second
    );
    assert_eq!(gate.ask(&long[0]).status, 200);
}

#[test]
fn what_the_generation_before_fails_as_well_brings_nothing_back() {
    let gate = gate();
    bring(&gate, "live", &trapping(), "vouched");
    let second = bring(
        &gate,
        "live",
        &Guest::code("(i32.const -4)").component(),
        "vouched",
    );
    assert!(gate.overview("live").roll_back.automatic);
    stays(&gate, second, &[chat(EVIL), chat(VILE), chat(VEIL)]);
}
