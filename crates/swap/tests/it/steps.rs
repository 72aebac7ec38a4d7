//! Every step fails in its own way, and then nothing has changed.

use signalbox_runtime::{ContractVersion, Digest};
use signalbox_swap::{
    Actor, Mode, Order, Outcome, Settings, Signer, Signers, SignsFor, Statement, Step, Trigger,
    sign, signing_key,
};

use crate::{
    fixture::{Bench, CHAT, admin, beside, candidate, compiled, component, order, shadow, steps},
    guests::{Guest, contract},
};

/// The failure of a component that is to replace one that serves.
fn failure(component: &[u8]) -> (Step, String) {
    let bench = Bench::new();
    bench.serve("default", &crate::fixture::component(&["a"]));
    let failure = bench.fails(|swaps| swaps.swap(order("default", component), &mut |_| {}));
    assert_eq!(failure.policy.as_deref(), Some("default"));
    (failure.step, failure.message)
}

#[test]
fn a_swap_does_every_step_in_order_and_tells_of_each() {
    let bench = Bench::new();
    let mut told = Vec::new();
    let first = bench
        .swaps
        .swap(order("default", &component(&["a"])), &mut |report| {
            told.push(report.clone());
        });
    assert_eq!(first.outcome, Outcome::Done);
    assert_eq!(told, first.steps);
    let expected: Vec<Step> = Step::ALL
        .into_iter()
        // Nothing served before, and nothing is kept on disk.
        .filter(|step| !matches!(step, Step::Access | Step::Keep | Step::Drain))
        .collect();
    assert_eq!(steps(&first), expected);
    let second = bench.swap(order("default", &component(&["a", "b"])));
    let expected: Vec<Step> = Step::ALL
        .into_iter()
        .filter(|step| *step != Step::Keep)
        .collect();
    // Nobody decides on the first one: it has come to rest at once.
    assert_eq!(steps(&second), expected);
    let changed = &second.policies[0];
    assert_eq!((changed.from, changed.to), (Some(1), Some(2)));
    assert_eq!(bench.swaps.history(), [second.clone(), first]);
    assert_eq!(bench.swaps.entry(second.number), Some(second));
}

#[test]
fn an_order_that_makes_no_sense_is_not_received() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    let (new, empty) = (component(&["b"]), order("default", b""));
    let orders = [
        Order {
            candidates: Vec::new(),
            ..empty.clone()
        },
        Order {
            candidates: vec![candidate("default", &new), candidate("default", &new)],
            ..empty
        },
        Order {
            actor: admin(),
            ..order("defualt", &new)
        },
        beside("other", &new, shadow(None, &[])),
        Order {
            actor: Actor::new(Trigger::File, "p.yaml"),
            ..order("other", &new)
        },
    ];
    let messages = orders.map(|order| {
        let failure = bench.fails(|swaps| swaps.swap(order, &mut |_| {}));
        assert_eq!(failure.step, Step::Receive);
        (failure.message, failure.help)
    });
    let known = "the policies of this host: default";
    assert_eq!(messages[0].0, "there is no candidate");
    assert_eq!(messages[1].0, "`default` is there twice");
    assert_eq!(
        messages[2],
        ("there is no policy `defualt`".into(), known.into())
    );
    assert_eq!(
        messages[3].0,
        "nothing serves `other` that a candidate could be beside"
    );
    assert_eq!(
        messages[4],
        ("there is no policy `other`".into(), known.into())
    );
}

#[test]
fn another_digest_than_announced_is_refused() {
    let bench = Bench::new();
    let sent = component(&["a"]);
    let announced = Digest::of(b"another");
    let mut order = order("default", &sent);
    order.candidates[0].digest = Some(announced);
    let failure = bench.fails(|swaps| swaps.swap(order.clone(), &mut |_| {}));
    assert_eq!(failure.step, Step::Digest);
    let expected = format!(
        "the component's digest is {}, announced was {announced}",
        Digest::of(&sent)
    );
    assert_eq!(failure.message, expected);
    order.candidates[0].digest = Some(Digest::of(&sent));
    assert_eq!(bench.swap(order).outcome, Outcome::Done);
}

#[test]
fn what_nobody_vouches_for_is_refused_and_so_is_an_older_statement() {
    let key = signing_key(include_str!("golden/signer.pem")).unwrap();
    let signer = Signer {
        id: "ci".into(),
        key: key.verifying_key(),
        policies: SignsFor::All,
    };
    let bench = Bench::with(Settings {
        signers: Signers::new(true, vec![signer]),
        ..Settings::default()
    });
    let signed = |models: &[&str], serial| {
        let component = component(models);
        let statement = Statement {
            digest: Digest::of(&component),
            policy: "default".into(),
            serial,
            not_after: "2999-01-01T00:00:00Z".parse().unwrap(),
            environments: None,
        };
        let mut order = order("default", &component);
        order.candidates[0].statement = Some(sign(&key, "ci", &statement));
        order
    };
    let unsigned = order("default", &component(&["a"]));
    let failure = bench.fails(|swaps| swaps.swap(unsigned, &mut |_| {}));
    assert_eq!(failure.step, Step::Signature);
    let done = bench.swap(signed(&["a"], 7));
    assert_eq!(done.outcome, Outcome::Done);
    assert_eq!(done.steps[2].note.as_deref(), Some("by ci, serial 7"));
    let failure = bench.fails(|swaps| swaps.swap(signed(&["b"], 6), &mut |_| {}));
    assert_eq!(failure.step, Step::Signature);
    // What was only looked at does not use up its serial.
    let dry = Order {
        mode: Mode::DryRun,
        ..signed(&["b"], 9)
    };
    assert_eq!(bench.swap(dry).outcome, Outcome::Passed);
    assert_eq!(bench.swap(signed(&["b"], 8)).outcome, Outcome::Done);
}

#[test]
fn each_step_of_a_load_refuses_what_it_is_for() {
    let guest = |change: &dyn Fn(&mut Guest)| {
        let mut guest = Guest::default();
        change(&mut guest);
        guest.component()
    };
    let whole = component(&["b"]);
    let with_import = contract(ContractVersion::V0_2).replace(
        "world signalbox-policy {",
        "interface clock { now: func() -> u64; }\nworld signalbox-policy {\n  import clock;",
    );
    let import = Guest {
        fields: "(import \"signalbox:policy/clock@0.2.0\" \"now\" (func $now (result i64)))".into(),
        wit: with_import,
        ..Guest::code("(i32.wrap_i64 (call $now))")
    };
    for (component, step) in [
        (b"policy: p".to_vec(), Step::Read),
        (Guest::default().module(), Step::Read),
        (whole[..whole.len() / 2].to_vec(), Step::Read),
        (import.component(), Step::Imports),
        (wat::parse_str("(component)").unwrap(), Step::World),
        (
            guest(&|it| it.wit = it.wit.replace("@0.2.0", "@0.3.0")),
            Step::Imports,
        ),
        (
            guest(&|it| it.last_fields = "(func $s unreachable) (start $s)".into()),
            Step::Instantiate,
        ),
        (
            guest(&|it| it.last_fields = "(func $s (loop $l (br $l))) (start $s)".into()),
            Step::Instantiate,
        ),
        (guest(&|it| it.pages = 32_768), Step::Instantiate),
        (
            guest(&|it| it.describe = Some("(unreachable)".into())),
            Step::Describe,
        ),
        (
            guest(&|it| it.models = Some("(unreachable)".into())),
            Step::Models,
        ),
        (guest(&|it| it.first = "(unreachable)".into()), Step::Trial),
    ] {
        let (found, message) = failure(&component);
        assert_eq!(found, step, "{message}");
    }
}

#[test]
fn a_case_that_is_skipped_is_not_run_and_is_counted() {
    let skipping = compiled(
        "policy: p\nroutes: {}\ncases:\n  - {name: run, request: GET /v1/x, expect: {refuse: unknown_route}}\n  \
         - {name: wrong, request: GET /v1/x, skip: not yet, expect: {list: []}}\n",
    );
    let entry = Bench::new().swap(order("default", &skipping));
    let of_cases = entry
        .steps
        .iter()
        .find(|it| it.step == Step::Cases)
        .unwrap();
    assert_eq!(of_cases.note.as_deref(), Some("1 passed, 1 skipped"));
}

#[test]
fn cases_are_named_with_what_was_expected_and_what_came() {
    let failing = compiled(&format!(
        "policy: p\nroutes:\n  {CHAT}: {{verdict: native, scope: \"inference:chat\", model: json}}\n\
         models:\n  gpt: {{published: agent}}\ncases:\n  \
         - {{name: its own, request: {CHAT}, model: gpt, expect: {{forward: {CHAT}}}}}\n"
    ));
    let (step, message) = failure(&failing);
    assert_eq!(step, Step::Cases);
    assert!(
        message.starts_with(&format!(
            "case `its own`, its own: {CHAT}: expected forward {CHAT}, got refuse insufficient_scope"
        )),
        "{message}"
    );
    let case = |name: &str, refuse: &str| {
        format!(
            r#"[{{"name": "{name}", "request": "{CHAT}", "model": "a", "scopes": ["inference:chat"],
                "expect": {{"refuse": "{refuse}"}}}}]"#
        )
        .into_bytes()
    };
    let bench = Bench::with(Settings {
        cases: [("default".to_owned(), case("operator", "model_not_found"))].into(),
        ..Settings::default()
    });
    let swap = |cases: Option<&[u8]>| {
        let mut order = order("default", &component(&["a"]));
        order.candidates[0].cases = cases.map(<[u8]>::to_vec);
        order
    };
    let failure = bench.fails(|swaps| swaps.swap(swap(None), &mut |_| {}));
    assert_eq!(
        (failure.step, &*failure.message),
        (
            Step::Cases,
            "case `operator`, the operator's: POST /v1/chat/completions: expected refuse \
             model_not_found, got forward POST /v1/chat/completions, model support-agent"
        )
    );
    bench.swaps.set_cases([].into());
    let wrong = case("sent", "nothing");
    for cases in [&wrong[..], b"{}"] {
        let failure = bench.fails(|swaps| swaps.swap(swap(Some(cases)), &mut |_| {}));
        assert_eq!(failure.step, Step::Cases);
        assert!(failure.message.contains("the sender's"), "{failure:?}");
    }
    assert_eq!(bench.swap(swap(Some(b"[]"))).outcome, Outcome::Done);
}

#[test]
fn a_dry_run_looks_at_everything_and_changes_nothing() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    let before = bench.standing();
    let entry = bench.swap(beside("default", &component(&["b"]), Mode::DryRun));
    assert_eq!(entry.outcome, Outcome::Passed);
    assert_eq!(steps(&entry).last(), Some(&Step::Access));
    assert_eq!(bench.standing(), before);
    // And makes no names.
    let entry = bench.swap(beside("new", &component(&["b"]), Mode::DryRun));
    assert_eq!(entry.outcome, Outcome::Passed);
    assert_eq!(bench.standing(), before);
}

#[test]
fn what_a_door_rejects_is_in_the_history() {
    let bench = Bench::new();
    let told = signalbox_swap::Failure::new(
        Step::Receive,
        Some("default".into()),
        "the upload ended after 5 of 10 bytes:\n  connection reset",
        "send it again",
    );
    let entry = bench.swaps.reject(
        admin(),
        signalbox_swap::Action::Swap,
        vec!["default".into()],
        told.clone(),
    );
    assert_eq!(entry.outcome, Outcome::Failed(told.clone()));
    assert_eq!(
        told.message,
        "the upload ended after 5 of 10 bytes: connection reset"
    );
    assert_eq!(bench.swaps.history(), [entry]);
}
