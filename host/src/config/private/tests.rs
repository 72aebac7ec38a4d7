use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    listen: Spanned<Place>,
    #[serde(default)]
    group: Option<Spanned<Text>>,
    #[serde(default)]
    tls: Option<Spanned<WrittenTls>>,
}

fn check(text: &str) -> Result<PrivateListen, String> {
    let Section { listen, group, tls } =
        crate::yaml::read(text).map_err(|error| error.to_string())?;
    let written = Written { listen, group, tls };
    written
        .check("authz", Path::new("/etc"))
        .map_err(|error| match error {
            ConfigError::Value { key, problem, .. } => format!("{key}: {problem}"),
            error => error.to_string(),
        })
}

const TLS: &str = "tls: {cert_file: c.pem, key_file: /k.pem, client_ca_file: ca.pem, names: [a.example, 'spiffe://mesh/proxy']}\n";

#[test]
fn a_socket_is_for_its_user_or_a_group() {
    let socket = |group| {
        PrivateListen::Unix(UnixSocket {
            path: "/run/signalbox/authz.sock".into(),
            group,
        })
    };
    let text = "listen: unix:/run/signalbox/authz.sock\n";
    assert_eq!(check(text), Ok(socket(None)));
    let group = check(&format!("{text}group: www-data\n"));
    assert_eq!(group, Ok(socket(Some("www-data".to_owned()))));
    let PrivateListen::Unix(relative) = check("listen: unix:authz.sock\n").unwrap() else {
        panic!("a socket");
    };
    assert_eq!(relative.path, Path::new("/etc/authz.sock"));
}

#[test]
fn a_port_is_for_named_certificates() {
    let PrivateListen::MutualTls(tls) = check(&format!("listen: 10.0.0.1:9000\n{TLS}")).unwrap()
    else {
        panic!("a port");
    };
    assert_eq!(tls.address, "10.0.0.1:9000".parse().unwrap());
    assert_eq!(tls.cert_file, Path::new("/etc/c.pem"));
    assert_eq!(tls.client_ca_file, Path::new("/etc/ca.pem"));
    assert_eq!(tls.names, ["a.example", "spiffe://mesh/proxy"]);
}

#[test]
fn whatever_lets_in_others_is_refused() {
    let names = |names: &str| {
        format!(
            "listen: 127.0.0.1:1\ntls: {{cert_file: c, key_file: k, client_ca_file: a, names: {names}}}\n"
        )
    };
    for (text, part) in [
        (
            "listen: 127.0.0.1:9000\n".to_owned(),
            "authz.listen: whoever",
        ),
        (
            "listen: 127.0.0.1:9000\ngroup: g\n".to_owned(),
            "authz.group",
        ),
        (format!("listen: unix:/s\n{TLS}"), "authz.tls"),
        ("listen: unix:\n".to_owned(), "unix:PATH"),
        ("listen: /run/s\n".to_owned(), "unix:"),
        ("listen: localhost:1\n".to_owned(), "unix:"),
        ("listen: unix:/s\ngroup: ''\n".to_owned(), "blank"),
        (
            "listen: 127.0.0.1:1\ntls: {cert_file: c, key_file: k, names: [a]}\n".to_owned(),
            "client_ca_file",
        ),
        (
            "listen: 127.0.0.1:1\ntls: {cert_file: c, key_file: k, client_ca_file: a}\n".to_owned(),
            "names",
        ),
        (names("[]"), "at least one"),
        (names("['*.example']"), "DNS name"),
        (names("[A.example]"), "DNS name"),
        (names("[a.example, a.example]"), "twice"),
        (names("['spiffe://']"), "DNS name"),
    ] {
        let refused = check(&text).unwrap_err();
        assert!(refused.contains(part), "{text}: {refused}");
    }
}
