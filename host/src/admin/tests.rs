//! Tests of the admin listener, over loopback.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::budget::Budget;
use crate::config::RecordSettings;
use crate::digest::Digest;
use crate::health::{Health, Phase};
use crate::metrics::Metrics;
use crate::record::{Conclusion, Entry, Facts, Records};
use crate::status::PolicyStatus;

struct Everything {
    health: Health,
    metrics: Arc<Metrics>,
    records: Records,
}

impl Overview for Everything {
    fn readiness(&self) -> Readiness {
        self.health.readiness()
    }
    fn status(&self) -> Status {
        let Readiness { status, reasons } = self.readiness();
        Status {
            version: "1.2.3",
            started: jiff::Timestamp::UNIX_EPOCH,
            uptime_seconds: 5,
            status,
            reasons,
            policies: vec![PolicyStatus::default()],
            keys: 2,
            warnings: Vec::new(),
            credentials: vec!["inference".to_owned()],
        }
    }
    fn metrics(&self) -> String {
        self.metrics.render(&[], false)
    }
    fn decision(&self, id: DecisionId) -> Option<serde_json::Value> {
        self.records.find(id)
    }
}

fn start(config: AdminConfig) -> (AdminThread, Arc<Everything>) {
    let (memory, disk) = (Budget::new(1), Budget::new(1));
    let everything = Arc::new(Everything {
        health: Health::default(),
        metrics: Metrics::new(&memory, &disk, 0),
        records: Records::new(&RecordSettings::default()),
    });
    let overview: Arc<dyn Overview> = Arc::clone(&everything) as Arc<dyn Overview>;
    (
        Admin::bind(config).unwrap().start(overview).unwrap(),
        everything,
    )
}

fn config() -> AdminConfig {
    AdminConfig {
        hosts: vec!["ops.example".to_owned()],
        operate_token: Some(Digest::of("operate")),
        view_token: Some(Digest::of("view")),
        ..AdminConfig::new(([127, 0, 0, 1], 0).into())
    }
}

/// Sends one request as it is written; gives the status and everything else.
fn ask(admin: &AdminThread, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(admin.local_addr()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text)
}

fn get(admin: &AdminThread, path: &str, headers: &str) -> (u16, String) {
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\n\r\n");
    ask(admin, &head)
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn code(text: &str) -> String {
    json(text)["error"]["code"].as_str().unwrap().to_owned()
}

const VIEW: &str = "authorization: Bearer view\r\n";

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
fn only_requests_to_this_host_and_of_no_page_are_answered() {
    let (admin, _everything) = start(config());
    let port = admin.local_addr().port();
    for (host, is_ours) in [
        ("host: localhost\r\n", true),
        ("host: LOCALHOST:1234\r\n", true),
        (&*format!("host: 127.0.0.1:{port}\r\n"), true),
        ("host: [::1]\r\n", true),
        ("host: ops.example:8081\r\n", true),
        ("host: evil.example\r\n", false),
        ("host: ops.example.evil.example\r\n", false),
        ("host: 127.0.0.1.evil.example\r\n", false),
        ("host: localhost@evil.example\r\n", false),
        ("host: 10.0.0.1\r\n", false),
        ("host: \r\n", false),
        ("", false),
        ("host: localhost\r\nhost: localhost\r\n", false),
    ] {
        let head = format!("GET /healthz HTTP/1.1\r\n{host}connection: close\r\n\r\n");
        let (status, text) = ask(&admin, &head);
        assert_eq!(status == 200, is_ours, "{host:?}: {text}");
    }
    let target = "GET http://evil.example/status HTTP/1.1\r\nhost: localhost\r\n";
    assert_eq!(
        ask(&admin, &format!("{target}{VIEW}connection: close\r\n\r\n")).0,
        403
    );
    for origin in ["http://evil.example", "http://localhost", "null"] {
        let (status, text) = get(&admin, "/status", &format!("{VIEW}origin: {origin}\r\n"));
        assert_eq!((status, &*code(&text)), (403, "origin_not_allowed"));
    }
}

#[test]
fn unknown_routes_and_other_methods_are_told_apart() {
    let (admin, _everything) = start(config());
    for path in [
        "/",
        "/healthz/",
        "/Status",
        "/policies/x",
        "/decisions",
        "/v1/models",
    ] {
        let (status, text) = get(&admin, path, VIEW);
        assert_eq!((status, &*code(&text)), (404, "unknown_route"), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
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
    assert_eq!((status, &json(&text)["keys"]), (200, &serde_json::json!(2)));
    let (status, text) = get(&admin, "/metrics", VIEW);
    assert!(status == 200 && text.ends_with("# EOF\n"), "{text}");
    let id = everything.records.id();
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
