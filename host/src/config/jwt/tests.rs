//! Tests of the section `jwt`.

use std::path::Path;

use super::read::ALGORITHMS;
use super::*;
use crate::config::{Config, ConfigError, NotASpan, Problem};

fn read(issuer: &str) -> Result<Vec<IssuerSettings>, ConfigError> {
    let text = format!(
        "upstream: {{url: 'https://t.example', credentials: {{inference: {{env: X}}}}}}\n\
         policies: {{default: p.yaml}}\nkeys: k.yaml\njwt: {{corp: {{{issuer}}}}}\n"
    );
    Config::parse(&text, Path::new("/f")).map(|config| config.jwt)
}

const LEAST: &str = "issuer: 'https://i.example', audience: gate, jwks_file: j.json, profile: web";

#[test]
fn the_least_is_enough_and_the_rest_has_defaults() {
    let issuers = read(LEAST).unwrap();
    let expected = IssuerSettings {
        name: "corp".to_owned(),
        issuer: "https://i.example".to_owned(),
        audience: vec!["gate".to_owned()],
        keys: KeySetSource::File("/f/j.json".into()),
        algorithms: ALGORITHMS.to_vec(),
        leeway: Span::seconds(30),
        refresh: Span::seconds(600),
        retry: Span::seconds(10),
        profile: ProfileChoice::Fixed("web".to_owned()),
        claims: ClaimNames::default(),
        scope_words: None,
    };
    assert_eq!(issuers, [expected]);
}

#[test]
fn everything_can_be_said() {
    let issuers = read(
        "issuer: i, audience: [a, b], jwks_url: 'https://i.example:444/k?p=1', ca_file: ca.pem, \
         algorithms: [PS256, EdDSA], leeway: 5m, refresh: 1h, retry: 1s, \
         profiles: {claim: role, of: {x: web}}, scope_words: {chat: 'inference:chat'}, \
         claims: {id: uid, scopes: scope, purposes: p, models: m, published: u, datasets: d, labels: {t: team}}",
    );
    let issuer = issuers.unwrap().remove(0);
    let KeySetSource::Url { url, ca_file } = issuer.keys else {
        panic!("{issuer:?}");
    };
    assert_eq!(
        (url.origin.to_string(), url.target.as_str()),
        ("https://i.example:444".to_owned(), "/k?p=1")
    );
    assert_eq!(ca_file, Some("/f/ca.pem".into()));
    assert_eq!(
        issuer.algorithms,
        [JwtAlgorithm::Ps256, JwtAlgorithm::EdDsa]
    );
    assert_eq!(issuer.profile.profiles().collect::<Vec<_>>(), ["web"]);
    assert_eq!(issuer.claims.labels["t"], "team");
}

#[test]
fn what_would_open_or_leak_something_is_refused() {
    let with = |from: &str, to: &str| LEAST.replace(from, to);
    for (issuer, key, problem) in [
        (with("gate", "''"), "audience", Problem::Blank),
        (with("gate", "[]"), "audience", Problem::Blank),
        (with("'https://i.example'", "' '"), "issuer", Problem::Blank),
        (
            with("jwks_file: j.json, ", ""),
            "jwks_url",
            Problem::KeySetSource,
        ),
        (
            with("profile", "jwks_url: 'https://x', profile"),
            "jwks_url",
            Problem::KeySetSource,
        ),
        (
            with("jwks_file: j.json", "jwks_url: 'http://i.example/k'"),
            "jwks_url",
            Problem::KeySetUrl,
        ),
        (
            with("jwks_file: j.json", "jwks_url: 'ftp://i.example/k'"),
            "jwks_url",
            Problem::KeySetUrl,
        ),
        (
            with("jwks_file: j.json", "jwks_url: 'https://u:p@i.example/k'"),
            "jwks_url",
            Problem::KeySetUrl,
        ),
        (with(", profile: web", ""), "profile", Problem::Profile),
        (
            with("web", "web, profiles: {claim: c, of: {a: b}}"),
            "profile",
            Problem::Profile,
        ),
        (
            with("profile: web", "profiles: {claim: c, of: {}}"),
            "profiles.of",
            Problem::Empty,
        ),
        (
            with("web", "web, algorithms: [HS256]"),
            "algorithms",
            Problem::Algorithm,
        ),
        (
            with("web", "web, algorithms: [none]"),
            "algorithms",
            Problem::Algorithm,
        ),
        (
            with("web", "web, algorithms: []"),
            "algorithms",
            Problem::Empty,
        ),
        (with("web", "web, leeway: 6m"), "leeway", Problem::Leeway),
        (
            with("web", "web, leeway: 0s"),
            "leeway",
            Problem::Form(NotASpan.to_string()),
        ),
        (
            with("web", "web, claims: {models: ''}"),
            "claims.models",
            Problem::Blank,
        ),
        (
            with("web", "web, claims: {labels: {'a b': c}}"),
            "claims.labels.a b",
            Problem::Name,
        ),
    ] {
        let Err(ConfigError::Value {
            position,
            key: at,
            problem: found,
        }) = read(&issuer)
        else {
            panic!("{issuer}");
        };
        assert_eq!(
            (at, found.to_string()),
            (format!("jwt.corp.{key}"), problem.to_string()),
            "{issuer}"
        );
        assert_eq!(position.line, 4, "{issuer}");
    }
    for issuer in [
        "",
        "issuer: i",
        &with("web", "~"),
        &with("web", "web, claim: {}"),
    ] {
        assert!(read(issuer).is_err(), "{issuer}");
    }
    assert!(
        read(&with(
            "jwks_file: j.json",
            "jwks_url: 'http://127.0.0.1:1/k'"
        ))
        .is_ok()
    );
}
