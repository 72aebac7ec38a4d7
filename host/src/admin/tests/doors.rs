//! Who is answered at all, and what can be looked at without a transaction.

use super::*;

#[test]
fn open_routes_need_no_token_and_the_others_one_of_two() {
    let (admin, _everything) = start(config());
    for (path, open) in [
        ("/healthz", true),
        ("/readyz", true),
        ("/metrics", false),
        ("/status", false),
        ("/decisions/0", false),
    ] {
        for (headers, is_known) in [
            ("", false),
            ("authorization: Bearer \r\n", false),
            ("authorization: Bearer other\r\n", false),
            ("authorization: Bearer VIEW\r\n", false),
            ("authorization: Basic view\r\n", false),
            ("authorization: view\r\n", false),
            (
                "authorization: Bearer view\r\nauthorization: Bearer view\r\n",
                false,
            ),
            ("api-key: view\r\n", false),
            (VIEW, true),
            ("authorization: bearer view\r\n", true),
            ("authorization: Bearer operate\r\n", true),
        ] {
            let (status, text) = get(&admin, path, headers);
            assert_eq!(
                status != 401,
                open || is_known,
                "{path} {headers:?}: {text}"
            );
            if status == 401 {
                assert_eq!(code(&text), "invalid_token");
                assert!(text.contains("www-authenticate: Bearer"), "{text}");
            }
        }
    }
}

#[test]
fn without_tokens_nobody_sees_more_than_the_open_routes() {
    let (admin, _everything) = start(AdminConfig::new(([127, 0, 0, 1], 0).into()));
    for headers in [
        "",
        "authorization: Bearer \r\n",
        "authorization: Bearer view\r\n",
    ] {
        assert_eq!(get(&admin, "/status", headers).0, 401, "{headers:?}");
    }
    assert_eq!(get(&admin, "/healthz", "").0, 200);
}

#[test]
fn only_requests_to_this_host_or_an_address_and_of_no_page_are_answered() {
    let (admin, _everything) = start(config());
    let port = admin.local_addr().port();
    for (host, is_ours) in [
        ("host: localhost\r\n", true),
        ("host: LOCALHOST:1234\r\n", true),
        (&*format!("host: 127.0.0.1:{port}\r\n"), true),
        ("host: [::1]\r\n", true),
        ("host: ops.example:8081\r\n", true),
        ("host: 10.0.0.1\r\n", true),
        ("host: 10.244.1.7:8081\r\n", true),
        ("host: [fd00::7]\r\n", true),
        ("host: [fd00::7]:9\r\n", true),
        ("host: evil.example\r\n", false),
        ("host: ops.example.evil.example\r\n", false),
        ("host: 127.0.0.1.evil.example\r\n", false),
        ("host: 10.0.0.1.evil.example:8081\r\n", false),
        ("host: localhost@evil.example\r\n", false),
        ("host: 10.0.0.1@evil.example\r\n", false),
        ("host: user@10.0.0.1\r\n", false),
        ("host: 10.1\r\n", false),
        ("host: 167772161\r\n", false),
        ("host: 0x0a.0.0.1\r\n", false),
        ("host: [fd00::7\r\n", false),
        ("host: \r\n", false),
        ("", false),
        ("host: localhost\r\nhost: localhost\r\n", false),
    ] {
        for (path, is_answered) in [
            ("/status", is_ours),
            ("/metrics", is_ours),
            // Probes come by whatever name their orchestrator has for this host.
            ("/healthz", true),
            ("/readyz", true),
        ] {
            let head = format!("GET {path} HTTP/1.1\r\n{host}{VIEW}connection: close\r\n\r\n");
            let (status, text) = ask(&admin, &head);
            assert_eq!(status != 403, is_answered, "{path} {host:?}: {text}");
        }
        let post = format!(
            "POST /policies/default/withdraw HTTP/1.1\r\n{host}{OPERATE}content-length: 0\r\n\
             connection: close\r\n\r\n"
        );
        let (status, text) = ask(&admin, &post);
        assert_eq!(status, if is_ours { 404 } else { 403 }, "{host:?}: {text}");
    }
    let target = "GET http://evil.example/status HTTP/1.1\r\nhost: localhost\r\n";
    assert_eq!(
        ask(&admin, format!("{target}{VIEW}connection: close\r\n\r\n")).0,
        403
    );
    for origin in ["http://evil.example", "http://localhost", "null"] {
        for path in ["/status", "/healthz"] {
            let (status, text) = get(&admin, path, &format!("{VIEW}origin: {origin}\r\n"));
            assert_eq!((status, &*code(&text)), (403, "origin_not_allowed"));
        }
    }
}

#[test]
fn unknown_routes_and_other_methods_are_told_apart() {
    let (admin, _everything) = start(config());
    for path in [
        "/",
        "/healthz/",
        "/Status",
        "/policies/x/y",
        "/policies/x/rollback/",
        "/swap",
        "/explain/",
        "/decisions",
        "/v1/models",
    ] {
        let (status, text) = get(&admin, path, VIEW);
        assert_eq!((status, &*code(&text)), (404, "unknown_route"), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "GIT"] {
        let head = format!(
            "{method} /status HTTP/1.1\r\nhost: localhost\r\n{VIEW}connection: close\r\n\r\n"
        );
        let (status, text) = ask(&admin, &head);
        assert_eq!(
            (status, &*code(&text)),
            (405, "method_not_allowed"),
            "{method}"
        );
        assert!(text.contains("allow: GET, HEAD"), "{text}");
    }
    let head =
        format!("HEAD /status HTTP/1.1\r\nhost: localhost\r\n{VIEW}connection: close\r\n\r\n");
    let (status, text) = ask(&admin, &head);
    assert!(status == 200 && text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn readiness_follows_the_host() {
    let (admin, everything) = start(config());
    assert_eq!(get(&admin, "/readyz", "").0, 503);
    everything.health.enter(Phase::Serving);
    let (status, text) = get(&admin, "/readyz", "");
    assert_eq!(status, 503);
    assert_eq!(json(&text)["status"], "no_policy");
    everything.health.serves();
    let (status, text) = get(&admin, "/readyz", "");
    assert_eq!(status, 200);
    assert_eq!(
        json(&text),
        serde_json::json!({"status": "ready", "reasons": {}})
    );
    everything.health.degrade("keys", "broken".to_owned());
    let (status, text) = get(&admin, "/readyz", "");
    assert_eq!(status, 200);
    let reasons = serde_json::json!({"keys": "broken"});
    assert_eq!(
        json(&text),
        serde_json::json!({"status": "degraded", "reasons": reasons})
    );
    everything.health.enter(Phase::Draining);
    assert_eq!(get(&admin, "/readyz", "").0, 503);
    assert_eq!(get(&admin, "/healthz", "").0, 200);
}

#[test]
fn status_metrics_and_decisions_are_shown() {
    let (admin, everything) = start(config());
    let (status, text) = get(&admin, "/status", VIEW);
    assert_eq!((status, &json(&text)["keys"]), (200, &serde_json::json!(3)));
    let (status, text) = get(&admin, "/metrics", VIEW);
    assert!(status == 200 && text.ends_with("# EOF\n"), "{text}");
    let id = signalbox_gate::DecisionIds::default().next();
    everything.records.add(&Entry {
        id,
        time: jiff::Timestamp::UNIX_EPOCH,
        policy: None,
        facts: Facts::Head {
            method: "GET",
            path: "/v1/models",
        },
        conclusion: Conclusion::Refused {
            status: 401,
            code: "invalid_api_key",
        },
        route: None,
        took: std::time::Duration::ZERO,
    });
    let (status, text) = get(&admin, &format!("/decisions/{id}"), VIEW);
    assert_eq!(
        (status, &json(&text)["id"]),
        (200, &serde_json::json!(id.to_string()))
    );
    for other in ["0", "x", "%30", &"0".repeat(32)] {
        let (status, text) = get(&admin, &format!("/decisions/{other}"), VIEW);
        assert_eq!(
            (status, &*code(&text)),
            (404, "unknown_decision"),
            "{other}"
        );
    }
}

#[test]
fn an_address_in_use_is_an_error_and_dropping_frees_it() {
    let (admin, _everything) = start(config());
    let taken = AdminConfig::new(admin.local_addr());
    assert!(Admin::bind(taken.clone()).is_err());
    drop(admin);
    assert!(Admin::bind(taken).is_ok());
}
