//! Bodies that gateways are known to change, to misread or to let by.

use signalbox_http::json::{Found, Scanner, find_model, quoted};

/// The body as it goes to GT, and the name the client wrote.
fn forwarded(body: &str) -> (String, String) {
    let Found::Named { name, span } = find_model(body.as_bytes()).unwrap() else {
        panic!("no model in {body}")
    };
    let value = String::from_utf8(quoted("support-agent")).unwrap();
    (
        format!("{}{value}{}", &body[..span.start], &body[span.end..]),
        name,
    )
}

fn refusal(body: &[u8]) -> (u16, String, Option<String>) {
    let refusal = find_model(body).expect_err(&String::from_utf8_lossy(body));
    let answer: serde_json::Value = serde_json::from_slice(&refusal.body()).unwrap();
    let param = answer["error"]["param"].as_str().map(str::to_owned);
    (refusal.status(), refusal.code().to_owned(), param)
}

#[test]
fn only_the_value_of_model_changes() {
    for (before, after) in [
        (
            r#"{"seed":9007199254740993,"model":"#,
            r#","x_custom":{"model":"inner"}}"#,
        ),
        (
            r#"{"temperature":1.50,"top_p":2e3,"n":-0.0E-0,"model":"#,
            "}",
        ),
        ("\r\n{\t\"model\" :  ", "  ,\n\"messages\" : [ ] }\n\n"),
        (
            r#"{"messages":[{"role":"user","content":"say \"model\":\"x\" \\"}],"model":"#,
            r#","stream":true}"#,
        ),
        (
            r#"{"":{"":[[],{},[{}]]},"mod\u0065l":"#,
            r#","t":true,"f":false,"n":null}"#,
        ),
        (
            r#"{"a":"\ud83d\ude82 🚂 ü \u2028","\u006D\u006f\u0064\u0065\u006C":"#,
            "}",
        ),
        (
            r#"{"models":["a"],"model_":"b"," model":"c","mode":"l","model":"#,
            "}",
        ),
    ] {
        let body = format!(r#"{before}"gpt-4o"{after}"#);
        let expected = format!(r#"{before}"support-agent"{after}"#);
        assert_eq!(forwarded(&body), (expected, "gpt-4o".to_owned()), "{body}");
    }
}

#[test]
fn escapes_in_the_value_count() {
    for (written, name) in [
        (r#""gpt\u002d4o""#, "gpt-4o"),
        (r#""openai\/gpt-4o""#, "openai/gpt-4o"),
        (r#""\uD83D\ude82""#, "🚂"),
        (r#""a\"b\\c\n""#, "a\"b\\c\n"),
        (r#""""#, ""),
        ("\"köln\"", "köln"),
    ] {
        let body = format!(r#"{{"model":{written}}}"#);
        assert_eq!(forwarded(&body).1, name);
    }
}

#[test]
fn model_is_found_after_ten_megabytes_of_messages() {
    for text in [
        "a line of text, thirty-two bytes\\n",
        "ein Tässchen Kaffee für 🚂 \\\"wagen\\\" ",
    ] {
        let messages = text.repeat(10 * 1024 * 1024 / text.len());
        let before = format!(r#"{{"messages":[{{"role":"user","content":"{messages}"}}],"model":"#);
        let body = format!(r#"{before}"gpt-4o"}}"#);
        assert_eq!(
            forwarded(&body),
            (format!(r#"{before}"support-agent"}}"#), "gpt-4o".to_owned())
        );
        let mut scanner = Scanner::new();
        for chunk in body.as_bytes().chunks(16 * 1024 + 1) {
            scanner.push(chunk).unwrap();
        }
        assert_eq!(scanner.finish(), find_model(body.as_bytes()));
    }
}

#[test]
fn a_body_without_model_is_valid() {
    for body in [
        "{}",
        " { } ",
        r#"{"messages":[{"model":"x"}],"a":{"model":"y"}}"#,
        r#"{"Modell":"x"}"#,
    ] {
        assert_eq!(find_model(body.as_bytes()), Ok(Found::Absent), "{body}");
    }
}

#[test]
fn a_second_model_is_ambiguous() {
    for body in [
        r#"{"model":"a","model":"b"}"#,
        r#"{"model":"a","model":"a"}"#,
        r#"{"model":"a","x":{"y":[1]},"mod\u0065l":"b"}"#,
        r#"{"Model":"a"}"#,
        r#"{"model":"a","MODEL":"b"}"#,
        r#"{"m\u004Fdel":"a","model":"b"}"#,
        r#"{"model":"a","modeL":1}"#,
        r#"{"model":"a","model":null}"#,
    ] {
        let expected = (400, "ambiguous_model".to_owned(), Some("model".to_owned()));
        assert_eq!(refusal(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn a_model_that_is_no_name_is_refused() {
    let long = format!(r#"{{"model":"{}"}}"#, "x".repeat(1025));
    for body in [
        r#"{"model":null}"#,
        r#"{"model":1}"#,
        r#"{"model":true}"#,
        r#"{"model":["a"]}"#,
        r#"{"model":{"id":"a"}}"#,
        &long,
    ] {
        assert_eq!(
            refusal(body.as_bytes()),
            (400, "invalid_body".to_owned(), Some("model".to_owned())),
            "{body}"
        );
    }
    assert!(find_model(&long.into_bytes()[..]).is_err());
    let longest = format!(r#"{{"model":"{}"}}"#, "x".repeat(1024));
    assert_eq!(forwarded(&longest).1.len(), 1024);
}

#[test]
fn what_is_not_one_json_object_is_refused() {
    let bodies: [&[u8]; 48] = [
        b"",
        b"  ",
        b"\xef\xbb\xbf{\"model\":\"a\"}",
        b"\xff\xfe{\0",
        b"[]",
        b"[{\"model\":\"a\"}]",
        b"null",
        b"\"model\"",
        b"1",
        b"{",
        b"{\"model\"",
        b"{\"model\":",
        b"{\"model\":\"a",
        b"{\"model\":\"a\"",
        b"{\"model\":\"a\",",
        b"{\"model\":\"a\",}",
        b"{,}",
        b"{\"a\"}",
        b"{\"a\":}",
        b"{\"a\" 1}",
        b"{a:1}",
        b"{'a':1}",
        b"{\"a\":1 \"b\":2}",
        b"{\"a\":1,,\"b\":2}",
        b"{\"a\":[1,]}",
        b"{\"a\":[,1]}",
        b"{\"a\":[1}",
        b"{\"a\":{]}",
        b"{\"a\":1]",
        b"{}{}",
        b"{} x",
        b"{}\0",
        b"{\"a\":1}//",
        b"/**/{}",
        b"{\"a\":tru}",
        b"{\"a\":True}",
        b"{\"a\":nulll}",
        b"{\"a\":NaN}",
        b"{\"a\":01}",
        b"{\"a\":+1}",
        b"{\"a\":1.}",
        b"{\"a\":.5}",
        b"{\"a\":1e}",
        b"{\"a\":-}",
        b"{\"a\":0x1}",
        b"{\"a\":1e+}",
        b"{\"a\":\x0b1}",
        b"{\"a\":\xa01}",
    ];
    for body in bodies {
        assert_eq!(
            refusal(body).1,
            "invalid_body",
            "{}",
            String::from_utf8_lossy(body)
        );
    }
}

#[test]
fn a_string_with_a_flaw_is_refused_wherever_it_stands() {
    let flaws: [&[u8]; 22] = [
        b"\n",
        b"\0",
        b"\x1f",
        b"\\x",
        b"\\'",
        b"\\u12g4",
        b"\\u",
        b"\\ud800",
        b"\\udc00",
        b"\\ud800x",
        b"\\ud800\\n",
        b"\\ud83d\\n\\ude82",
        b"\\ud83dx\\ude82",
        b"\\ud800\\ud800",
        b"\\ude82\\ud83d",
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc3",
        b"\xf0\x9f\x9a",
        b"\x80",
    ];
    for flaw in flaws {
        for (before, after) in [
            ("{\"model\":\"", "\"}"),
            ("{\"", "\":1}"),
            ("{\"mod", "el\":\"x\"}"),
            ("{\"model\":\"x\",\"messages\":[{\"content\":\"", "\"}]}"),
        ] {
            let body = [before.as_bytes(), flaw, after.as_bytes()].concat();
            assert_eq!(
                refusal(&body).1,
                "invalid_body",
                "{}",
                String::from_utf8_lossy(&body)
            );
        }
    }
}

#[test]
fn nesting_ends_at_128() {
    let nested = |levels: usize| {
        format!(
            r#"{{"model":"a","x":{}{}}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    assert!(find_model(nested(127).as_bytes()).is_ok());
    assert_eq!(refusal(nested(128).as_bytes()).1, "invalid_body");
    assert_eq!(
        refusal("{\"a\":".repeat(100_000).as_bytes()).1,
        "invalid_body"
    );
    // The kinds of all 128 are remembered.
    let mixed = format!("{}{{}}{}", r#"{"x":["#.repeat(63), "]}".repeat(63));
    assert_eq!(find_model(mixed.as_bytes()), Ok(Found::Absent));
    let wrong = format!("{}{{}}{}", r#"{"x":["#.repeat(63), "]]".repeat(63));
    assert_eq!(refusal(wrong.as_bytes()).1, "invalid_body");
}

#[test]
fn a_refusal_says_where() {
    let refusal = find_model(br#"{"model":"a","b":nope}"#).unwrap_err();
    assert!(
        refusal
            .message()
            .starts_with("The body is refused at byte 18: "),
        "{}",
        refusal.message()
    );
}
