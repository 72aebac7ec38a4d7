//! Heads: what decides, what goes to GT, and what of GT's answer comes back.

use std::sync::Arc;

use signalbox_gate::Gate;
use signalbox_http::refusal::Code;

use crate::door::{Asked, Told, Upstream, play};
use crate::fixture::{Engine, gate, head};

const FILE: &str = "/v1/files/file-1";

fn get(uri: &str, headers: &[(&str, &str)], upstream: Upstream) -> Told {
    get_from(&opened(), uri, headers, upstream)
}

fn get_from(gate: &Arc<Gate>, uri: &str, headers: &[(&str, &str)], upstream: Upstream) -> Told {
    play(
        gate,
        Asked::new(head("GET", uri, headers), b""),
        &[upstream],
    )
}

fn opened() -> Arc<Gate> {
    gate(&Arc::default(), Engine::Known, |_, _| {})
}

fn ok() -> Upstream {
    Upstream::json(200, "{}")
}

/// What GT was sent.
fn sent(uri: &str, headers: &[(&str, &str)]) -> String {
    let told = get(uri, headers, ok());
    assert_eq!(told.status, 200, "{headers:?}");
    told.sent[0].0.clone()
}

fn refused(uri: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let told = get(uri, headers, ok());
    assert_eq!(told.sent, [], "{headers:?}");
    (told.status, told.code())
}

#[test]
fn no_hop_can_take_a_header_away_that_was_decided_on() {
    for connection in [
        "close",
        "keep-alive, TE",
        "x-absent",
        "upgrade, http2-settings",
    ] {
        let sent = sent(FILE, &[("x-team", "blue"), ("connection", connection)]);
        assert!(sent.contains("x-team: blue"), "{connection}: {sent}");
    }
    for connection in [
        "x-team",
        "close, X-Team",
        "content-type",
        "X-GT-Conversation-Id",
        "authorization",
        "host",
    ] {
        let headers = [
            ("connection", connection),
            ("x-team", "blue"),
            ("content-type", "text/plain"),
            ("x-gt-conversation-id", "conv_1"),
        ];
        let bad = (
            Code::InvalidRequest.status(),
            Code::InvalidRequest.word().to_owned(),
        );
        assert_eq!(refused(FILE, &headers), bad, "{connection}");
    }
}

#[test]
fn an_empty_conversation_is_none_and_not_one() {
    for value in ["", " ", "\t"] {
        let found = refused(FILE, &[("x-gt-conversation-id", value)]);
        assert_eq!(found, (400, "invalid_request".to_owned()), "{value:?}");
    }
}

#[test]
fn a_query_ends_a_name_where_gt_ends_it() {
    assert!(sent(&format!("{FILE}?include=x"), &[]).contains("?include=x"));
    assert!(!sent(&format!("{FILE}?secret=1"), &[]).contains("secret"));
    for query in ["include=x;secret=1", ";include=x", "include=x;"] {
        let found = refused(&format!("{FILE}?{query}"), &[]);
        assert_eq!(found, (400, "invalid_query".to_owned()), "{query}");
    }
}

#[test]
fn no_header_that_carries_a_credential_goes_to_gt() {
    for name in [
        "openai-api-key",
        "x-stainless-token",
        "api-key",
        "x-api-key",
        "cookie",
    ] {
        let sent = sent(FILE, &[(name, "sk-client")]);
        assert!(!sent.contains("sk-client"), "{name}: {sent}");
    }
    let passes = sent(
        FILE,
        &[
            ("openai-organization", "org-1"),
            ("x-stainless-lang", "python"),
        ],
    );
    assert!(
        passes.contains("org-1") && passes.contains("python"),
        "{passes}"
    );
}

#[test]
fn the_two_lists_of_credentials_are_one() {
    let names = "authorization authentication proxy-authorization www-authenticate cookie cookie2 set-cookie \
        set-cookie2 api-key apikey x-api-key openai-api-key anthropic-api-key x-goog-api-key helicone-auth x-auth \
        x-auth-key x-auth-token x-access-token x-amz-security-token x-csrf-token ocp-apim-subscription-key \
        x-functions-key proxy-authenticate x-password x-client-secret x_api_key x-authorization \
        accept content-type user-agent x-request-id openai-beta openai-organization x-stainless-lang x-team host te";
    for name in names.split_whitespace() {
        let ours = signalbox_http::head::is_credential(name);
        assert_eq!(
            signalbox_policy::headers::is_credential(name),
            ours,
            "{name}"
        );
        let loud = name.to_uppercase();
        assert_eq!(signalbox_http::head::is_credential(&loud), ours, "{name}");
    }
}

#[test]
fn an_upload_has_one_type() {
    let gate = opened();
    let types = [
        ("content-type", "text/plain"),
        ("content-type", "text/html"),
    ];
    let asked = Asked::new(head("POST", "/v1/datasets/briefs/files", &types), b"x");
    let told = play(&gate, asked, &[ok()]);
    assert_eq!(
        (told.status, &*told.code()),
        (415, "unsupported_media_type")
    );
}

#[test]
fn what_gt_says_to_browsers_and_of_credentials_stays_here() {
    let names = [
        "refresh",
        "www-authenticate",
        "authentication-info",
        "set-cookie",
    ];
    let headers = names.map(|name| (name, "x".to_owned()));
    let upstream = Upstream::Answers {
        status: 422,
        headers: [&headers[..], &[("x-kept", "1".to_owned())]].concat(),
        pieces: Vec::new(),
        breaks_off: false,
    };
    let told = get(FILE, &[], upstream);
    assert_eq!(told.headers["x-kept"], "1");
    assert!(
        names.iter().all(|name| !told.headers.contains_key(*name)),
        "{:?}",
        told.headers
    );
}

#[test]
fn an_error_of_gts_does_not_quote_the_gt_key() {
    let text =
        r#"{"error":{"message":"Bad request with Bearer gtak_upload and gtak_conversation"}}"#;
    let gate = opened();
    for cut in 0..text.len() {
        let (first, last) = text.split_at(cut);
        let upstream = Upstream::Answers {
            status: 400,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("x-was", "gtak_conversation".to_owned()),
            ],
            pieces: vec![first.to_owned().into(), last.to_owned().into()],
            breaks_off: false,
        };
        let told = get_from(&gate, FILE, &[], upstream);
        let body = String::from_utf8(told.body.unwrap()).unwrap();
        assert_eq!((told.status, body.len()), (400, text.len()));
        assert!(!body.contains("gtak_conversation"), "{body}");
        assert!(!told.headers.contains_key("x-was"));
    }
}

#[test]
fn a_stream_ends_with_an_error_only_between_events() {
    let whole = "data: {\"a\":1}\n\ndata: {\"b\":2}\n\n";
    let gate = opened();
    for cut in 0..=whole.len() {
        let upstream = Upstream::Answers {
            status: 200,
            headers: vec![("content-type", "text/event-stream".to_owned())],
            pieces: vec![whole[..cut].to_owned().into()],
            breaks_off: true,
        };
        let told = get_from(&gate, FILE, &[], upstream);
        let is_between = whole[..cut].is_empty() || whole[..cut].ends_with("\n\n");
        match told.body {
            Some(body) => {
                let body = String::from_utf8(body).unwrap();
                assert!(
                    is_between && body.contains("upstream_protocol"),
                    "{cut}: {body}"
                );
            }
            None => assert!(!is_between, "{cut}"),
        }
    }
}

#[test]
fn a_compressed_error_is_not_passed_on() {
    let answer = |status| Upstream::Answers {
        status,
        headers: vec![
            ("content-encoding", "gzip".to_owned()),
            ("etag", "x".to_owned()),
        ],
        pieces: Vec::new(),
        breaks_off: false,
    };
    assert!(sent(FILE, &[("accept-encoding", "gzip")]).contains("accept-encoding: identity"));
    assert_eq!(get(FILE, &[], answer(200)).status, 200);
    let told = get(FILE, &[], answer(422));
    assert_eq!((told.status, &*told.code()), (502, "upstream_protocol"));
}
