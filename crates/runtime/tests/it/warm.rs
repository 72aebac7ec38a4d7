//! Instances kept between decisions, and what keeps them apart.

use std::{sync::Arc, thread};

use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::{DecideError, Generation, Isolation, Violation};

use crate::guests::{self, Guest, caller, chat};

/// A guest that counts its calls: the caller `evil` is refused with status 401, 402, …
pub(crate) fn counting() -> Guest {
    Guest {
        fields: "(global $calls (mut i32) (i32.const 400))".into(),
        ..Guest::code(
            "(block (result i32)
               (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
               (i32.store8 (i32.const 0) (i32.const 3))
               (i32.store16 (i32.const 4) (global.get $calls))
               (i32.store8 (i32.const 100) (i32.const 0x78))
               (i32.store (i32.const 8) (i32.const 100)) (i32.store (i32.const 12) (i32.const 1))
               (i32.const 0))",
        )
    }
}

fn serve(isolation: Isolation) -> Arc<Generation> {
    guests::serve(guests::load(&counting().component(), isolation).unwrap())
}

fn status(generation: &Generation) -> Result<u16, DecideError> {
    let caller = caller("evil");
    match generation.decide(&chat(&caller, RequestedModel::Unread))? {
        Decision::Refuse(refusal) => Ok(refusal.status),
        other => panic!("{other:?}"),
    }
}

#[test]
fn isolated_decisions_share_nothing() {
    for isolation in [Isolation::Request, Isolation::RequestOnce] {
        let generation = serve(isolation);
        assert_eq!(
            [status(&generation), status(&generation)],
            [Ok(401), Ok(401)]
        );
    }
}

#[test]
fn decisions_may_be_kept_where_the_operator_says_so() {
    for (isolation, may) in [
        (Isolation::Request, false),
        (Isolation::RequestOnce, true),
        (Isolation::Reuse, false),
    ] {
        let generation = serve(isolation);
        assert_eq!(generation.keeps_decisions(), may, "{isolation:?}");
        let kept = generation.with_kept(|number: &mut u8| *number);
        assert_eq!(kept.is_some(), may, "{isolation:?}");
        assert!(!generation.is_inline(), "that does not make it trusted");
    }
}

#[test]
fn reused_instance_remembers() {
    let generation = serve(Isolation::Reuse);
    assert_eq!(
        [status(&generation), status(&generation)],
        [Ok(401), Ok(402)]
    );
    assert!(!generation.is_inline(), "reuse does not make it trusted");
}

#[test]
fn two_generations_of_one_plugin_share_no_instance() {
    let (first, second) = (serve(Isolation::Reuse), serve(Isolation::Reuse));
    assert_eq!(status(&first), Ok(401));
    assert_eq!(status(&second), Ok(401));
}

#[test]
fn trial_of_a_load_leaves_no_instance_behind() {
    let generation = serve(Isolation::Reuse);
    let plugin = generation.plugin().clone();
    assert_eq!(status(&generation), Ok(401));
    let caller = caller("evil");
    let fresh = plugin
        .decide(&chat(&caller, RequestedModel::Unread))
        .unwrap();
    assert!(matches!(fresh, Decision::Refuse(refusal) if refusal.status == 401));
}

#[test]
fn instance_is_gone_after_any_error() {
    let generation = serve(Isolation::Reuse);
    for expected in 401..500 {
        assert_eq!(status(&generation), Ok(expected));
    }
    assert_eq!(
        status(&generation),
        Err(DecideError::Contract(Violation::Status(500)))
    );
    assert_eq!(status(&generation), Ok(401));
}

#[test]
fn threads_decide_at_once_whatever_instances_they_share() {
    let generation = serve(Isolation::Reuse);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert!(status(&generation).is_ok_and(|status| status > 400));
                }
            });
        }
    });
}
