//! Every code that a refusal can have, reached through the gate.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use signalbox_gate::{BodyFailure, ConcurrencyLimit, Framed, SpoolFailure};
use signalbox_http::refusal::Code;
use signalbox_policy::{Decision, Forward};

use crate::door::{Asked, Told, Upstream, play, play_with};
use crate::fixture::{Engine, TestClock, gate, gate_of, head};

const CHAT: &str = "/v1/chat/completions";
const JSON: (&str, &str) = ("content-type", "application/json");
const BODY: &[u8] = br#"{"model":"gpt-4o","messages":[]}"#;

fn chat(headers: &[(&str, &str)], body: &[u8]) -> Asked {
    Asked::new(head("POST", CHAT, &[&[JSON], headers].concat()), body)
}

fn get(uri: &str, headers: &[(&str, &str)]) -> Asked {
    Asked::new(head("GET", uri, headers), b"")
}

fn post(uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Asked {
    Asked::new(head("POST", uri, headers), body)
}

/// Requests that are refused before GT is asked, by the code of the refusal.
fn refused() -> Vec<(Code, Asked)> {
    let key = |name| ("authorization", name);
    let mut large_head = get("/v1/models", &[("x-large", &"x".repeat(70_000))]);
    large_head.head.version = Version::HTTP_2;
    let mut twice = chat(&[], BODY);
    twice.framing = Framed::Twice;
    let mut slow = chat(&[], BODY);
    (slow.failure, slow.declared) = (Some(BodyFailure::TooSlow), None);
    let mut huge = chat(&[], BODY);
    huge.declared = Some(1 << 40);
    vec![
        (Code::HeadTooLarge, large_head),
        (Code::InvalidRequest, twice),
        (
            Code::InvalidRequest,
            chat(&[("upgrade", "websocket")], BODY),
        ),
        (
            Code::WebsocketNotSupported,
            get("/v1/responses", &[("upgrade", "websocket")]),
        ),
        (
            Code::InvalidApiKey,
            get("/v1/models", &[key("Bearer nobody")]),
        ),
        (
            Code::InvalidApiKey,
            get("/v1/models", &[key("Bearer token-revoked")]),
        ),
        (Code::InvalidApiKey, get("/v1/models", &[key("Basic x")])),
        (Code::InvalidPath, get("/v1//models", &[])),
        (Code::InvalidQuery, get("/v1/models?a=1&a=2", &[])),
        (
            Code::NoPolicy,
            get("/v1/models", &[key("Bearer token-absent")]),
        ),
        (Code::UnknownRoute, get("/v1/nothing", &[])),
        (Code::MethodNotAllowed, get(CHAT, &[])),
        (
            Code::RouteNotSupported,
            post("/v1/audio/speech", &[JSON], BODY),
        ),
        (
            Code::GtExtensionRoute,
            post("/v1/images/generations", &[JSON], BODY),
        ),
        (
            Code::PurposeNotAllowed,
            chat(&[key("Bearer token-upload")], BODY),
        ),
        (
            Code::InsufficientScope,
            post("/v1/embeddings", &[JSON, key("Bearer token-chat")], BODY),
        ),
        (
            Code::DatasetNotAllowed,
            post("/v1/datasets/other/files", &[], b"x"),
        ),
        (
            Code::ConversationNotAllowed,
            chat(
                &[key("Bearer token-chat"), ("x-gt-conversation-id", "c")],
                BODY,
            ),
        ),
        (
            Code::MissingConversation,
            post("/v1/conversations/files", &[], b"x"),
        ),
        (
            Code::UnsupportedMediaType,
            post(CHAT, &[("content-type", "text/plain")], BODY),
        ),
        (Code::BodyTooLarge, huge),
        (Code::InvalidBody, chat(&[], b"[]")),
        (
            Code::AmbiguousModel,
            chat(&[], br#"{"model":"a","model":"b"}"#),
        ),
        (Code::MissingModel, chat(&[], b"{}")),
        (Code::ModelNotFound, chat(&[], br#"{"model":"nobody"}"#)),
        (Code::RequestTimeout, slow),
    ]
}

#[test]
fn each_refusal_before_gt_has_its_code_and_sends_nothing() {
    let engines = [Engine::Known, Engine::Unknown];
    let gates = engines.map(|engine| gate(&Arc::default(), engine, |_, _| {}));
    let all = gates
        .iter()
        .flat_map(|gate| refused().into_iter().map(move |it| (gate, it)));
    for (gate, (code, asked)) in all {
        let what = format!("{} {}", asked.head.method, asked.head.uri);
        let told = play(gate, asked, &[]);
        assert_eq!(
            (told.status, &*told.code()),
            (code.status(), code.word()),
            "{what}"
        );
        assert_eq!(told.sent, [], "{what}");
    }
}

/// What GT does, by the code of the refusal.
fn failing() -> Vec<(Code, Upstream)> {
    vec![
        (
            Code::UpstreamUnreachable,
            Upstream::Fails(Code::UpstreamUnreachable),
        ),
        (
            Code::UpstreamTimeout,
            Upstream::Fails(Code::UpstreamTimeout),
        ),
        (Code::UpstreamCredentialRejected, Upstream::json(401, "{}")),
        (Code::UpstreamCredentialRejected, Upstream::json(403, "{}")),
        (Code::UpstreamRedirect, Upstream::json(307, "{}")),
        (
            Code::UpstreamProtocol,
            Upstream::Answers {
                status: 200,
                headers: vec![
                    ("content-type", "application/json".to_owned()),
                    ("content-encoding", "gzip".to_owned()),
                ],
                pieces: Vec::new(),
                breaks_off: false,
            },
        ),
    ]
}

#[test]
fn what_gt_says_that_is_not_the_clients_is_refused() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    for (code, upstream) in failing() {
        let told = play(&gate, chat(&[], BODY), std::slice::from_ref(&upstream));
        assert_eq!(
            (told.status, &*told.code()),
            (code.status(), code.word()),
            "{upstream:?}"
        );
        assert_eq!(told.sent.len(), 1);
    }
}

#[test]
fn a_key_waits_where_its_limits_say() {
    let clock = Arc::new(TestClock::default());
    let gate = gate(&clock, Engine::Known, |_, _| {});
    let once = || {
        play(
            &gate,
            chat(&[("authorization", "Bearer token-once")], BODY),
            &[ok()],
        )
    };
    assert_eq!(once().status, 200);
    let limited = once();
    assert_eq!((limited.status, &*limited.code()), (429, "rate_limited"));
    assert_eq!(limited.headers["retry-after"], "60");
    clock.pass(Duration::from_secs(60));
    assert_eq!(once().status, 200);
}

#[test]
fn a_full_gate_takes_nobody() {
    let gate = gate(&Arc::default(), Engine::Known, |_, capacity| {
        capacity.requests = ConcurrencyLimit::new(1);
    });
    let _place = gate.capacity().requests.enter().unwrap();
    let told = play(&gate, chat(&[], BODY), &[ok()]);
    assert_eq!((told.status, &*told.code()), (503, "overloaded"));
}

#[test]
fn a_websocket_is_refused_so_that_clients_go_on_over_http() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let handshake = |value| [("connection", "upgrade"), ("upgrade", value)];
    for uri in ["/v1/responses", "/v1/realtime?model=gpt-4o", "/v1/nothing"] {
        for value in ["websocket", "WebSocket"] {
            let told = play(&gate, get(uri, &handshake(value)), &[]);
            let code = (told.status, &*told.code());
            assert_eq!(code, (426, "websocket_not_supported"), "{uri} {value}");
            assert_eq!(told.headers["x-should-retry"], "false");
            assert_eq!(told.headers["upgrade"], "HTTP/1.1");
        }
    }
    for other in ["tls/1.0", "websocket, h2c", ""] {
        let told = play(&gate, get("/v1/responses", &handshake(other)), &[]);
        assert_eq!((told.status, &*told.code()), (400, "invalid_request"));
    }
    let told = play(&gate, chat(&handshake("websocket"), BODY), &[]);
    assert_eq!((told.status, &*told.code()), (400, "invalid_request"));
}

#[test]
fn what_is_wrong_with_the_rest_of_a_form_is_told_by_the_gate() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let told = form(&gate, &["gpt-4o", "gpt-4o"]);
    assert_eq!((told.status, &*told.code()), (400, "ambiguous_model"));
}

fn form(gate: &Arc<signalbox_gate::Gate>, models: &[&str]) -> Told {
    let mut body = String::new();
    for model in models {
        body.push_str(&format!(
            "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n"
        ));
    }
    body.push_str("--b--\r\n");
    let types = ("content-type", "multipart/form-data; boundary=b");
    let mut asked = post("/v1/audio/transcriptions", &[types], body.as_bytes());
    asked.pieces = body
        .as_bytes()
        .chunks(7)
        .map(Bytes::copy_from_slice)
        .collect();
    play(gate, asked, &[ok()])
}

#[test]
fn a_form_that_cannot_be_held_may_come_again_where_the_disk_is_full() {
    let gate = gate(&Arc::default(), Engine::Known, |settings, _| {
        settings.multipart_memory = 40;
    });
    let part = |name: &str, value: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = part("file", &"x".repeat(600 << 10)) + &part("model", "gpt-4o") + "--b--\r\n";
    let types = ("content-type", "multipart/form-data; boundary=b");
    for (disk, retry) in [
        (SpoolFailure::Full, "true"),
        (SpoolFailure::Unusable, "false"),
    ] {
        let mut asked = post("/v1/audio/transcriptions", &[types], body.as_bytes());
        asked.disk = Some(disk);
        let told = play(&gate, asked, &[]);
        assert_eq!((told.status, &*told.code()), (503, "spool_failed"));
        assert_eq!(told.headers["x-should-retry"], retry);
        assert_eq!(told.headers.contains_key("retry-after"), retry == "true");
        assert_eq!(told.sent, []);
    }
}

fn ok() -> Upstream {
    Upstream::json(200, r#"{"model":"support-agent"}"#)
}

/// Those that no exchange here has: each is reached where it says.
const ELSEWHERE: &[(Code, &str)] = &[
    (Code::TooManyStreams, "limits.rs"),
    (Code::RateLimited, "a_key_waits_where_its_limits_say"),
    (Code::Overloaded, "a_full_gate_takes_nobody"),
    (Code::CallerNotAllowed, LIMITED_TEST),
    (Code::MissingHeader, LIMITED_TEST),
    (Code::AboveCeiling, LIMITED_TEST),
    (Code::UnclearParameter, LIMITED_TEST),
    (Code::ProxyCannotRewrite, "hand_over.rs"),
    (
        Code::SpoolFailed,
        "a_form_that_cannot_be_held_may_come_again_where_the_disk_is_full",
    ),
    (
        Code::PolicyFailed,
        "tests/e2e/failing_guest.rs: it takes a guest that fails",
    ),
    (
        Code::PolicyTimeout,
        "tests/e2e/failing_guest.rs: it takes a guest that does not end",
    ),
];

const LIMITED_TEST: &str = "a_document_limits_callers_headers_and_what_is_asked_for";

#[test]
fn a_document_limits_callers_headers_and_what_is_asked_for() {
    const LIMITED: &str = r#"
policy: limited
routes:
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json, required_headers: [x-team], set_headers: {x-env: prod}}
  POST /v1/embeddings: {verdict: native, scope: "inference:embed", model: json}
models:
  gpt-4o: {published: support-agent, deprecated: Use gpt-5., ceilings: {max_tokens: 10}}
callers:
  others: {keys: [others]}
  everyone: {routes: [POST /v1/chat/completions]}
"#;
    let team = &[("x-team", "a")][..];
    for engine in [Engine::Known, Engine::Unknown] {
        let gate = gate_of(LIMITED, &Arc::default(), engine, |_, _| {});
        let embed = post("/v1/embeddings", &[JSON], BODY);
        assert_eq!(play(&gate, embed, &[]).code(), "caller_not_allowed");
        assert_eq!(play(&gate, chat(&[], BODY), &[]).code(), "missing_header");
        for (member, code) in [
            (r#""max_tokens":11"#, "above_ceiling"),
            (r#""max_completion_tokens":11"#, "above_ceiling"),
            (r#""max_tokens":10.0"#, "unclear_parameter"),
            (r#""max_tokens":null"#, "unclear_parameter"),
            (r#""MAX_TOKENS":1"#, "unclear_parameter"),
            (r#""max_tokens":1,"max_tokens":1"#, "unclear_parameter"),
        ] {
            let body = format!(r#"{{"model":"gpt-4o",{member}}}"#);
            let told = play(&gate, chat(team, body.as_bytes()), &[]);
            assert_eq!((told.status, &*told.code()), (400, code), "{member}");
            assert_eq!(told.sent, []);
        }
        let body = br#"{"model":"gpt-4o","max_tokens":10}"#;
        let told = play(&gate, chat(team, body), &[ok()]);
        assert_eq!(told.status, 200);
        assert_eq!(told.headers["x-signalbox-notice"], "Use gpt-5.");
        let (sent, _) = &told.sent[0];
        assert!(sent.contains("x-env: prod"), "{sent}");
        assert!(!sent.contains("x-team"), "{sent}");
    }
}

#[test]
fn no_code_is_left_out() {
    let reached: Vec<Code> = refused()
        .into_iter()
        .map(|(code, _)| code)
        .chain(failing().into_iter().map(|(code, _)| code))
        .chain(ELSEWHERE.iter().map(|(code, _)| *code))
        .collect();
    for code in Code::ALL {
        assert!(reached.contains(code), "{}", code.word());
    }
}

#[test]
fn a_body_that_is_not_as_long_as_it_says_goes_nowhere() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    for declared in [BODY.len() as u64 - 1, BODY.len() as u64 + 1] {
        for knows_end in [true, false] {
            let mut asked = chat(&[], BODY);
            asked.declared = Some(declared);
            asked.knows_end = knows_end;
            let told = play(&gate, asked, &[ok()]);
            assert_eq!((told.status, &*told.code()), (400, "invalid_body"));
            assert_eq!(told.sent, []);
        }
    }
}

#[test]
fn an_answer_in_a_policys_name_that_is_none_is_refused() {
    let gate = gate(&Arc::default(), Engine::Unknown, |_, _| {});
    let refuse = |status| {
        Decision::Refuse(signalbox_policy::Refusal {
            status,
            code: "x".to_owned(),
            message: "x".to_owned(),
            param: None,
            reason: String::new(),
        })
    };
    let elsewhere = Decision::Forward(Forward {
        route: signalbox_policy::RouteIndex(99),
        ..Forward::default()
    });
    for decision in [
        refuse(160),
        refuse(200),
        refuse(503),
        elsewhere,
        Decision::ReadModel,
    ] {
        let asked = get("/v1/models", &[]);
        let told = play_with(&gate, asked, &[ok()], |_| Ok(decision.clone()));
        assert_eq!(
            (told.status, &*told.code()),
            (503, "policy_failed"),
            "{decision:?}"
        );
        assert_eq!(told.sent, []);
    }
}
