//! What contract 0.2 gives a policy, over real sockets: a notice for the client, and members of the body.

use signalbox_policy::{Decision, Forward};
use signalbox_runtime::ContractVersion;

use crate::guests::{Guest, TO_CHAT, forward, refusal};
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

/// A gate whose policy asks for the member `n`, and refuses what is not a number up to 4.
fn counting(gt: &Gt) -> Gate {
    // The list of members is at 128, its length behind it: of each the name, the kind, the value.
    let first = "
        (if (i32.and
              (i32.eq (i32.load8_u offset=116 (local.get $request)) (i32.const 2))
              (i32.eq (i32.load offset=132 (local.get $request)) (i32.const 1)))
          (then
            (if (i32.or
                  (i32.load8_u offset=8 (i32.load offset=128 (local.get $request)))
                  (i64.gt_u
                    (i64.load offset=16 (i32.load offset=128 (local.get $request)))
                    (i64.const 4)))
              (then (return EVIL)))))";
    let mut guest = Guest {
        first: first.into(),
        ..Guest::answer(refusal("too_many"))
    };
    guest.description.body_members = vec!["n".into()];
    Gate::builder(gt.address)
        .policy("default", guest.component())
        .start()
}

#[test]
fn a_policy_sees_the_members_it_asks_for() {
    let gt = Gt::chatty();
    let gate = counting(&gt);
    let large = "x".repeat(100_000);
    for (member, is_let_through) in [
        ("\"user\": 9", true),
        ("\"n\": 4", true),
        ("\"n\": 5", false),
        ("\"\\u006e\": 5", false),
        ("\"N\": 1", false),
        ("\"n\": 1, \"n\": 1", false),
        ("\"n\": 1.0", false),
        ("\"n\": \"1\"", false),
        ("\"metadata\": {\"n\": 5}", true),
    ] {
        for rest in ["", &large] {
            let body = format!(r#"{{{member}, "model": "gpt-4o", "user_text": "{rest}"}}"#);
            let ask = Ask::post("/v1/chat/completions").json(&body);
            for ask in [ask.clone(), ask.chunked(1_000)] {
                let answer = gate.send(&ask);
                match is_let_through {
                    true => assert_eq!(answer.status, 200, "{member}"),
                    false => assert_eq!(answer.refusal(), (400, "too_many".to_owned()), "{member}"),
                }
            }
        }
    }
}
