//! Connections to GT: kept, replaced when they died unused, and never a reason to ask twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{Ask, Gate, Gt, within};

#[test]
fn requests_one_after_the_other_share_a_connection() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for _ in 0..5 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert!(
        gt.seen().iter().all(|seen| seen.connection == 0),
        "{:?}",
        gt.seen()
    );
}

#[test]
fn a_kept_connection_that_gt_closed_is_replaced_silently() {
    let gt = Gt::answering(|_, reply| {
        reply.json(200, "{}");
        // GT says nothing of closing, and closes.
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let no_connection = "signalbox_connections_open{side=\"upstream\"} 0\n";
    for _ in 0..20 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
        assert!(within(|| gate.handle.metrics().contains(no_connection)));
    }
    assert_eq!(gt.seen().len(), 20, "each was asked once");
}

#[test]
fn a_request_that_gt_took_and_did_not_answer_is_not_sent_again() {
    let count = AtomicUsize::new(0);
    let gt = Gt::answering(move |_, reply| {
        if count.fetch_add(1, Ordering::Relaxed) == 1 {
            reply.hang_up();
        } else {
            reply.json(200, "{}");
        }
    });
    let gate = Gate::before(&gt);
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    let lost = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(lost.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(
        lost.header("x-should-retry"),
        Some("false"),
        "it may have had an effect"
    );
    assert_eq!(gt.seen().len(), 2);
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
}

#[test]
fn a_connection_that_gt_wants_closed_is_not_kept() {
    let gt = Gt::answering(|_, reply| reply.with(200, "connection: close\r\n", b"x"));
    let gate = Gate::before(&gt);
    for _ in 0..3 {
        let answer = gate.send(&Ask::chat("gpt-4o"));
        assert_eq!((answer.status, answer.header("connection")), (200, None));
    }
    let connections: Vec<usize> = gt.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
}
