//! The client's bytes: what GT receives differs from what was sent in the one value of `model`, and
//! where it is not plain which value that is, nothing is sent.

use sha2::{Digest, Sha256};
use signalbox_gt_sim::Handle;
use signalbox_harness::{
    gate::{DEMO, Gate},
    http::Ask,
    small_host::{Serves, SmallHost},
};

const CHAT: &str = "/api/tenant/v1/chat/completions";

/// The same of every host.
macro_rules! of_every_host {
    ($($law:ident)*) => {
        mod host {
            $(#[test]
            fn $law() {
                super::$law(&super::Gate::demo());
            })*
        }

        mod small_host {
            $(#[test]
            fn $law() {
                super::$law(&super::SmallHost::demo());
            })*
        }
    };
}

of_every_host! {
    only_the_one_value_changes
    a_body_is_the_same_however_it_is_framed_and_cut
    a_body_that_does_not_say_it_is_json_is_not_sent
    the_answer_differs_only_in_the_model
    a_stream_is_passed_on_event_by_event
    what_is_not_one_plain_object_with_one_model_is_not_sent
}

/// A body in three parts: before the value of `model`, the value as the client writes it, after it.
struct Body {
    name: &'static str,
    parts: [Vec<u8>; 3],
}

fn body(name: &'static str, before: &str, value: &str, after: &str) -> Body {
    Body {
        name,
        parts: [before, value, after].map(|part| part.as_bytes().to_vec()),
    }
}

/// A body that begins with `model`, and goes on with `rest`.
fn with(name: &'static str, rest: &str) -> Body {
    body(name, "{\"model\":", "\"gpt-4o\"", &format!(",{rest}}}"))
}

const MESSAGES: &str = r#""messages":[{"role":"user","content":"hi"}]"#;

fn plain_bodies() -> Vec<Body> {
    let long = format!(
        r#""messages":[{{"role":"user","content":"{}"}}]"#,
        "x".repeat(10 << 20)
    );
    let deep = format!(r#""deep":{}{}"#, "[".repeat(126), "]".repeat(126));
    vec![
        with(
            "a number too large for a double",
            r#""seed":9007199254740993"#,
        ),
        with("a trailing zero", r#""temperature":1.50"#),
        with(
            "an exponent",
            r#""max_tokens":2e3,"x":-0,"y":1E-7,"z":0.10e+01"#,
        ),
        with("a number beyond every double", r#""x":1e999"#),
        with(
            "unknown fields",
            r#""tenant_hint":{"a":[1,null,true]},"x-y":"","":0"#,
        ),
        with(
            "escapes in other places",
            r#""user":"\u00e9\ud83d\ude00\/\b\"","\u0061":"é😀""#,
        ),
        with("the same other key twice", r#""seed":1,"seed":2"#),
        with(
            "members called model further in",
            r#""metadata":{"model":"a","Model":"b"},"tools":[{"model":"c"}]"#,
        ),
        with(
            "keys that only look alike",
            r#""models":1,"mode":2,"modell":3," model":4,"mоdel":6"#,
        ),
        with("deep nesting", &deep),
        body(
            "white space of every kind",
            "\n{ \t\"model\"\r\n : ",
            "\"gpt-4o\"",
            " ,\n\"n\" : 1 }\r\n\t ",
        ),
        body("an escaped key", "{\"mod\\u0065l\":", "\"gpt-4o\"", "}"),
        body(
            "a key escaped throughout",
            "{\"\\u006d\\u006F\\u0064\\u0065\\u006c\":",
            "\"gpt-4o\"",
            "}",
        ),
        body(
            "an escaped value",
            "{\"model\":",
            "\"gpt\\u002d4\\u006f\"",
            "}",
        ),
        body(
            "model in the middle",
            &format!("{{{MESSAGES},\"model\":"),
            "\"gpt-4o\"",
            ",\"stream\":false}",
        ),
        body(
            "model at the end",
            &format!("{{{MESSAGES},\"model\":"),
            "\"gpt-4o\"",
            "}",
        ),
        body(
            "model after ten megabytes",
            &format!("{{{long},\"model\":"),
            "\"gpt-4o\"",
            "}",
        ),
        body(
            "model before ten megabytes",
            "{\"model\":",
            "\"gpt-4o\"",
            &format!(",{long}}}"),
        ),
        body("model and nothing else", "{\"model\":", "\"gpt-4o\"", "}"),
    ]
}

fn only_the_one_value_changes(gate: &dyn Serves) {
    for Body {
        name,
        parts: [before, value, after],
    } in plain_bodies()
    {
        gate.gt().clear();
        let sent = [before.as_slice(), &value, &after].concat();
        let answer = gate.ask(&Ask::json(CHAT, sent).key(DEMO));
        let expected = [before.as_slice(), b"\"support-agent\"", &after].concat();
        assert_eq!(
            received(gate.gt()),
            (expected.len() as u64, sha256(&expected)),
            "{name}: {answer:?}"
        );
    }
}

/// Length and digest of the one body GT received: all of it, however long.
fn received(gt: &Handle) -> (u64, String) {
    let requests = gt.requests();
    let [request] = requests.as_slice() else {
        panic!("GT was asked {} times", requests.len())
    };
    (request.body_length, request.body_sha256.clone())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn a_body_is_the_same_however_it_is_framed_and_cut(gate: &dyn Serves) {
    let body = format!("{{{MESSAGES},\"model\":\"gpt-4o\",\"x\":1.50}}");
    let expected = body.replace("gpt-4o", "support-agent");
    for size in [1, 2, 7, 64, 1000] {
        gate.gt().clear();
        let chunked: Vec<u8> = body
            .as_bytes()
            .chunks(size)
            .flat_map(|chunk| {
                [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()
            })
            .chain(b"0\r\n\r\n".iter().copied())
            .collect();
        let ask = Ask::new("POST", CHAT)
            .key(DEMO)
            .header("content-type", "application/json")
            .header("transfer-encoding", "chunked")
            .unframed_body(chunked);
        let answer = gate.ask(&ask);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(
            received(gate.gt()),
            (expected.len() as u64, sha256(expected.as_bytes()))
        );
    }
}

fn what_is_not_one_plain_object_with_one_model_is_not_sent(gate: &dyn Serves) {
    let too_deep = format!(
        "{{\"model\":\"gpt-4o\",\"x\":{}{}}}",
        "[".repeat(128),
        "]".repeat(128)
    );
    let bodies: Vec<(&str, Vec<u8>, &str)> = [
        (
            "two models",
            r#"{"model":"gpt-4o","model":"gpt-4o"}"#,
            "ambiguous_model",
        ),
        (
            "two models apart",
            r#"{"model":"gpt-4o","x":{},"model":"gpt-4o-mini"}"#,
            "ambiguous_model",
        ),
        (
            "one of two escaped",
            r#"{"model":"gpt-4o","mod\u0065l":"gpt-4o-mini"}"#,
            "ambiguous_model",
        ),
        (
            "a key that ends at a NUL",
            r#"{"model":"gpt-4o","model\u0000":"x"}"#,
            "ambiguous_model",
        ),
        (
            "a key in upper case",
            r#"{"MODEL":"gpt-4o"}"#,
            "ambiguous_model",
        ),
        (
            "a key in title case beside it",
            r#"{"model":"gpt-4o","Model":"gpt-4o-mini"}"#,
            "ambiguous_model",
        ),
        (
            "a folded key that is escaped",
            r#"{"model":"gpt-4o","\u004dodel":"x"}"#,
            "ambiguous_model",
        ),
        ("a number", r#"{"model":5}"#, "invalid_body"),
        ("null", r#"{"model":null}"#, "invalid_body"),
        ("a list", r#"{"model":["gpt-4o"]}"#, "invalid_body"),
        (
            "an object",
            r#"{"model":{"name":"gpt-4o"}}"#,
            "invalid_body",
        ),
        (
            "half a surrogate pair",
            r#"{"model":"gpt-4o\ud83d"}"#,
            "invalid_body",
        ),
        (
            "a byte order mark",
            "\u{feff}{\"model\":\"gpt-4o\"}",
            "invalid_body",
        ),
        (
            "cut short",
            r#"{"model":"gpt-4o","messages":[{"role":"us"#,
            "invalid_body",
        ),
        ("cut before its end", r#"{"model":"gpt-4o""#, "invalid_body"),
        (
            "two objects",
            r#"{"model":"gpt-4o"}{"model":"gpt-4o"}"#,
            "invalid_body",
        ),
        (
            "something after it",
            r#"{"model":"gpt-4o"} x"#,
            "invalid_body",
        ),
        (
            "a zero byte after it",
            "{\"model\":\"gpt-4o\"}\0",
            "invalid_body",
        ),
        (
            "a list of objects",
            r#"[{"model":"gpt-4o"}]"#,
            "invalid_body",
        ),
        ("a string", r#""gpt-4o""#, "invalid_body"),
        ("nothing", "", "invalid_body"),
        ("white space alone", " \n ", "invalid_body"),
        ("too deep", &too_deep, "invalid_body"),
        ("a comment", r#"{"model":"gpt-4o"/* x */}"#, "invalid_body"),
        ("a comma too many", r#"{"model":"gpt-4o",}"#, "invalid_body"),
        ("single quotes", r#"{'model':'gpt-4o'}"#, "invalid_body"),
        (
            "a word that is no value",
            r#"{"model":"gpt-4o","x":NaN}"#,
            "invalid_body",
        ),
        (
            "a leading zero",
            r#"{"model":"gpt-4o","x":01}"#,
            "invalid_body",
        ),
        (
            "a line break in a string",
            "{\"model\":\"gpt-4o\",\"x\":\"a\nb\"}",
            "invalid_body",
        ),
        (
            "an escape that is none",
            r#"{"model":"gpt-4o","x":"\x41"}"#,
            "invalid_body",
        ),
        ("no model", r#"{"messages":[]}"#, "missing_model"),
        ("no member", "{}", "missing_model"),
        (
            "a model further in",
            r#"{"metadata":{"model":"gpt-4o"}}"#,
            "missing_model",
        ),
        ("a form", "model=gpt-4o", "invalid_body"),
    ]
    .into_iter()
    .map(|(name, body, code)| (name, body.as_bytes().to_vec(), code))
    .chain([
        (
            "a byte that is no UTF-8",
            b"{\"model\":\"gpt-4o\",\"x\":\"\xff\"}".to_vec(),
            "invalid_body",
        ),
        (
            "an overlong slash",
            b"{\"model\":\"gpt-4o\",\"x\":\"\xc0\xaf\"}".to_vec(),
            "invalid_body",
        ),
        (
            "UTF-16",
            "{\"model\":\"gpt-4o\"}"
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect(),
            "invalid_body",
        ),
    ])
    .collect();

    for (name, body, code) in bodies {
        let answer = gate.ask(&Ask::json(CHAT, body).key(DEMO));
        assert_eq!(
            answer.refusal(),
            (400, code.to_owned()),
            "{name}: {}",
            answer.text()
        );
    }
    assert_eq!(gate.gt().requests_seen(), 0);
}

fn a_body_that_does_not_say_it_is_json_is_not_sent(gate: &dyn Serves) {
    let ask = |headers: &[(&str, &str)]| {
        let plain = Ask::new("POST", CHAT)
            .key(DEMO)
            .body(r#"{"model":"gpt-4o","messages":[]}"#);
        let ask = headers
            .iter()
            .fold(plain, |ask, (name, value)| ask.header(name, value));
        gate.ask(&ask)
    };
    let json = ("content-type", "application/json");
    for headers in [
        &[][..],
        &[("content-type", "")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/json; charset=utf-16")],
        &[(
            "content-type",
            "application/json; charset=utf-8; charset=utf-16",
        )],
        &[("content-type", "application/json; profile=x")],
        &[("content-type", "application/json, text/plain")],
        &[("content-type", "application/jsonp")],
        &[json, json],
        &[json, ("content-encoding", "gzip")],
        &[json, ("content-encoding", "identity, br")],
    ] {
        let answer = ask(headers);
        let expected = (415, "unsupported_media_type".to_owned());
        assert_eq!(answer.refusal(), expected, "{headers:?}: {}", answer.text());
    }
    assert_eq!(gate.gt().requests_seen(), 0);

    for value in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        let answer = ask(&[("content-type", value)]);
        assert_ne!(answer.status, 415, "{value}");
    }
    assert_eq!(gate.gt().requests_seen(), 4);
}

fn the_answer_differs_only_in_the_model(gate: &dyn Serves) {
    let chat = format!("{{\"model\":\"gpt-4o\",{MESSAGES}}}");
    let through = gate.ask(&Ask::json(CHAT, chat.clone()).key(DEMO));
    let fault = signalbox_gt_sim::Fault::status(
        200,
        r#"{"model":"support-agent","id":9007199254740993,"x":{"model":"support-agent"},"n":1.50}"#,
    );
    assert_eq!(through.json()["model"], "gpt-4o");
    gate.gt().fail_next(fault);
    let answer = gate.ask(&Ask::json(CHAT, chat).key(DEMO));
    assert_eq!(
        answer.text(),
        r#"{"model":"gpt-4o","id":9007199254740993,"x":{"model":"support-agent"},"n":1.50}"#
    );
}

fn a_stream_is_passed_on_event_by_event(gate: &dyn Serves) {
    let hold = gate.gt().hold_streams();
    let chat = format!("{{\"model\":\"gpt-4o\",\"stream\":true,{MESSAGES}}}");
    let mut open = Ask::json(CHAT, chat).key(DEMO).open(gate.address());
    // GT sends one event and waits: it must come through although nothing follows it.
    let first = open.until("\n\n");
    assert!(first.contains(r#""model":"gpt-4o""#), "{first}");
    hold.release(1);
    let second = open.until("\n\n");
    assert!(second.contains(r#""content":"You ""#), "{second}");
    drop(hold);
    let rest = open.until("[DONE]");
    assert!(!rest.contains("support-agent"), "{rest}");
}
