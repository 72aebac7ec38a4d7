//! Several hosts, and how they are asked how they are.

use super::*;

fn with(more: &str) -> String {
    let one = "url: 'https://t.example/api/tenant', ";
    LEAST.replace(one, &format!("{more}, "))
}

#[test]
fn several_hosts_of_one_tenant_are_read_in_their_order() {
    let text = with("urls: ['https://b.example:3002/api', 'https://a.example/api/v1/']");
    let upstream = parse(&text).unwrap().upstream;
    let urls: Vec<String> = upstream.urls.iter().map(ToString::to_string).collect();
    assert_eq!(
        urls,
        ["https://b.example:3002/api", "https://a.example/api"]
    );
    assert_eq!((upstream.http2, upstream.health), (Http2::Auto, None));
}

#[test]
fn a_health_check_that_says_no_more_has_its_defaults() {
    let text = with("url: 'https://t.example', health: {}");
    let check = parse(&text).unwrap().upstream.health;
    assert_eq!(check, Some(HealthCheck::default()));
}

#[test]
fn hosts_that_cannot_be_used_together_are_refused() {
    let urls = |list: &str| with(&format!("urls: [{list}]"));
    let many: Vec<String> = (0..17).map(|n| format!("'https://{n}.example'")).collect();
    let both = "url: 'https://a.example', urls: ['https://b.example']";
    let path = "url: 'https://a.example', health: {path: 'v1/models?a'}";
    for (text, key, problem) in [
        (with(both), "upstream.url", Problem::OneOrMany),
        (with("http2: auto"), "upstream.url", Problem::OneOrMany),
        (urls(""), "upstream.urls", Problem::Empty),
        (
            urls("'https://a.example', 'https://a.example:443'"),
            "upstream.urls",
            Problem::Twice,
        ),
        (
            urls("'https://a.example', 'https://b.example/x'"),
            "upstream.urls",
            Problem::OtherPath,
        ),
        (
            urls("'https://a.example', 'http://b.example'"),
            "upstream.urls",
            Problem::Url(UrlError::Plaintext),
        ),
        (
            urls(&many.join(", ")),
            "upstream.urls",
            Problem::TooManyHosts(16),
        ),
        (with(path), "upstream.health.path", Problem::Path),
    ] {
        assert_eq!(
            fault(&text),
            (key.to_owned(), 1, problem.to_string()),
            "{text}"
        );
    }
}
