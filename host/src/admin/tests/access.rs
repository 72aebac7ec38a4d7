//! Which token opens what: every route, with each.

use super::*;

const ID: &str = "00000000000000000000000000000000";

/// Method, path, and what it takes.
fn routes() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("GET", "/healthz".to_owned(), "none"),
        ("GET", "/readyz".to_owned(), "none"),
        ("GET", "/metrics".to_owned(), "view"),
        ("GET", "/status".to_owned(), "view"),
        ("GET", format!("/decisions/{ID}"), "view"),
        ("GET", "/policies".to_owned(), "view"),
        ("GET", "/policies/default".to_owned(), "view"),
        ("GET", "/swaps".to_owned(), "view"),
        ("GET", "/swaps/1".to_owned(), "view"),
        ("POST", "/explain".to_owned(), "view"),
        ("POST", "/swaps".to_owned(), "operate"),
        ("POST", "/policies/default/rollback".to_owned(), "operate"),
        ("POST", "/policies/default/promote".to_owned(), "operate"),
        ("POST", "/policies/default/withdraw".to_owned(), "operate"),
        ("POST", "/revoke".to_owned(), "operate"),
    ]
}

/// A request that would do what its route is for.
fn request(method: &str, path: &str, headers: &str) -> Vec<u8> {
    let (kind, body) = match path {
        "/swaps" => (WASM, policy("two")),
        "/explain" => (JSON, EXPLAIN.to_string().into_bytes()),
        "/revoke" => (JSON, revocation().into_bytes()),
        _ => (JSON, b"{}".to_vec()),
    };
    if method == "GET" {
        return format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\n\r\n"
        )
        .into_bytes();
    }
    let mut request = head(path, &format!("{headers}{kind}"), body.len());
    request.extend(body);
    request
}

const EXPLAIN: &str = r#"{"method":"GET","path":"/v1/models","scopes":[]}"#;

fn revocation() -> String {
    format!(r#"{{"digest":"{}"}}"#, digest(b"nothing"))
}

#[test]
fn each_route_takes_its_token_and_no_less() {
    let (admin, everything) = serving(&["default"]);
    for (method, path, needed) in routes() {
        for (headers, given) in [
            ("", "none"),
            ("authorization: Bearer other\r\n", "none"),
            (VIEW, "view"),
            (OPERATE, "operate"),
        ] {
            let before = everything.swaps.history().len();
            let (status, text) = ask(&admin, request(method, &path, headers));
            let context = format!("{method} {path} with {given}: {text}");
            match (given, needed) {
                (_, "none") | ("operate", _) | ("view", "view") => {
                    assert!(
                        !matches!(status, 401 | 403 | 404 | 405) || path.contains(ID),
                        "{context}"
                    );
                }
                ("none", _) => {
                    assert_eq!((status, &*code(&text)), (401, "invalid_token"), "{context}");
                }
                _ => {
                    assert_eq!(
                        (status, &*code(&text)),
                        (403, "insufficient_token"),
                        "{context}"
                    );
                    assert!(text.contains("operate token"), "{context}");
                }
            }
            let is_done = given == "operate" && needed == "operate";
            let after = everything.swaps.history().len();
            assert_eq!(after, before + usize::from(is_done), "{context}");
        }
    }
}

#[test]
fn the_view_token_changes_nothing() {
    let (admin, everything) = serving(&["default"]);
    let before = everything.swaps.overview();
    for (method, path, _) in routes() {
        ask(&admin, request(method, &path, VIEW));
        ask(&admin, request(method, &path, ""));
    }
    assert_eq!(everything.swaps.history().len(), 1);
    assert_eq!(everything.swaps.overview(), before);
}

#[test]
fn without_an_operate_token_nobody_may_act() {
    let only_view = AdminConfig {
        operate_token: None,
        ..config()
    };
    let (admin, _everything) = start_with(only_view, &["default"], &RegistrySettings::default());
    for (headers, expected) in [(VIEW, 403), (OPERATE, 401), ("", 401)] {
        let (status, text) = ask(&admin, request("POST", "/swaps", headers));
        assert_eq!(status, expected, "{headers}: {text}");
    }
}

#[test]
fn host_and_origin_come_before_route_method_and_token() {
    let (admin, _everything) = serving(&["default"]);
    let ask_as = |line: &str, headers: &str| {
        let request = format!("{line} HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
        code(&ask(&admin, request).1)
    };
    let here = "host: localhost\r\n";
    let page = "host: localhost\r\norigin: null\r\n";
    assert_eq!(
        ask_as("DELETE /nothing", "host: evil.example\r\norigin: x\r\n"),
        "host_not_allowed"
    );
    assert_eq!(ask_as("DELETE /nothing", page), "origin_not_allowed");
    assert_eq!(ask_as("POST /swaps", page), "origin_not_allowed");
    assert_eq!(ask_as("DELETE /nothing", here), "unknown_route");
    assert_eq!(ask_as("DELETE /swaps", here), "method_not_allowed");
    assert_eq!(ask_as("POST /swaps?nonsense", here), "invalid_token");
    let as_view = format!("{here}{VIEW}");
    assert_eq!(
        ask_as("POST /swaps?nonsense", &as_view),
        "insufficient_token"
    );
    let as_operator = format!("{here}{OPERATE}");
    assert_eq!(
        ask_as("POST /swaps?nonsense", &as_operator),
        "unsupported_media_type"
    );
    let typed = format!("{as_operator}{WASM}");
    assert_eq!(ask_as("POST /swaps?nonsense", &typed), "invalid_request");
}

#[test]
fn a_route_names_the_methods_it_takes() {
    let (admin, _everything) = serving(&["default"]);
    for (path, allow) in [
        ("/swaps", "GET, HEAD, POST"),
        ("/swaps/1", "GET, HEAD"),
        ("/policies", "GET, HEAD"),
        ("/policies/default/rollback", "POST"),
        ("/revoke", "POST"),
        ("/explain", "POST"),
    ] {
        let request = format!(
            "DELETE {path} HTTP/1.1\r\nhost: localhost\r\n{OPERATE}connection: close\r\n\r\n"
        );
        let (status, text) = ask(&admin, request);
        assert_eq!(status, 405);
        assert!(
            text.contains(&format!("allow: {allow}\r\n")),
            "{path}: {text}"
        );
    }
}
