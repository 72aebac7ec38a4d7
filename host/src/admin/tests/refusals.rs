//! Requests that make no sense: each is refused with what is wrong, and is in no history.

use super::*;

/// Code, param and message of a refusal.
fn refused(answer: &(u16, String), status: u16) -> (String, Option<String>, String) {
    assert_eq!(answer.0, status, "{}", answer.1);
    let error = &json(&answer.1)["error"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    (
        text(&error["code"]).unwrap(),
        text(&error["param"]),
        text(&error["message"]).unwrap(),
    )
}

#[test]
fn a_query_that_makes_no_sense_names_its_parameter() {
    let (admin, everything) = serving(&["default"]);
    let headers = format!("{OPERATE}{WASM}");
    for (query, param) in [
        ("polcy=default", "polcy"),
        ("mode=serve&mode=serve", "mode"),
        ("mode=serve&m%6fde=serve", "mode"),
        ("mode=live", "mode"),
        ("mode=", "mode"),
        ("policy=", "policy"),
        ("policy=a/b", "policy"),
        ("policy=%zz", "policy"),
        ("digest=abc", "digest"),
        ("digest=sha256:00", "digest"),
        ("mode=canary", "share"),
        ("mode=canary&share=0%25", "share"),
        ("mode=canary&share=101", "share"),
        ("mode=canary&share=few", "share"),
        ("share=5%25", "share"),
        ("mode=shadow&share=5%25", "share"),
        ("mode=shadow&accept=everything", "accept"),
        ("mode=shadow&accept=code,", "accept"),
        ("mode=canary&share=5%25&accept=code", "accept"),
        ("mode=shadow&promote_after=0", "promote_after"),
        ("mode=shadow&promote_after=-1", "promote_after"),
        ("promote_after=10", "promote_after"),
        ("roll_back=never", "roll_back"),
        ("cut=yes", "cut"),
    ] {
        let answer = post(&admin, &format!("/swaps?{query}"), &headers, &policy("two"));
        let (code, named, message) = refused(&answer, 400);
        assert_eq!(
            (&*code, named.as_deref()),
            ("invalid_request", Some(param)),
            "{query}: {message}"
        );
        assert!(
            message.contains(&format!("`{param}`"))
                || query.starts_with("policy=")
                || query.starts_with("digest")
                || query == "mode=canary",
            "{query}: {message}"
        );
    }
    for statement in [
        "x-signalbox-statement: no base64!\r\n",
        "x-signalbox-statement: e30=\r\nx-signalbox-statement: e30=\r\n",
    ] {
        let answer = post(
            &admin,
            "/swaps",
            &format!("{headers}{statement}"),
            &policy("two"),
        );
        let (_, named, _) = refused(&answer, 400);
        assert_eq!(named.as_deref(), Some("x-signalbox-statement"));
    }
    assert_eq!(everything.swaps.history().len(), 1);
}

#[test]
fn a_document_that_makes_no_sense_says_what_is_wrong() {
    let (admin, everything) = serving(&["default"]);
    let headers = format!("{OPERATE}{JSON}");
    let long = format!(r#"{{"policies":"{}"}}"#, "x".repeat(100_000));
    for (body, param, part) in [
        ("", None, "EOF"),
        ("[]", None, "expected an object"),
        (r#"[{"a":{"component":""}}]"#, None, "expected an object"),
        (r#"{"policies":[["a",{}]]}"#, None, "expected an object"),
        (r#"{"policies":{"a":[""]}}"#, None, "expected an object"),
        ("{}", None, "missing field `policies`"),
        (r#"{"policies":null}"#, None, "null"),
        (&long, None, "line 1"),
        (r#"{"policies":{}}"#, Some("policies"), "1 to 64"),
        (
            r#"{"policies":{"a":{}},"moed":"serve"}"#,
            None,
            "unknown field `moed`",
        ),
        (
            r#"{"policies":{"a":{"wasm":""}}}"#,
            None,
            "unknown field `wasm`",
        ),
        (
            r#"{"policies":{"a":{}},"mode":"serve","mode":"serve"}"#,
            None,
            "duplicate field `mode`",
        ),
        (
            r#"{"policies":{"a":{"registry":"oci://x/y:1"},"a":{}}}"#,
            None,
            "`a` stands twice",
        ),
        (
            r#"{"policies":{"a":{}}}"#,
            Some("policies.a"),
            "either `component` or `registry`",
        ),
        (
            r#"{"policies":{"a":{"component":"","registry":"oci://x/y:1"}}}"#,
            Some("policies.a"),
            "either",
        ),
        (
            r#"{"policies":{"a":{"component":"!"}}}"#,
            Some("policies.a.component"),
            "base64",
        ),
        (r#"{"policies":{"a":{"component":null}}}"#, None, "null"),
        (
            r#"{"policies":{"a":{"component":"","digest":"0"}}}"#,
            Some("policies.a.digest"),
            "64 hex",
        ),
        (
            r#"{"policies":{"a":{"registry":"http://x/y"}}}"#,
            Some("policies.a.registry"),
            "`registry`",
        ),
        (
            r#"{"policies":{"a/b":{"component":""}}}"#,
            Some("policies"),
            "1 to 64 of",
        ),
        (
            r#"{"policies":{"a":{"component":""}},"mode":"x"}"#,
            Some("mode"),
            "`dry-run`",
        ),
        (
            r#"{"policies":{"a":{"component":""}},"mode":"shadow","accept":["x"]}"#,
            Some("accept"),
            "`x`",
        ),
        (
            r#"{"policies":{"a":{"component":""}},"cut":"yes"}"#,
            None,
            "boolean",
        ),
        (
            r#"{"policies":{"a":{"component":""}}} {}"#,
            None,
            "trailing",
        ),
    ] {
        let answer = post(&admin, "/swaps", &headers, body.as_bytes());
        let (code, named, message) = refused(&answer, 400);
        assert_eq!(
            (&*code, named.as_deref()),
            ("invalid_request", param),
            "{body:.80}: {message}"
        );
        assert!(
            message.contains(part) && message.len() < 500,
            "{body:.80}: {message}"
        );
    }
    let answer = post(&admin, "/swaps?mode=serve", &headers, b"{}");
    assert_eq!(refused(&answer, 400).1.as_deref(), Some("mode"));
    assert_eq!(everything.swaps.history().len(), 1);
}

#[test]
fn another_content_type_is_refused_and_says_which_there_are() {
    let (admin, everything) = serving(&["default"]);
    for kind in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/octet-stream\r\n",
        "content-type: application/wasm\r\ncontent-type: application/wasm\r\n",
        "content-type: application/wasm\r\ncontent-encoding: gzip\r\n",
        "content-type: application/json; charset=latin1\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
    ] {
        let answer = post(
            &admin,
            "/swaps",
            &format!("{OPERATE}{kind}"),
            &policy("two"),
        );
        let (code, _, message) = refused(&answer, 415);
        assert_eq!(code, "unsupported_media_type", "{kind}");
        assert!(
            message.contains("application/wasm") && message.contains("application/json"),
            "{message}"
        );
    }
    for path in ["/revoke", "/explain", "/policies/default/rollback"] {
        let answer = post(
            &admin,
            path,
            &format!("{OPERATE}content-type: text/plain\r\n"),
            b"{}",
        );
        assert_eq!(refused(&answer, 415).0, "unsupported_media_type", "{path}");
    }
    assert_eq!(everything.swaps.history().len(), 1);
}

#[test]
fn small_documents_are_as_strict() {
    let (admin, everything) = serving(&["default"]);
    let headers = format!("{OPERATE}{JSON}");
    for (path, body) in [
        ("/policies/default/rollback", r#"{"to":1}"#),
        ("/policies/default/rollback", r#"{"generation":null}"#),
        ("/policies/default/rollback", r#"{"generation":"1"}"#),
        ("/policies/default/promote", r#"{"force":true}"#),
        ("/policies/default/withdraw", r#"[]"#),
        ("/policies/default/rollback", r#"[1]"#),
        ("/revoke", ""),
        ("/revoke", "{}"),
        ("/revoke", r#"{"digest":"xyz"}"#),
        ("/revoke", r#"{"digest":"00","why":"x"}"#),
    ] {
        let answer = post(&admin, path, &headers, body.as_bytes());
        assert_eq!(refused(&answer, 400).0, "invalid_request", "{path} {body}");
    }
    let long = format!(r#"{{"digest":"{}"}}"#, "0".repeat(70_000));
    let answer = post(&admin, "/revoke", &headers, long.as_bytes());
    assert_eq!(refused(&answer, 413).0, "body_too_large");
    assert_eq!(everything.swaps.history().len(), 1);
}

#[test]
fn what_is_not_there_is_not_found() {
    let (admin, _everything) = serving(&["default"]);
    for (path, code) in [
        ("/policies/other", "unknown_policy"),
        ("/policies/", "unknown_policy"),
        ("/swaps/99", "unknown_swap"),
        ("/swaps/one", "unknown_swap"),
        ("/swaps/-1", "unknown_swap"),
        ("/swaps/1/2", "unknown_swap"),
    ] {
        let answer = get(&admin, path, VIEW);
        assert_eq!(refused(&answer, 404).0, code, "{path}");
    }
    for action in ["rollback", "promote", "withdraw"] {
        let path = format!("/policies/other/{action}");
        let answer = post(&admin, &path, OPERATE, b"");
        assert_eq!(refused(&answer, 404).0, "unknown_policy", "{path}");
    }
}
