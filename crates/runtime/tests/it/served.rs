//! What is left of a generation when it is gone, and that it is gone.

use std::sync::Arc;

use signalbox_policy::RequestedModel;
use signalbox_runtime::{Change, Digest, Isolation, Slot};

use crate::{
    guests::{Guest, caller, chat, commit, load, serve},
    warm::counting,
};

#[test]
fn served_says_what_the_generation_said() {
    let generation = serve(Guest::default().load().unwrap());
    let served = generation.served();
    assert_eq!((served.number(), served.name()), (1, "a"));
    assert_eq!(served.digest(), Digest::of(&Guest::default().component()));
    assert_eq!((served.is_cut(), served.is_freed()), (false, false));
    served.cut();
    assert!(generation.served().is_cut());
}

#[test]
fn decisions_and_guest_failures_are_counted() {
    let generation = serve(Guest::code("(unreachable)").load().unwrap());
    let decide = |who: &str| {
        let caller = caller(who);
        generation
            .decide(&chat(&caller, RequestedModel::Unread))
            .is_ok()
    };
    assert!(decide("honest") && !decide("evil") && decide("honest"));
    let served = generation.served();
    let counts = served.counts();
    assert_eq!((counts.decisions, counts.failures), (3, 1));
}

#[test]
fn answers_under_way_are_counted_until_they_end() {
    let generation = serve(Guest::default().load().unwrap());
    let served = Arc::clone(generation.served());
    let (first, second) = (served.open(), served.open());
    assert_eq!(served.open_count(), 2);
    assert!(Arc::ptr_eq(first.served(), &served));
    drop(generation);
    drop(first);
    assert_eq!((served.open_count(), served.is_freed()), (1, true));
    drop(second);
    assert_eq!(served.open_count(), 0);
}

/// An answer that streams for hours holds `Open`, and nothing of the code or the instances.
#[test]
fn generation_goes_with_its_last_decision_however_long_its_answers_take() {
    let slot = Slot::new();
    let plugin = load(&counting().component(), Isolation::Reuse).unwrap();
    commit(&slot, Change::new().serve("a", plugin));
    let deciding = Arc::clone(slot.load().get("a").unwrap().live());
    let (weak, answer) = (Arc::downgrade(&deciding), deciding.served().open());
    commit(&slot, Change::new().remove("a"));
    assert!(!answer.served().is_freed());
    let caller = caller("evil");
    assert!(
        deciding
            .decide(&chat(&caller, RequestedModel::Unread))
            .is_ok()
    );
    drop(deciding);
    assert!(answer.served().is_freed());
    assert!(weak.upgrade().is_none());
    let served = answer.served();
    assert_eq!((served.open_count(), served.counts().decisions), (1, 1));
}
