//! What contract 0.2 gives a policy, over real sockets: a notice for the client.

use signalbox_policy::{Decision, Forward};
use signalbox_runtime::ContractVersion;

use crate::guests::{Guest, TO_CHAT, forward};
use crate::harness::{Ask, Gate, Gt};

const NOTICE: &str = "`old` ends on 2027-01-01: use `new`.";

/// A gate whose policy forwards the key `evil` with this notice.
fn noticing(gt: &Gt, version: ContractVersion) -> Gate {
    let decision = Decision::Forward(Forward {
        model: Some("support-agent".into()),
        notice: Some(NOTICE.into()),
        ..forward(TO_CHAT)
    });
    let guest = Guest::answer(decision).built_for(version);
    Gate::builder(gt.address)
        .policy("default", guest.component())
        .start()
}

#[test]
fn a_notice_is_told_beside_gts_answer() {
    let gt = Gt::chatty();
    let gate = noticing(&gt, ContractVersion::V0_2);
    let ask = Ask::chat("old").key("evil");
    for _ in 0..3 {
        let answer = gate.send(&ask);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-signalbox-notice"), Some(NOTICE));
    }
    assert!(
        gt.seen()
            .iter()
            .all(|it| it.header("x-signalbox-notice").is_none())
    );
}

#[test]
fn nobody_else_gives_a_notice() {
    let gt = Gt::answering(|_, answer| {
        answer.with(
            200,
            "content-type: application/json\r\nx-signalbox-notice: of GT\r\n",
            b"{}",
        );
    });
    let gate = noticing(&gt, ContractVersion::V0_1);
    let answer = gate.send(&Ask::chat("old").key("evil"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-signalbox-notice"), None);
    let gate = noticing(&gt, ContractVersion::V0_2);
    let answer = gate.send(&Ask::chat("old").key("evil"));
    assert_eq!(answer.header("x-signalbox-notice"), Some(NOTICE));
    assert_eq!(
        gate.send(&Ask::get("/v1/nothing").key("evil"))
            .header("x-signalbox-notice"),
        None
    );
}
