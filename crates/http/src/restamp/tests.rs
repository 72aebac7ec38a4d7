use super::*;

fn json(answer: &str) -> String {
    through(Restamp::Json(JsonRestamp::new("gpt-4o")), answer)
}

fn sse(answer: &str) -> String {
    through(Restamp::Sse(SseRestamp::new("gpt-4o")), answer)
}

/// Restamps whole and byte by byte: both must agree.
fn through(mut whole: Restamp, answer: &str) -> String {
    let mut single = match whole {
        Restamp::Json(_) => Restamp::Json(JsonRestamp::new("gpt-4o")),
        _ => Restamp::Sse(SseRestamp::new("gpt-4o")),
    };
    let (mut out, mut bytewise) = (Vec::new(), Vec::new());
    whole.push(answer.as_bytes(), &mut out);
    whole.finish(&mut out);
    for byte in answer.as_bytes() {
        single.push(&[*byte], &mut bytewise);
    }
    single.finish(&mut bytewise);
    assert_eq!(out, bytewise, "{answer}");
    assert_eq!(whole.oversized(), single.oversized());
    String::from_utf8(out).unwrap()
}

#[test]
fn the_top_level_model_is_restamped() {
    assert_eq!(
        json(r#"{"id":1,"model":"gt-small","x":1.50}"#),
        r#"{"id":1,"model":"gpt-4o","x":1.50}"#
    );
    assert_eq!(
        json("\n{ \"mod\\u0065l\" :\t\"a\\\"b\" }\n"),
        "\n{ \"mod\\u0065l\" :\t\"gpt-4o\" }\n"
    );
    assert_eq!(
        json("\u{feff}{\"model\":\"x\"}"),
        "\u{feff}{\"model\":\"gpt-4o\"}"
    );
    assert_eq!(
        json(r#"{"a":{"b":[{"c":"}]"}]},"model":"x"}"#),
        r#"{"a":{"b":[{"c":"}]"}]},"model":"gpt-4o"}"#
    );
    assert_eq!(
        json(r#"{"model":"a","model":"b"}"#),
        r#"{"model":"gpt-4o","model":"gpt-4o"}"#
    );
}

#[test]
fn the_stamp_is_written_as_json() {
    let mut restamp = JsonRestamp::new("a\"\\\n");
    let mut out = Vec::new();
    restamp.push(br#"{"model":"x"}"#, &mut out);
    assert_eq!(out, br#"{"model":"a\"\\\n"}"#);
}

#[test]
fn everything_else_passes() {
    for answer in [
        "",
        "[]",
        "null",
        "\"model\"",
        r#"["model","x"]"#,
        r#"[{"model":"x"}]"#,
        "<html>",
        r#"{"Model":"x","models":"y","mode":"z","":"model"}"#,
        r#"{"model":null}"#,
        r#"{"model":1,"a":"model"}"#,
        r#"{"model":{"model":"x"}}"#,
        r#"{"model":["x"]}"#,
        r#"{"error":{"model":"x"},"data":[{"model":"y"}]}"#,
        r#"{"a":"\"model\":\"x\""}"#,
        r#"{"a":"b"} {"model":"x"}"#,
        r#"{"model":"unfinished"#,
        r#"{"model":"unfinished\"#,
        r#"{"model""#,
        r#"{"model":,"model":"x"}"#,
        r#"{model:"x"}"#,
        r#"{"model" "x"}"#,
        "{\"model\":\"a\nb\"}",
    ] {
        assert_eq!(json(answer), answer);
    }
}

#[test]
fn a_flaw_elsewhere_does_not_show_gts_name() {
    assert_eq!(
        json("{\"a\":\"\\ud83d\\q\n\",\"model\":\"x\"}"),
        "{\"a\":\"\\ud83d\\q\n\",\"model\":\"gpt-4o\"}"
    );
    assert_eq!(
        json(r#"{"a":nope,"model":"x""#),
        r#"{"a":nope,"model":"gpt-4o""#
    );
}

#[test]
fn only_bytes_of_the_value_are_held() {
    let mut restamp = JsonRestamp::new("gpt-4o");
    let mut out = Vec::new();
    restamp.push(br#"{"id":"a","mod"#, &mut out);
    assert_eq!(out, br#"{"id":"a","mod"#);
    restamp.push(br#"el":"gt-"#, &mut out);
    assert_eq!(out, br#"{"id":"a","model":"#);
    restamp.push(br#"small","choi"#, &mut out);
    assert_eq!(out, br#"{"id":"a","model":"gpt-4o","choi"#);
}

#[test]
fn a_value_is_replaced_up_to_the_limit_and_passes_beyond() {
    let at_limit = format!(r#"{{"model":"{}","a":1}}"#, "x".repeat(64 * 1024 - 2));
    let over = format!(r#"{{"model":"{}","model":"y"}}"#, "x".repeat(64 * 1024 - 1));
    assert_eq!(json(&at_limit), r#"{"model":"gpt-4o","a":1}"#);
    assert_eq!(json(&over), over.replace("\"y\"", "\"gpt-4o\""));
    let mut restamp = JsonRestamp::new("gpt-4o");
    restamp.push(over.as_bytes(), &mut Vec::new());
    assert_eq!(restamp.oversized(), 1);
}

#[test]
fn a_long_key_passes_and_is_counted() {
    let answer = format!(r#"{{"{}":"y","model":"x"}}"#, "k".repeat(65 * 1024));
    let mut restamp = JsonRestamp::new("gpt-4o");
    let mut out = Vec::new();
    restamp.push(answer.as_bytes(), &mut out);
    assert_eq!(out, answer.replace("\"x\"", "\"gpt-4o\"").into_bytes());
    assert_eq!(restamp.oversized(), 1);
}

#[test]
fn every_event_is_restamped() {
    let answer = "data: {\"model\":\"x\",\"n\":1}\n\ndata: {\"model\":\"y\"}\n\ndata: [DONE]\n\n";
    assert_eq!(
        sse(answer),
        answer
            .replace("\"x\"", "\"gpt-4o\"")
            .replace("\"y\"", "\"gpt-4o\"")
    );
}

#[test]
fn every_line_end_is_one() {
    for end in ["\n", "\r\n", "\r"] {
        let answer = format!(
            "data:{{\"model\":\"x\"}}{end}{end}event: a{end}data: {{\"model\":\"x\"}}{end}{end}"
        );
        assert_eq!(sse(&answer), answer.replace("\"x\"", "\"gpt-4o\""));
    }
    // CR LF and CR, mixed: the second event begins after the blank line.
    let answer =
        "data: {\"model\":\"x\"}\r\n\rdata: {\"model\":\"x\"}\n\r\ndata: {\"model\":\"x\"}";
    assert_eq!(sse(answer), answer.replace("\"x\"", "\"gpt-4o\""));
}

#[test]
fn data_lines_of_one_event_are_one_text() {
    let answer = "\u{feff}data: {\n: comment\ndata: \"model\":\nid: 7\ndata\ndata:\"x\"}\n\n";
    assert_eq!(sse(answer), answer.replace("\"x\"", "\"gpt-4o\""));
    // Without a blank line the second object is part of the first text.
    let one_event = "data: {\"model\":\"x\"}\ndata: {\"model\":\"y\"}\n\n";
    assert_eq!(sse(one_event), one_event.replace("\"x\"", "\"gpt-4o\""));
}

#[test]
fn a_value_does_not_span_lines() {
    for answer in [
        "data: {\"model\":\"x\ndata: y\"}\n\n",
        "data: {\"mod\ndata: el\":\"y\"}\n\n",
        "data: {\"model\":\"x\n\n",
    ] {
        assert_eq!(sse(answer), answer);
    }
    let next = "data: {\"model\":\"x\n\ndata: {\"model\":\"y\"}\n\n";
    assert_eq!(sse(next), next.replace("\"y\"", "\"gpt-4o\""));
}

#[test]
fn other_lines_pass() {
    for answer in [
        ": {\"model\":\"x\"}\n\n",
        "event: {\"model\":\"x\"}\n\n",
        "database: {\"model\":\"x\"}\n\n",
        "dat: {\"model\":\"x\"}\n\n",
        " data: {\"model\":\"x\"}\n\n",
        "Data: {\"model\":\"x\"}\n\n",
        "data {\"model\":\"x\"}\n\n",
        "data: [DONE]\n\n",
        "data: \n\ndata:\n\ndata\n\n",
        "\n\n\r\r\n",
    ] {
        assert_eq!(sse(answer), answer);
    }
}

#[test]
fn a_part_of_an_event_goes_out_at_once() {
    let mut restamp = SseRestamp::new("gpt-4o");
    let mut out = Vec::new();
    restamp.push(b"da", &mut out);
    restamp.push(b"ta: {\"choices\":[{\"delta\":{\"content\":\"Hel", &mut out);
    assert_eq!(out, b"data: {\"choices\":[{\"delta\":{\"content\":\"Hel");
}

fn for_answer(
    content_type: Option<&str>,
    encoding: Option<&str>,
    status: u16,
    stamp: Option<&str>,
) -> Result<Restamp, Refusal> {
    let kind = content_type.map_or(AnswerKind::Other, AnswerKind::of);
    Restamp::for_answer(kind, encoding, status, stamp.map(Stamp::from).as_ref())
}

#[test]
fn only_json_and_events_are_restamped() {
    let kind = |content_type| match for_answer(content_type, None, 200, Some("x")).unwrap() {
        Restamp::Pass => "pass",
        Restamp::Json(_) => "json",
        Restamp::Sse(_) => "sse",
    };
    for (content_type, expected) in [
        ("application/json", "json"),
        ("Application/JSON; charset=utf-8", "json"),
        ("application/problem+json", "json"),
        ("text/event-stream", "sse"),
        ("text/event-stream;charset=utf-8", "sse"),
        ("application/x-ndjson", "pass"),
        ("audio/mpeg", "pass"),
        ("text/plain", "pass"),
        ("", "pass"),
    ] {
        assert_eq!(kind(Some(content_type)), expected, "{content_type}");
    }
    assert_eq!(kind(None), "pass");
}

#[test]
fn without_a_stamp_nothing_changes() {
    let restamp = for_answer(Some("application/json"), Some("gzip"), 206, None).unwrap();
    assert!(!restamp.changes_bytes());
    let restamp = for_answer(Some("application/json"), None, 200, Some("x")).unwrap();
    assert!(restamp.changes_bytes());
}

#[test]
fn what_cannot_be_restamped_is_gts_fault() {
    for (encoding, status) in [
        (Some("gzip"), 200),
        (Some("identity, br"), 200),
        (None, 206),
        (Some("GZIP"), 400),
    ] {
        for content_type in ["application/json", "text/event-stream"] {
            let refusal = for_answer(Some(content_type), encoding, status, Some("x")).unwrap_err();
            assert_eq!(
                (refusal.status(), refusal.code()),
                (502, "upstream_protocol")
            );
        }
        assert!(matches!(
            for_answer(Some("audio/mpeg"), encoding, status, Some("x")),
            Ok(Restamp::Pass)
        ));
    }
    for encoding in ["identity", "", "Identity, identity"] {
        let restamp = for_answer(Some("application/json"), Some(encoding), 404, Some("x"));
        assert!(matches!(restamp, Ok(Restamp::Json(_))), "{encoding}");
    }
}

#[test]
fn a_key_that_is_no_utf_8_changes_nothing_for_model() {
    let mut restamp = JsonRestamp::new("gpt-4o");
    let mut out = Vec::new();
    restamp.push(b"{\"\xff\":1,\"model\":\"gt-small\"}", &mut out);
    restamp.finish(&mut out);
    assert_eq!(out, b"{\"\xff\":1,\"model\":\"gpt-4o\"}");
}
