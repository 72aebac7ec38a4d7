//! How clients are spoken to, as it is written.

use super::*;

#[test]
fn how_clients_are_spoken_to_is_read() {
    let config = parse(&format!(
        "{LEAST}
tls: {{cert_file: cert.pem, key_file: /key.pem}}
http2: false
forwarded: {{trust: [10.0.0.0/8, '::1'], read: forwarded, send: x-forwarded}}
cors: {{origins: ['https://app.example', 'http://localhost:3000'], headers: [X-Team], max_age: 1m}}
limits: {{connections_per_client: 7, streams_per_connection: 8}}
times: {{handshake: 3s}}
"
    ))
    .unwrap();
    assert_eq!(
        config.tls,
        Some(ListenerTls {
            cert_file: "/etc/signalbox/cert.pem".into(),
            key_file: "/key.pem".into()
        })
    );
    assert!(!config.http2);
    let trusted: Vec<String> = config
        .forwarded
        .trust
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(trusted, ["10.0.0.0/8", "::1/128"]);
    assert_eq!(config.forwarded.read, ForwardedHeader::Forwarded);
    assert_eq!(config.forwarded.send, Announce::XForwarded);
    let cors = config.cors.unwrap();
    assert_eq!(
        cors.origins,
        ["https://app.example", "http://localhost:3000"]
    );
    assert_eq!(cors.headers, ["x-team"]);
    assert_eq!(cors.max_age, Span::seconds(60));
    assert_eq!(config.limits.connections_per_client, 7);
    assert_eq!(config.limits.streams_per_connection, 8);
    assert_eq!(config.times.handshake, Span::seconds(3));
}

#[test]
fn nothing_is_believed_and_no_page_may_call_unless_it_is_written() {
    let config = parse(LEAST).unwrap();
    assert_eq!(config.tls, None);
    assert!(config.http2);
    assert_eq!(config.forwarded, ForwardedSettings::default());
    assert_eq!(config.forwarded.send, Announce::Nothing);
    assert_eq!(config.cors, None);
    let cors = parse(&format!("{LEAST}cors: {{origins: ['https://a']}}\n")).unwrap();
    assert_eq!(
        cors.cors,
        Some(CorsSettings::new(vec!["https://a".to_owned()]))
    );
}

#[test]
fn what_clients_cannot_be_spoken_to_with_is_named() {
    for (text, key, problem) in [
        (
            "tls: {cert_file: ' ', key_file: b}",
            "tls.cert_file",
            Problem::Blank,
        ),
        (
            "tls: {cert_file: a, key_file: ''}",
            "tls.key_file",
            Problem::Blank,
        ),
        (
            "forwarded: {trust: [gate.example]}",
            "forwarded.trust",
            no_network(),
        ),
        (
            "forwarded: {trust: [10.1.0.0/8]}",
            "forwarded.trust",
            no_network(),
        ),
        (
            "forwarded: {trust: ['::1', '::1/128']}",
            "forwarded.trust",
            Problem::Twice,
        ),
        ("cors: {origins: []}", "cors.origins", Problem::Empty),
        ("cors: {origins: ['*']}", "cors.origins", Problem::Origin),
        ("cors: {origins: ['null']}", "cors.origins", Problem::Origin),
        (
            "cors: {origins: ['https://a/']}",
            "cors.origins",
            Problem::Origin,
        ),
        (
            "cors: {origins: ['https://a', 'https://a']}",
            "cors.origins",
            Problem::Twice,
        ),
        (
            "cors: {origins: ['https://a'], headers: ['*,x y']}",
            "cors.headers",
            Problem::Header,
        ),
        (
            "cors: {origins: ['https://a'], max_age: 0s}",
            "cors.max_age",
            no_span(),
        ),
        (
            "limits: {streams_per_connection: 0}",
            "limits.streams_per_connection",
            Problem::Range(1, 1_000_000),
        ),
    ] {
        let (wrong, line, found) = fault(&format!("{LEAST}{text}\n"));
        assert_eq!(
            (wrong.as_str(), line, found),
            (key, 4, problem.to_string()),
            "{text}"
        );
    }
    for text in [
        "tls: {cert_file: a}",
        "tls:",
        "http2: maybe",
        "forwarded: {send: all}",
        "forwarded: {read: both}",
        "cors: {headers: [a]}",
        "cors:",
    ] {
        assert!(is_unreadable(&format!("{LEAST}{text}\n")), "{text}");
    }
}

/// Not a hop's address or network.
fn no_network() -> Problem {
    let text = "write an address or a network, like `10.0.0.0/8`, without bits beyond its prefix";
    Problem::Form(text.to_owned())
}
