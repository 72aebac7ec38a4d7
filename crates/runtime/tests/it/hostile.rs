//! Guests that fail: each in a way that is a type, and none to anybody's harm but its caller's.

use signalbox_policy::{Decision, Forward, RequestedModel};
use signalbox_runtime::{
    Allocation, Change, DecideError, LoadOptions, Plugin, Runtime, Settings, Slot, Violation,
};

use crate::guests::{
    CHAT, Evil, Guest, Hostile, TO_CHAT, caller, chat, commit, forward, honest, hostile, runtime,
};

/// What the caller `evil` gets; and that, right after it and elsewhere, honest callers are served.
fn evil(guest: &Guest) -> Result<Decision, DecideError> {
    let plugin = guest.load().unwrap();
    let neighbour = Guest::default().load().unwrap();
    let change = Change::new()
        .serve("evil", plugin)
        .serve("neighbour", neighbour);
    let policies = commit(&Slot::new(), change);
    let (evil, honest_caller) = (caller("evil"), caller("honest"));
    let outcome = policies
        .get("evil")
        .unwrap()
        .live()
        .decide(&chat(&evil, RequestedModel::Unread));
    for lane in policies.iter() {
        for model in [RequestedModel::Unread, RequestedModel::Named("gpt-4o")] {
            assert_eq!(
                lane.live().decide(&chat(&honest_caller, model)),
                Ok(honest(model))
            );
        }
    }
    outcome
}

#[test]
fn each_kind_of_failure_is_its_own() {
    for Hostile { name, guest, fails } in hostile() {
        assert_eq!(evil(&guest), Err(fails), "{name}");
    }
}

#[test]
fn loop_within_time_limit_is_no_matter() {
    let count = "(local.set $count (i32.add (local.get $count) (i32.const 1)))
                 (br_if 0 (i32.lt_u (local.get $count) (i32.const 100000)))";
    let guest = Guest {
        fields: format!("(func $work (local $count i32) (loop {count}))"),
        ..Guest::code("(call $work) (i32.const 0)")
    };
    // Address 0 holds zeroes: a forward along the first route, whose model is not read yet.
    let outcome = evil(&guest);
    assert_eq!(
        outcome,
        Err(DecideError::Contract(Violation::ForwardUnread(CHAT.into())))
    );
}

/// Grows by so many MiB, and traps if that failed.
fn growing(mebibytes: u32) -> Guest {
    let pages = mebibytes * 16;
    Guest {
        fields: format!(
            "(func $grow (if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1))
               (then (unreachable))))"
        ),
        ..Guest::code("(call $grow) (i32.const 0)")
    }
}

#[test]
fn memory_within_limit_is_given() {
    let outcome = evil(&growing(62));
    assert_eq!(
        outcome,
        Err(DecideError::Contract(Violation::ForwardUnread(CHAT.into())))
    );
    assert_eq!(evil(&growing(64)), Err(DecideError::Memory));
}

#[test]
fn guest_that_copes_without_the_memory_is_heard() {
    let guest = Guest::code("(memory.grow (i32.const 60000)) (drop) (i32.const 0)");
    let outcome = evil(&guest);
    assert_eq!(
        outcome,
        Err(DecideError::Contract(Violation::ForwardUnread(CHAT.into())))
    );
}

#[test]
fn stack_within_limit_is_given() {
    let outcome = evil(&recursion(1000));
    assert_eq!(
        outcome,
        Err(DecideError::Contract(Violation::ForwardUnread(CHAT.into())))
    );
}

fn recursion(depth: u32) -> Guest {
    Guest {
        fields: "(func $deep (param i32) (result i32)
            (if (result i32) (local.get 0)
              (then (i32.add (i32.const 1)
                (call $deep (i32.sub (local.get 0) (i32.const 1)))))
              (else (i32.const 0))))"
            .into(),
        ..Guest::code(&format!(
            "(call $deep (i32.const {depth})) (drop) (i32.const 0)"
        ))
    }
}

fn unreadable(guest: &Guest) {
    match evil(guest) {
        Err(DecideError::Contract(Violation::Unreadable(_))) => {}
        other => panic!("was read: {other:?}"),
    }
}

#[test]
fn string_outside_memory_is_unreadable() {
    let string = "(i32.store8 (i32.const 0) (i32.const 3))
                  (i32.store (i32.const 8) (i32.const 0x7fffff00))
                  (i32.store (i32.const 12) (i32.const 4)) (i32.const 0)";
    unreadable(&Guest::code(string));
}

/// A refusal with a message of so many `x`.
fn long_message(bytes: u32) -> Guest {
    let code = format!(
        "(memory.fill (i32.const 65536) (i32.const 0x78) (i32.const {bytes}))
         (i32.store8 (i32.const 0) (i32.const 3)) (i32.store16 (i32.const 4) (i32.const 400))
         (i32.store8 (i32.const 100) (i32.const 0x78))
         (i32.store (i32.const 8) (i32.const 100)) (i32.store (i32.const 12) (i32.const 1))
         (i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const {bytes}))
         (i32.const 0)"
    );
    Guest {
        pages: 8,
        ..Guest::code(&code)
    }
}

#[test]
fn answer_within_size_limit_is_copied_and_then_judged() {
    let outcome = evil(&long_message(60_000));
    assert_eq!(
        outcome,
        Err(DecideError::Contract(Violation::MessageLength(60_000)))
    );
    assert!(evil(&long_message(2048)).is_ok());
}

/// Many labels that share one string: a few bytes in the guest, many in the host.
#[test]
fn answer_that_grows_in_the_host_is_not_copied() {
    let text = "x".repeat(8 << 10);
    let with = |count| {
        let labels = vec![(text.clone(), text.clone()); count];
        Guest::answer(Decision::Forward(Forward {
            labels,
            ..forward(TO_CHAT)
        }))
    };
    let within = evil(&with(3));
    assert!(matches!(
        within,
        Err(DecideError::Contract(Violation::ForwardUnread(_)))
    ));
    unreadable(&with(1000));
}

#[test]
fn guest_failures_are_told_from_the_hosts() {
    let failure = evil(&Guest::code("(unreachable)")).unwrap_err();
    assert!(failure.is_guest_failure());
    assert!(!DecideError::PoolExhausted.is_guest_failure());
}

fn loaded(runtime: &Runtime, guest: &Guest) -> Plugin {
    runtime
        .load(&guest.component(), &LoadOptions::default())
        .unwrap()
}

#[test]
fn every_allocation_bounds_the_guest_alike() {
    for allocation in [
        Allocation::OnDemand,
        Allocation::Pool,
        Allocation::SmallPool,
    ] {
        let settings = Settings {
            workers: 1,
            decision_threads: 1,
            allocation,
            ..Settings::default()
        };
        let runtime = Runtime::new(settings).unwrap();
        let caller = caller("evil");
        let request = chat(&caller, RequestedModel::Unread);
        let bomb = loaded(&runtime, &growing(64));
        assert_eq!(
            bomb.decide(&request),
            Err(DecideError::Memory),
            "{allocation:?}"
        );
        let deep = loaded(
            &runtime,
            &Guest {
                evil: Evil::Code("(i32.load (i32.const -4))".into()),
                ..Guest::default()
            },
        );
        assert_eq!(
            deep.decide(&request).unwrap_err().cause(),
            "trap",
            "{allocation:?}"
        );
    }
}

#[test]
fn memory_a_plugin_may_have_can_be_set() {
    let settings = Settings {
        plugin_memory: 16 << 20,
        workers: 1,
        ..Settings::default()
    };
    let small = Runtime::new(settings).unwrap();
    let caller = caller("evil");
    let request = chat(&caller, RequestedModel::Unread);
    let guest = growing(32);
    assert_eq!(
        loaded(&small, &guest).decide(&request),
        Err(DecideError::Memory)
    );
    assert_ne!(
        loaded(runtime(), &guest).decide(&request),
        Err(DecideError::Memory)
    );
}
