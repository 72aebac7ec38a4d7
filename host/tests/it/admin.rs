//! What operators see of requests.

mod tls;

use std::num::NonZeroU32;

use signalbox_gate::Digest;
use signalbox_host::config::AdminConfig;

use crate::harness::{Answer, Ask, Client, Gate, Gt, within};

fn observed(gt: &Gt) -> Gate {
    Gate::builder(gt.address)
        .config(|config| {
            let mut admin = AdminConfig::new(([127, 0, 0, 1], 0).into());
            admin.view_token = Some(Digest::of("view"));
            config.admin = Some(admin);
            config.key_limits.per_minute = NonZeroU32::new(1_000);
        })
        .start()
}

fn look(gate: &Gate, target: &str) -> Answer {
    let ask = Ask::plain("GET", target)
        .without("host")
        .header("host", "localhost")
        .header("authorization", "Bearer view");
    Client::connect(gate.admin.unwrap()).send(&ask)
}

#[test]
fn each_ending_is_counted_once_and_under_its_route() {
    let gt = Gt::chatty();
    let gate = observed(&gt);
    gate.send(&Ask::chat("gpt-4o"));
    gate.send(&Ask::chat("gpt-5"));
    gate.send(&Ask::get("/v1/models"));
    gate.send(&Ask::get("/v1/nothing"));
    gate.send(&Ask::chat("gpt-4o").key("unknown"));
    for line in [
        r#"signalbox_requests_total{route="POST /v1/chat/completions",outcome="forwarded",code="ok"} 1"#,
        r#"signalbox_requests_total{route="POST /v1/chat/completions",outcome="refused",code="model_not_found"} 1"#,
        r#"signalbox_requests_total{route="GET /v1/models",outcome="answered",code="ok"} 1"#,
        r#"signalbox_requests_total{route="unknown",outcome="refused",code="unknown_route"} 1"#,
        r#"signalbox_requests_total{route="unknown",outcome="refused",code="invalid_api_key"} 1"#,
        "signalbox_requests_open 0",
    ] {
        // A request is counted when its answer is dropped, which may be after we have read it.
        let is_there = || {
            look(&gate, "/metrics")
                .text()
                .lines()
                .any(|found| found == line)
        };
        assert!(
            within(is_there),
            "{line}\n{}",
            look(&gate, "/metrics").text()
        );
    }
}

#[test]
fn a_decision_can_be_looked_up_by_the_id_the_client_got() {
    let gate = observed(&Gt::chatty());
    for (ask, code) in [
        (Ask::chat("gpt-4o"), None),
        (Ask::chat("gpt-5"), Some("model_not_found")),
        (Ask::chat("gpt-4o").key("unknown"), Some("invalid_api_key")),
    ] {
        let answer = gate.send(&ask);
        let id = answer.header("x-signalbox-decision").unwrap();
        let record = look(&gate, &format!("/decisions/{id}"));
        assert_eq!(record.status, 200, "{id}");
        assert!(record.text().contains(id));
        assert!(!record.text().contains("token-"), "{}", record.text());
        if let Some(code) = code {
            assert!(record.text().contains(code), "{}", record.text());
        }
    }
}

#[test]
fn readiness_goes_off_while_requests_still_end() {
    let gt = Gt::answering(|_, reply| {
        reply.events();
        std::thread::park();
    });
    let mut gate = observed(&gt);
    assert!(within(|| look(&gate, "/readyz").status == 200));
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(client.head().status, 200);
    gate.tell_to_stop();
    assert!(within(|| gate.handle.status().status == "draining"));
    assert_eq!(gate.exit().cut_requests, 1);
}
