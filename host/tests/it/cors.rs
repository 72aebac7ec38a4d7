//! Pages of browsers: those that are listed may call, and everybody else hears nothing of it.

use signalbox_host::config::CorsSettings;

use crate::harness::http2::{Http2, run};
use crate::harness::{Answer, Ask, Gate, Gt};

const PAGE: &str = "https://app.example";

fn gate(gt: &Gt) -> Gate {
    Gate::builder(gt.address)
        .config(|config| config.cors = Some(CorsSettings::new(vec![PAGE.to_owned()])))
        .start()
}

fn preflight(origin: &str) -> Ask {
    Ask::plain("OPTIONS", "/v1/chat/completions")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,x-stainless-os",
        )
}

fn allowed(answer: &Answer) -> Vec<&str> {
    let names = answer.headers.iter().map(|(name, _)| name.as_str());
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

#[test]
fn a_listed_page_is_answered_without_a_key_in_both_versions() {
    let gt = Gt::chatty();
    let gate = gate(&gt);
    let over_http2 = run(async {
        let mut client = Http2::connect(gate.address).await;
        client.send(&preflight(PAGE)).await
    });
    let mut client = gate.connect();
    client.write(&preflight(PAGE).bytes());
    for answer in [client.head(), over_http2] {
        assert_eq!(answer.status, 204);
        assert_eq!(answer.body, b"");
        for (name, value) in [
            ("access-control-allow-origin", PAGE),
            ("access-control-allow-methods", "GET, HEAD, POST"),
            (
                "access-control-allow-headers",
                "authorization, content-type, x-stainless-os",
            ),
            ("access-control-max-age", "600"),
            ("vary", "origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert!(answer.header("x-signalbox-decision").is_some());
    }
    // The connection goes on.
    assert_eq!(client.send(&Ask::chat("gpt-4o")).status, 200);
    assert_eq!(gt.seen().len(), 1);
}

#[test]
fn a_listed_page_may_read_answers_and_refusals() {
    let gt = Gt::answering(|_, reply| {
        let more = "content-type: application/json\r\naccess-control-allow-origin: *\r\n\
                    access-control-allow-credentials: true\r\nvary: accept\r\n";
        reply.with(200, more, b"{}");
    });
    let gate = gate(&gt);
    for (ask, status) in [
        (Ask::chat("gpt-4o"), 200),
        (Ask::chat("gpt-5"), 404),
        (Ask::chat("gpt-4o").key("nobody"), 401),
        (Ask::get("//"), 400),
    ] {
        let answer = gate.send(&ask.header("origin", PAGE));
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("x-request-id") && exposed.contains("x-signalbox-decision"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let vary = answer.headers.iter().filter(|(name, _)| name == "vary");
        assert!(vary.map(|(_, value)| value).any(|value| value == "origin"));
    }
}

#[test]
fn another_page_hears_nothing_and_is_refused_its_question() {
    let gate = gate(&Gt::chatty());
    for origin in [
        "https://evil.example",
        "null",
        "https://app.example.evil.example",
    ] {
        let answer = gate.send(&preflight(origin));
        assert_eq!(answer.refusal(), (401, "invalid_api_key".to_owned()));
        assert_eq!(allowed(&answer), [""; 0]);
        assert_eq!(answer.header("vary"), Some("origin"));
        let answer = gate.send(&Ask::chat("gpt-4o").header("origin", origin));
        assert_eq!(answer.status, 200, "a browser sends what it may not read");
        assert_eq!(allowed(&answer), [""; 0]);
    }
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!((answer.status, allowed(&answer).len()), (200, 0));
    assert_eq!(answer.header("vary"), Some("origin"));
}

#[test]
fn without_cors_options_is_a_method_no_route_has_and_nothing_is_said() {
    let gt = Gt::answering(|_, reply| {
        let more = "content-type: application/json\r\naccess-control-allow-origin: *\r\n";
        reply.with(200, more, b"{}");
    });
    let gate = Gate::before(&gt);
    let answer = gate.send(&preflight(PAGE).key("all"));
    assert_eq!(answer.refusal(), (405, "method_not_allowed".to_owned()));
    assert_eq!(answer.header("allow"), Some("POST"));
    assert_eq!(allowed(&answer), [""; 0]);
    let answer = gate.send(&Ask::chat("gpt-4o").header("origin", PAGE));
    assert_eq!((answer.status, allowed(&answer).len()), (200, 0));
    assert_eq!(answer.header("vary"), None);
}
