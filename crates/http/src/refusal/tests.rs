use std::collections::BTreeSet;

use super::{Code, Refusal};

fn header(refusal: &Refusal, name: &str) -> Option<String> {
    let mut headers = refusal.headers().into_iter();
    headers
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value)
}

#[test]
fn every_code_has_its_own_word_and_the_status_of_the_design() {
    let rows = [
        (
            400,
            "invalid_request invalid_path invalid_query invalid_body ambiguous_model missing_model missing_conversation missing_header above_ceiling unclear_parameter",
        ),
        (401, "invalid_api_key"),
        (
            403,
            "insufficient_scope purpose_not_allowed dataset_not_allowed conversation_not_allowed caller_not_allowed",
        ),
        (
            404,
            "unknown_route route_not_supported gt_extension_route model_not_found",
        ),
        (405, "method_not_allowed"),
        (408, "request_timeout"),
        (413, "body_too_large"),
        (415, "unsupported_media_type"),
        (426, "websocket_not_supported"),
        (429, "rate_limited too_many_streams"),
        (431, "head_too_large"),
        (501, "proxy_cannot_rewrite"),
        (
            502,
            "upstream_unreachable upstream_protocol upstream_redirect upstream_credential_rejected",
        ),
        (
            503,
            "policy_failed policy_timeout no_policy overloaded spool_failed",
        ),
        (504, "upstream_timeout"),
    ];
    let expected: Vec<(u16, &str)> = rows
        .iter()
        .flat_map(|(status, words)| words.split(' ').map(|word| (*status, word)))
        .collect();
    let actual: Vec<(u16, &str)> = Code::ALL
        .iter()
        .map(|code| (code.status(), code.word()))
        .collect();
    assert_eq!(actual, expected);
    let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(words.len(), Code::ALL.len());
}

#[test]
fn only_what_did_nothing_may_be_tried_again() {
    for &code in Code::ALL {
        let (retry, after) = match code.word() {
            "overloaded" | "no_policy" => ("true", Some("1".to_owned())),
            "rate_limited" => ("false", Some("1".to_owned())),
            _ => ("false", None),
        };
        let refusal = Refusal::of(code);
        assert_eq!(
            header(&refusal, "x-should-retry").as_deref(),
            Some(retry),
            "{}",
            code.word()
        );
        assert_eq!(header(&refusal, "retry-after"), after, "{}", code.word());
    }
}

#[test]
fn a_time_to_wait_makes_no_final_refusal_repeatable() {
    for &code in Code::ALL {
        let (retry, after) = match code.word() {
            "overloaded" | "no_policy" | "upstream_unreachable" | "spool_failed" => {
                ("true", Some("7".to_owned()))
            }
            "rate_limited" => ("false", Some("7".to_owned())),
            _ => ("false", None),
        };
        let refusal = Refusal::of(code).retry_after(7);
        assert_eq!(
            header(&refusal, "x-should-retry").as_deref(),
            Some(retry),
            "{}",
            code.word()
        );
        assert_eq!(header(&refusal, "retry-after"), after, "{}", code.word());
    }
}

#[test]
fn a_426_names_the_protocol_to_use_and_nothing_else_names_one() {
    for &code in Code::ALL {
        let is_websocket = code == Code::WebsocketNotSupported;
        let refusal = Refusal::of(code);
        let named = is_websocket.then(|| "HTTP/1.1".to_owned());
        assert_eq!(header(&refusal, "upgrade"), named, "{}", code.word());
        let connection = is_websocket.then(|| "upgrade".to_owned());
        assert_eq!(header(&refusal, "connection"), connection);
    }
    let refusal = Refusal::from_policy(426, "update_first", "Update.", None);
    assert_eq!(header(&refusal, "upgrade"), None);
}

#[test]
fn a_policy_cannot_ask_for_a_retry() {
    for word in [
        "overloaded",
        "upstream_unreachable",
        "rate_limited",
        "spool_failed",
    ] {
        let refusal = Refusal::from_policy(429, word, "wait", None).retry_after(5);
        assert_eq!(header(&refusal, "x-should-retry").as_deref(), Some("false"));
        assert_eq!(header(&refusal, "retry-after"), None);
    }
}

#[test]
fn the_body_has_openais_shape() {
    let refusal = Refusal::new(Code::AmbiguousModel, "say \"model\" once\n").param("model");
    let expected = r#"{"error":{"message":"say \"model\" once\n","type":"invalid_request_error","param":"model","code":"ambiguous_model"}}"#;
    assert_eq!(str::from_utf8(&refusal.body()), Ok(expected));
}

#[test]
fn every_message_reads_back_from_the_body() {
    for message in [
        "plain",
        "quote \" back \\ slash / nul \0 del \u{7f}",
        "ümläut 🚂 \u{2028}\r\n\t",
    ] {
        let refusal = Refusal::from_policy(418, "tea_pot", message, Some("x\"y"));
        let body: serde_json::Value = serde_json::from_slice(&refusal.body()).unwrap();
        let expected = serde_json::json!({"error": {
            "message": message, "type": "invalid_request_error", "param": "x\"y", "code": "tea_pot"}});
        assert_eq!(body, expected);
        assert_eq!(
            (refusal.status(), refusal.code(), refusal.message()),
            (418, "tea_pot", message)
        );
    }
}

#[test]
fn a_missing_param_is_null() {
    let body: serde_json::Value =
        serde_json::from_slice(&Refusal::of(Code::NoPolicy).body()).unwrap();
    assert_eq!(body["error"]["param"], serde_json::Value::Null);
}

#[test]
fn the_kind_follows_the_status() {
    let kinds = [
        (Code::InvalidBody, "invalid_request_error"),
        (Code::InvalidApiKey, "authentication_error"),
        (Code::InsufficientScope, "permission_error"),
        (Code::UnknownRoute, "invalid_request_error"),
        (Code::RateLimited, "rate_limit_error"),
        (Code::UpstreamTimeout, "server_error"),
        (Code::PolicyFailed, "server_error"),
    ];
    for (code, kind) in kinds {
        assert_eq!(Refusal::of(code).kind(), kind);
    }
}

#[test]
fn a_bad_key_says_the_same_whatever_was_wrong() {
    let refusal = Refusal::new(Code::InvalidApiKey, "this key expired yesterday");
    assert_eq!(refusal, Refusal::of(Code::InvalidApiKey));
    assert_eq!(
        header(&refusal, "www-authenticate").as_deref(),
        Some("Bearer")
    );
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let refusal = Refusal::of(Code::MethodNotAllowed).allow("GET, HEAD");
    assert_eq!(header(&refusal, "allow").as_deref(), Some("GET, HEAD"));
    assert_eq!(header(&Refusal::of(Code::MethodNotAllowed), "allow"), None);
}

#[test]
fn an_error_inside_a_stream_is_one_nameless_event() {
    let refusal = Refusal::new(Code::UpstreamTimeout, "line\nbreak");
    let event = String::from_utf8(refusal.sse_event()).unwrap();
    let data = event.trim_matches('\n').strip_prefix("data: ").unwrap();
    assert_eq!(data.as_bytes(), refusal.body());
    assert!(event.starts_with("\n\n") && event.ends_with("\n\n"));
}
