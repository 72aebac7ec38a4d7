//! Tests of hosts and URLs.

use super::*;

fn read(text: &str) -> Result<Url, UrlError> {
    text.parse()
}

#[test]
fn a_url_is_taken_apart_and_shown_alike() {
    for (text, host, port, target, authority, shown) in [
        (
            "https://T.example:3002/a/b?c=d",
            "t.example",
            3002,
            "/a/b?c=d",
            "t.example:3002",
            "https://t.example:3002/a/b",
        ),
        (
            "https://t.example:443",
            "t.example",
            443,
            "/",
            "t.example",
            "https://t.example",
        ),
        (
            "http://localhost/",
            "localhost",
            80,
            "/",
            "localhost",
            "http://localhost",
        ),
        (
            "http://otel_collector:4318/x/",
            "otel_collector",
            4318,
            "/x/",
            "otel_collector:4318",
            "http://otel_collector:4318/x/",
        ),
        (
            "http://[::1]:9000/",
            "::1",
            9000,
            "/",
            "[::1]:9000",
            "http://[::1]:9000",
        ),
        (
            "https://[2001:DB8::A]/k",
            "2001:db8::a",
            443,
            "/k",
            "[2001:db8::a]",
            "https://[2001:db8::a]/k",
        ),
    ] {
        let url = read(text).unwrap();
        assert_eq!(url.origin.host.as_str(), host, "{text}");
        assert_eq!((url.origin.port, url.target.as_str()), (port, target));
        assert_eq!(url.origin.authority(), authority, "{text}");
        assert_eq!(url.to_string(), shown, "{text}");
    }
}

#[test]
fn what_is_no_url_is_refused() {
    use UrlError::{Login, Scheme, Syntax};
    for (text, error) in [
        ("", Syntax),
        ("t.example", Syntax),
        ("/a", Syntax),
        ("https://", Syntax),
        ("http://:8081", Syntax),
        ("https://t.example:", Syntax),
        ("https://t.example:0", Syntax),
        ("https://t.example:+5", Syntax),
        ("https://t.example:99999", Syntax),
        ("https://[1]/", Syntax),
        ("https://[::1/", Syntax),
        ("https://::1/", Syntax),
        ("https://a..b/", Syntax),
        ("https://-a/", Syntax),
        ("https://10.0.0.256/", Syntax),
        ("https://a$b/", Syntax),
        ("ftp://t.example", Scheme),
        ("https://u:p@t.example", Login),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
}

#[test]
fn what_lies_below_a_url_has_its_path_and_not_its_query() {
    for (base, below) in [
        ("http://h", "/status?all=1"),
        ("http://h/", "/status?all=1"),
        ("http://h/gate/?x=y", "/gate/status?all=1"),
    ] {
        let url = read(base).unwrap().below("/status?all=1").unwrap();
        assert_eq!(url.target.as_str(), below, "{base}");
    }
    for path in ["", "status", "/a b"] {
        let url = read("http://h").unwrap();
        assert_eq!(url.below(path), Err(UrlError::Syntax), "{path}");
    }
}
