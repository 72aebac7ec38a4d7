use super::*;

fn read(proxy: Proxy, lines: &[(&'static str, &'static str)]) -> Result<Original, String> {
    let (mut asked, ()) = Request::post("/question").body(()).unwrap().into_parts();
    for &(name, value) in lines {
        asked.headers.append(name, HeaderValue::from_static(value));
    }
    Original::read(proxy, asked, Some(7)).map_err(|refusal| refusal.code().to_owned())
}

const ORIGINAL: [(&str, &str); 2] = [
    ("x-original-method", "GET"),
    ("x-original-uri", "/v1/models?limit=1"),
];
const FORWARDED: [(&str, &str); 2] = [
    ("x-forwarded-method", "DELETE"),
    ("x-forwarded-uri", "/v1/files/a"),
];

#[test]
fn only_the_headers_of_who_asks_are_read() {
    let both = [ORIGINAL, FORWARDED].concat();
    for proxy in [Proxy::Nginx, Proxy::NginxNjs(Shown::Head)] {
        for lines in [&ORIGINAL[..], &both] {
            let original = read(proxy, lines).unwrap();
            assert_eq!(original.head.method, "GET");
            assert_eq!(original.head.uri, "/v1/models?limit=1");
            assert!(original.head.headers.is_empty(), "{:?}", original.head);
        }
        assert_eq!(read(proxy, &FORWARDED).unwrap_err(), "proxy_cannot_rewrite");
    }
    for proxy in [Proxy::Traefik, Proxy::Caddy, Proxy::Haproxy] {
        for lines in [&FORWARDED[..], &both] {
            let original = read(proxy, lines).unwrap();
            assert_eq!(original.head.method, "DELETE");
            assert_eq!(original.target, "/v1/files/a");
        }
        assert_eq!(read(proxy, &ORIGINAL).unwrap_err(), "proxy_cannot_rewrite");
    }
}

#[test]
fn what_is_told_twice_or_not_at_all_is_refused() {
    for more in [
        ("x-original-method", "POST"),
        ("x-original-uri", "/v1/models"),
    ] {
        let lines = [&ORIGINAL[..], &[more]].concat();
        assert_eq!(
            read(Proxy::Nginx, &lines).unwrap_err(),
            "proxy_cannot_rewrite"
        );
    }
    for line in ORIGINAL {
        assert_eq!(
            read(Proxy::Nginx, &[line]).unwrap_err(),
            "proxy_cannot_rewrite"
        );
    }
    for lengths in [["1", "1"], ["1", "2"]] {
        let lengths = lengths.map(|length| ("x-original-content-length", length));
        let lines = [&ORIGINAL[..], &lengths].concat();
        assert_eq!(
            read(Proxy::Nginx, &lines).unwrap_err(),
            "proxy_cannot_rewrite"
        );
    }
    for (name, value) in [
        ("x-original-content-length", "+1"),
        ("x-original-content-length", "1x"),
    ] {
        let lines = [&ORIGINAL[..], &[(name, value)]].concat();
        assert_eq!(
            read(Proxy::Nginx, &lines).unwrap_err(),
            "proxy_cannot_rewrite"
        );
    }
}

#[test]
fn a_body_that_is_not_shown_is_framed_as_its_client_said() {
    let told = |lines: &[(&'static str, &'static str)]| {
        let own = [("content-length", "0")];
        read(Proxy::Nginx, &[&ORIGINAL[..], &own, lines].concat()).unwrap()
    };
    let none = told(&[
        ("x-original-content-length", ""),
        ("x-original-transfer-encoding", ""),
    ]);
    assert_eq!(none.declared, Some(0));
    assert!(none.head.headers.is_empty());
    let sized = told(&[("x-original-content-length", "12")]);
    assert_eq!(sized.declared, Some(12));
    assert_eq!(sized.head.headers["content-length"], "12");
    let chunked = told(&[("x-original-transfer-encoding", "chunked")]);
    assert_eq!(chunked.declared, None);
    assert_eq!(chunked.head.headers["transfer-encoding"], "chunked");
    assert!(!chunked.head.headers.contains_key("content-length"));
}

#[test]
fn of_a_body_that_nobody_speaks_of_nothing_is_known() {
    for (method, declared) in [("GET", Some(0)), ("HEAD", Some(0)), ("POST", None)] {
        let lines = [("x-forwarded-method", method), FORWARDED[1]];
        let original = read(Proxy::Caddy, &lines).unwrap();
        assert_eq!(original.declared, declared, "{method}: chunks may follow");
        let original = read(Proxy::Haproxy, &lines).unwrap();
        assert_eq!(original.declared, Some(0), "it would say so");
    }
}

#[test]
fn a_body_that_is_shown_has_the_length_its_client_said() {
    let shown = [("content-length", "7")];
    let lines = [&FORWARDED[..], &shown].concat();
    let original = read(Proxy::Traefik, &lines).unwrap();
    assert_eq!(original.declared, Some(7));
    assert_eq!(original.head.headers["content-length"], "7");
    let longer = [("x-forwarded-content-length", "9")];
    let original = read(Proxy::Traefik, &[&lines[..], &longer].concat()).unwrap();
    assert_eq!(
        original.declared,
        Some(9),
        "then what comes is a part of it"
    );
}

#[test]
fn the_client_is_who_the_proxy_saw() {
    let told = |lines: &[(&'static str, &'static str)]| {
        let mut headers = HeaderMap::new();
        for &(name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        let peer = peer(&headers);
        (peer.address.ip().to_string(), peer.is_tls)
    };
    let unknown = ("0.0.0.0".to_owned(), false);
    assert_eq!(told(&[]), unknown);
    let addresses = ("x-forwarded-for", "198.51.100.7, 192.0.2.1");
    let https = ("x-forwarded-proto", "https");
    assert_eq!(told(&[addresses, https]), ("192.0.2.1".to_owned(), true));
    assert_eq!(
        told(&[addresses, addresses]),
        unknown,
        "one of them is the client's"
    );
}
