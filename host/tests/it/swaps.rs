//! What a swap means for answers under way, and what the host does by itself.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use signalbox_swap::{
    Action, Actor, Candidate, Entry, Mode, OpenAnswers, Order, Outcome, PolicyOverview, RollBack,
    Trigger,
};

use crate::guests::Guest;
use crate::harness::{Ask, Gate, Gt, within};
use crate::policies::stricter;

/// An order for the policy `default`, that passes.
pub(crate) fn order(component: Vec<u8>, change: impl FnOnce(&mut Order)) -> Order {
    let mut order = Order {
        candidates: vec![Candidate {
            name: "default".to_owned(),
            component,
            digest: None,
            statement: None,
            source: None,
            cases: None,
        }],
        mode: Mode::Serve,
        roll_back: RollBack::default(),
        open_answers: OpenAnswers::Keep,
        actor: Actor::new(Trigger::Embedder, "test"),
    };
    change(&mut order);
    order
}

pub(crate) fn done(gate: &Gate, order: Order) -> Entry {
    let entry = gate.handle.swaps().swap(order, &mut |_| {});
    assert_eq!(entry.outcome, Outcome::Done, "{entry:?}");
    entry
}

/// How the policy `default` stands.
pub(crate) fn overview(gate: &Gate) -> PolicyOverview {
    let mut all = gate.handle.swaps().overview().into_iter();
    all.find(|policy| policy.name == "default").unwrap()
}

/// Open answers of what served before, and whether it is gone.
fn draining(gate: &Gate) -> Vec<(u64, u64, bool)> {
    let draining = overview(gate).draining.into_iter();
    draining
        .map(|it| (it.generation, it.open, it.freed))
        .collect()
}

fn cut(order: &mut Order) {
    order.open_answers = OpenAnswers::Cut;
}

/// A GT that streams one event, and whose answers end when told to.
fn streaming() -> (Gt, mpsc::Sender<()>) {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        reply.events();
        reply.chunk("data: {\"model\":\"support-agent\"}\n\n");
        let _ = may_go_on.lock().unwrap().recv();
        reply.last_chunk();
    });
    (gt, go_on)
}

/// A GT that says nothing until told to.
fn silent() -> (Gt, mpsc::Sender<()>) {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        let _ = may_go_on.lock().unwrap().recv();
        reply.json(200, "{}");
    });
    (gt, go_on)
}

#[test]
fn a_policy_is_gone_while_an_answer_it_let_through_still_streams() {
    let (gt, go_on) = streaming();
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(client.head().status, 200);
    assert!(client.chunk().is_some());
    done(&gate, order(stricter(), |_| {}));
    assert!(within(|| draining(&gate) == [(1, 1, true)]));
    let line = r#"signalbox_policy_open_answers{policy="default",generation="1"} 1"#;
    assert!(gate.handle.metrics().contains(line));
    go_on.send(()).unwrap();
    assert_eq!(client.chunk(), None, "the answer ends as GT ends it");
    assert!(within(|| draining(&gate).iter().all(|it| it.1 == 0)));
}

#[test]
fn a_policy_is_gone_while_gt_still_thinks_about_what_it_let_through() {
    let (gt, go_on) = silent();
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 1));
    done(&gate, order(stricter(), |_| {}));
    assert!(within(|| draining(&gate) == [(1, 1, true)]));
    go_on.send(()).unwrap();
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-signalbox-policy"), Some("default@1"));
}

#[test]
fn a_cut_ends_streams_with_an_event_that_says_why() {
    let (gt, _go_on) = streaming();
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(client.head().status, 200);
    assert!(client.chunk().is_some());
    done(&gate, order(stricter(), cut));
    let event = String::from_utf8(client.chunk().unwrap()).unwrap();
    assert!(
        event.contains(r#""code":"policy_failed""#) && event.contains("was replaced"),
        "{event}"
    );
    assert_eq!(client.chunk(), None);
    let line = r#"signalbox_upstream_failures_total{cause="policy_cut"} 1"#;
    assert!(within(|| gate.handle.metrics().contains(line)));
    assert!(within(|| gate.handle.requests() == 0));
}

#[test]
fn a_cut_ends_answers_that_are_no_streams_as_well() {
    let gt = Gt::answering(|_, reply| {
        reply.raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"a\":");
        std::thread::park();
    });
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(client.head().status, 200);
    done(&gate, order(stricter(), cut));
    assert!(within(|| gate.handle.requests() == 0));
    assert!(within(|| draining(&gate).iter().all(|it| it.1 == 0)));
}

#[test]
fn a_cut_ends_the_wait_for_gt() {
    let (gt, _go_on) = silent();
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 1));
    done(&gate, order(stricter(), cut));
    let answer = client.answer();
    assert_eq!(answer.refusal(), (503, "policy_failed".to_owned()));
    // GT may have acted on it: no library may send it again by itself.
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}

#[test]
fn a_cut_spares_what_the_new_policy_lets_through() {
    let (gt, go_on) = silent();
    let gate = Gate::before(&gt);
    let other = crate::harness::component(&crate::harness::POLICY.replace("Test.", "Cut."));
    done(&gate, order(other, cut));
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 1));
    go_on.send(()).unwrap();
    assert_eq!(client.answer().status, 200);
}

/// A program that serves everyone, and in its place one that traps for callers whose id has four
/// letters.
fn trapping() -> Gate {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.swap.rollback_after = Duration::from_millis(1).into())
        .policy("default", Guest::default().component())
        .start();
    let trapping = Guest::code("(unreachable)").component();
    done(
        &gate,
        order(trapping, |order| order.roll_back = RollBack::Vouched),
    );
    gate
}

#[test]
fn a_program_that_keeps_failing_three_keys_goes_automatically() {
    let gate = trapping();
    let keys = ["chat", "evil", "once"];
    for key in keys {
        let answer = gate.send(&Ask::chat("gpt-4o").key(key));
        assert_eq!(answer.refusal(), (503, "policy_failed".to_owned()));
    }
    assert!(within(|| {
        for key in keys {
            gate.send(&Ask::chat("gpt-4o").key(key));
        }
        overview(&gate).live.unwrap().generation == 3
    }));
    let answer = gate.send(&Ask::chat("gpt-4o").key("all"));
    assert_eq!(
        (answer.status, answer.header("x-signalbox-policy")),
        (200, Some("default@3"))
    );
    let entry = &gate.handle.swaps().history()[0];
    assert_eq!(
        (entry.action, entry.actor.way),
        (Action::Rollback, Trigger::Automatic)
    );
    assert_eq!(entry.evidence.as_ref().unwrap().callers.len(), 3);
    assert!(within(|| gate.handle.status().status == "degraded"));
    let reason = "the host rolled back from generation 2 automatically: the policy failed";
    assert!(within(
        || gate.handle.status().reasons["policy default"] == reason
    ));
    let line = r#"signalbox_policy_rollbacks_total{policy="default",asked="no"} 1"#;
    assert!(gate.handle.metrics().contains(line));
    done(&gate, order(stricter(), |_| {}));
    assert_eq!(gate.handle.status().status, "ready", "until the next swap");
}

#[test]
fn two_keys_make_no_policy_go_and_that_it_fails_is_said() {
    let gate = trapping();
    for _ in 0..20 {
        for key in ["evil", "once"] {
            let answer = gate.send(&Ask::chat("gpt-4o").key(key));
            assert_eq!(answer.status, 503);
        }
    }
    assert_eq!(gate.send(&Ask::chat("gpt-4o").key("all")).status, 200);
    assert!(within(|| gate.handle.status().status == "degraded"));
    assert_eq!(
        gate.handle.status().reasons["policy default"],
        "generation 2 is failing and has not been rolled back; the log says why"
    );
    assert_eq!(overview(&gate).live.unwrap().generation, 2);
    done(&gate, order(stricter(), |_| {}));
    assert!(within(|| gate.handle.status().status == "ready"));
}
