use super::*;

fn extra(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_allow_list_passes_in_any_case() {
    for name in [
        "accept",
        "accept-language",
        "content-type",
        "user-agent",
        "idempotency-key",
        "x-request-id",
        "traceparent",
        "tracestate",
        "openai-organization",
        "OpenAI-Beta",
        "x-stainless-retry-count",
        "X-Request-ID",
    ] {
        assert!(request_header_passes(name, &[], false), "{name}");
    }
}

#[test]
fn what_is_not_listed_is_dropped() {
    for name in [
        "authorization",
        "api-key",
        "cookie",
        "host",
        "accept-encoding",
        "content-length",
        "content-encoding",
        "connection",
        "x-http-method-override",
        "x-original-url",
        "x-forwarded-for",
        "x-custom",
        "openai",
        "x-signalbox-policy",
        "",
    ] {
        assert!(!request_header_passes(name, &[], true), "{name}");
    }
}

#[test]
fn a_route_may_list_more() {
    let listed = extra(&["X-Tenant-Tag"]);
    assert!(request_header_passes("x-tenant-tag", &listed, false));
    assert!(!request_header_passes("x-other", &listed, false));
}

#[test]
fn no_route_may_list_what_opens_doors_or_frames_bodies() {
    for name in [
        "authorization",
        "Proxy-Authorization",
        "cookie",
        "x-api-key",
        "api-key",
        "openai-api-key",
        "OpenAI-API-Key",
        "x-stainless-token",
        "x-csrf-token",
        "www-authenticate",
        "host",
        "content-length",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "expect",
        "x-forwarded-host",
        "x-original-url",
        "x-http-method-override",
        "x-gt-user",
        "x-signalbox-decision",
        "sec-websocket-key",
    ] {
        assert!(never_passes(name), "{name}");
        assert!(
            !request_header_passes(name, &extra(&[name]), true),
            "{name}"
        );
    }
}

#[test]
fn the_conversation_header_passes_where_the_route_has_it() {
    let listed = extra(&["x-gt-conversation-id"]);
    assert!(request_header_passes("x-gt-conversation-id", &[], true));
    assert!(!request_header_passes("x-gt-conversation-id", &[], false));
    assert!(!request_header_passes(
        "X-GT-Conversation-Id",
        &listed,
        false
    ));
}

#[test]
fn answers_lose_what_is_not_the_clients() {
    for name in [
        "set-cookie",
        "alt-svc",
        "location",
        "Server",
        "clear-site-data",
        "strict-transport-security",
        "refresh",
        "www-authenticate",
        "authentication-info",
        "x-signalbox-decision",
        "X-Signalbox-Policy",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "trailer",
        "upgrade",
        "proxy-authenticate",
    ] {
        assert!(!answer_header_passes(name, false), "{name}");
        assert!(!answer_header_passes(name, true), "{name}");
    }
    for name in [
        "content-type",
        "x-request-id",
        "retry-after",
        "x-gt-conversation-id",
        "openai-version",
        "date",
    ] {
        assert!(answer_header_passes(name, false), "{name}");
        assert!(answer_header_passes(name, true), "{name}");
    }
}

#[test]
fn lengths_and_digests_go_only_where_bytes_change() {
    for name in [
        "content-length",
        "ETag",
        "digest",
        "content-md5",
        "content-digest",
        "repr-digest",
        "accept-ranges",
    ] {
        assert!(answer_header_passes(name, false), "{name}");
        assert!(!answer_header_passes(name, true), "{name}");
    }
}

#[test]
fn connection_names_are_read_from_every_line() {
    let values: [&[u8]; 3] = [b"close, X-One", b" ,x-two\t,", b"\xff"];
    assert_eq!(
        connection_names(&values).collect::<Vec<_>>(),
        ["close", "X-One", "x-two"]
    );
}

#[test]
fn one_bearer_token_is_found() {
    for value in [
        "Bearer gtak_demo",
        "bearer gtak_demo",
        "BEARER   gtak_demo",
        " Bearer gtak_demo ",
    ] {
        assert_eq!(bearer(&[value.as_bytes()]), Ok("gtak_demo"), "{value}");
    }
    assert_eq!(bearer(&[b"Bearer aZ09-._~+/=="]), Ok("aZ09-._~+/=="));
}

#[test]
fn everything_else_is_the_same_401() {
    let refused = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Basic gtak_demo",
        "gtak_demo",
        "Bearergtak_demo",
        "Bearer a b",
        "Bearer a,b",
        "Bearer =",
        "Bearer a=b",
        "Bearer gtak_ü",
        "Bearer\tgtak_demo",
        "Bearer \tgtak_demo",
        "Bearer \"gtak_demo\"",
    ];
    for value in refused {
        assert_eq!(
            bearer(&[value.as_bytes()]),
            Err(Refusal::of(Code::InvalidApiKey)),
            "{value}"
        );
    }
    assert_eq!(bearer(&[]), Err(Refusal::of(Code::InvalidApiKey)));
    assert_eq!(
        bearer(&[b"Bearer \xff"]),
        Err(Refusal::of(Code::InvalidApiKey))
    );
    let same: [&[u8]; 2] = [b"Bearer gtak_demo", b"Bearer gtak_demo"];
    assert_eq!(bearer(&same), Err(Refusal::of(Code::InvalidApiKey)));
}

#[test]
fn framing_is_said_once_or_not_at_all() {
    assert_eq!(framing(Version::Http11, &[], &[]), Ok(Framing::Unsaid));
    assert_eq!(
        framing(Version::Http2, &[b"12"], &[]),
        Ok(Framing::Length(12))
    );
    assert_eq!(
        framing(Version::Http11, &[b" 0 "], &[]),
        Ok(Framing::Length(0))
    );
    assert_eq!(
        framing(Version::Http11, &[], &[b"Chunked"]),
        Ok(Framing::Chunked)
    );
}

#[test]
fn framing_that_two_servers_read_differently_is_refused() {
    let refused = [
        (Version::Http11, vec!["5"], vec!["chunked"]),
        (Version::Http11, vec!["5", "5"], vec![]),
        (Version::Http11, vec!["5, 5"], vec![]),
        (Version::Http11, vec!["+5"], vec![]),
        (Version::Http11, vec!["-1"], vec![]),
        (Version::Http11, vec!["0x5"], vec![]),
        (Version::Http11, vec![""], vec![]),
        (Version::Http11, vec!["99999999999999999999"], vec![]),
        (Version::Http11, vec![], vec!["gzip, chunked"]),
        (Version::Http11, vec![], vec!["chunked", "chunked"]),
        (Version::Http10, vec![], vec!["chunked"]),
        (Version::Http2, vec![], vec!["chunked"]),
    ];
    for (version, lengths, encodings) in refused {
        let bytes = |values: &[&'static str]| values.iter().map(|value| value.as_bytes()).collect();
        let (lengths, encodings): (Vec<_>, Vec<_>) = (bytes(&lengths), bytes(&encodings));
        let refusal = framing(version, &lengths, &encodings).unwrap_err();
        let outcome = (refusal.status(), refusal.code());
        assert_eq!(
            outcome,
            (400, "invalid_request"),
            "{lengths:?} {encodings:?}"
        );
    }
}

#[test]
fn methods_that_make_no_sense_at_a_gate_are_refused() {
    for method in ["CONNECT", "TRACE", "TRACK"] {
        assert!(
            check_method(method, Framing::Unsaid, false).is_err(),
            "{method}"
        );
    }
    for method in ["GET", "HEAD"] {
        assert!(
            check_method(method, Framing::Length(1), false).is_err(),
            "{method}"
        );
        assert!(
            check_method(method, Framing::Chunked, false).is_err(),
            "{method}"
        );
        assert_eq!(
            check_method(method, Framing::Length(0), false),
            Ok(()),
            "{method}"
        );
        assert_eq!(
            check_method(method, Framing::Unsaid, false),
            Ok(()),
            "{method}"
        );
    }
    assert_eq!(check_method("POST", Framing::Length(1), false), Ok(()));
    assert!(check_method("POST", Framing::Length(1), true).is_err());
}

#[test]
fn there_is_one_plain_host() {
    assert_eq!(
        host(Version::Http11, &[b"gate.example:8080"]),
        Ok(Some(&b"gate.example:8080"[..]))
    );
    assert_eq!(
        host(Version::Http11, &[b"[::1]:80"]),
        Ok(Some(&b"[::1]:80"[..]))
    );
    assert_eq!(host(Version::Http2, &[]), Ok(None));
    assert!(host(Version::Http11, &[]).is_err());
    assert!(host(Version::Http11, &[b"a", b"a"]).is_err());
    for value in ["", "a b", "user@a", "a/b", "ä", "a,b"] {
        assert!(
            host(Version::Http11, &[value.as_bytes()]).is_err(),
            "{value}"
        );
    }
}
