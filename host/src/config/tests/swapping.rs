//! Sources, swaps, signatures, registries and the admin listener's TLS.

use signalbox_registry::Reference;

use signalbox_gate::NotASpan;

use super::*;

/// A public key.
const KEY: &str = "cUTXDb85pryvT5AaWuvnAVy9MX+oUoRJRD6NECC4oig=";

#[test]
fn every_key_of_swaps_is_read() {
    let config = parse(&format!(
        "{LEAST}
admin: {{tls: {{cert_file: cert.pem, key_file: /key.pem, client_ca_file: clients.pem}}}}
swap: {{keep: 7, cases: {{default: cases.yaml}}, watch: false, shadow_cpu: 12.5%, rollback_after: 2m}}
signatures:
  required: false
  environment: production
  signers:
    ci: {{key_file: ci.pem, policies: [full, default]}}
    ops: {{key: {KEY}, policies: all}}
registry: {{interval: 5m, username: gate, password_file: password, plaintext: ['127.0.0.1:5000', Registry.local],
  ca_file: ca.pem}}
"
    ))
    .unwrap();
    let folder = Path::new("/etc/signalbox");
    let tls = AdminTls {
        cert_file: folder.join("cert.pem"),
        key_file: "/key.pem".into(),
        client_ca_file: Some(folder.join("clients.pem")),
    };
    assert_eq!(config.admin.unwrap().tls, Some(tls));
    let swap = SwapSettings {
        keep: NonZeroUsize::new(7).unwrap(),
        cases: [("default".to_owned(), folder.join("cases.yaml"))].into(),
        watch: false,
        shadow_cpu: "12.5%".parse().unwrap(),
        rollback_after: Span::seconds(120),
    };
    assert_eq!(config.swap, swap);
    let signer = |key, policies| SignerConfig { key, policies };
    let given = SignerKey::Given(signalbox_swap::verifying_key(KEY).unwrap());
    let signers = [
        (
            "ci",
            signer(
                SignerKey::File(folder.join("ci.pem")),
                Some(vec!["default".to_owned(), "full".to_owned()]),
            ),
        ),
        ("ops", signer(given, None)),
    ];
    let signatures = SignatureSettings {
        required: false,
        environment: Some("production".to_owned()),
        signers: signers.map(|(id, signer)| (id.to_owned(), signer)).into(),
    };
    assert_eq!(config.signatures, signatures);
    let registry = RegistrySettings {
        interval: Span::seconds(300),
        login: Some(RegistryLogin {
            username: "gate".to_owned(),
            password_file: folder.join("password"),
        }),
        plaintext: vec!["127.0.0.1:5000".to_owned(), "registry.local".to_owned()],
        ca_file: Some(folder.join("ca.pem")),
    };
    assert_eq!(config.registry, registry);
}

#[test]
fn a_policy_is_a_file_or_a_reference() {
    let text = "{a: 'oci://127.0.0.1:5000/team/gate:live', b: oci.yaml, c: /x/oci://y}";
    let config = parse(&LEAST.replace("{default: litellm.yaml}", text)).unwrap();
    let file = |path: &str| PolicySource::File(path.into());
    assert_eq!(
        config.policies["a"],
        PolicySource::Registry("oci://127.0.0.1:5000/team/gate:live".parse().unwrap())
    );
    assert_eq!(config.policies["b"], file("/etc/signalbox/oci.yaml"));
    assert_eq!(config.policies["c"], file("/x/oci://y"));
}

#[test]
fn signers_that_are_named_are_required() {
    let text = format!("{LEAST}signatures: {{signers: {{ops: {{key: {KEY}, policies: all}}}}}}\n");
    assert!(parse(&text).unwrap().signatures.required);
}

#[test]
fn what_is_not_said_or_said_twice_opens_nothing() {
    for rest in [
        "admin: {tls: {cert_file: a.pem}}",
        "admin: {tls: }",
        "swap: {cases: [a]}",
        "swap: {watch: yes}",
        "signatures: {}",
        "signatures: {required: true}",
        "signatures: {environment: , signers: {ops: {key_file: a, policies: all}}}",
        "signatures: {signers: {ops: {key_file: a}}}",
        "signatures: {signers: {ops: {key_file: a, policies: some}}}",
        "signatures: {signers: {ops: {key_file: a, policies: null}}}",
        "registry: {interval: }",
    ] {
        let text = format!("{LEAST}{rest}\n");
        assert!(is_unreadable(&text), "{text}");
    }
}

#[test]
fn values_of_swaps_that_cannot_be_used_are_named() {
    let signer =
        |signer: &str| format!("signatures: {{signers: {{ops: {{{signer}, policies: all}}}}}}");
    let ops = "signatures.signers.ops";
    for (rest, key, problem) in [
        (
            "swap: {keep: 0}".to_owned(),
            "swap.keep",
            Problem::Range(1, 32),
        ),
        (
            "swap: {shadow_cpu: 0%}".to_owned(),
            "swap.shadow_cpu",
            Problem::Share,
        ),
        (
            "swap: {rollback_after: 0s}".to_owned(),
            "swap.rollback_after",
            Problem::Form(NotASpan.to_string()),
        ),
        (
            "swap: {cases: {'a b': c.yaml}}".to_owned(),
            "swap.cases.a b",
            Problem::Name,
        ),
        (
            "swap: {cases: {default: ''}}".to_owned(),
            "swap.cases.default",
            Problem::Blank,
        ),
        (
            "signatures: {signers: {}}".to_owned(),
            "signatures.signers",
            Problem::Empty,
        ),
        (
            format!(
                "signatures: {{environment: a b, signers: {{ops: {{key: {KEY}, policies: all}}}}}}"
            ),
            "signatures.environment",
            Problem::Name,
        ),
        (signer("key: c2hvcnQ="), ops, Problem::PublicKey),
        (signer("key: 'no base64!'"), ops, Problem::PublicKey),
        (
            signer(&format!("key: {KEY}, key_file: a")),
            ops,
            Problem::SignerKey,
        ),
        (
            "signatures: {signers: {ops: {policies: all}}}".to_owned(),
            ops,
            Problem::SignerKey,
        ),
        (
            "signatures: {signers: {ops: {key_file: a, policies: []}}}".to_owned(),
            ops,
            Problem::NoPolicy,
        ),
        (
            "signatures: {signers: {ops: {key_file: a, policies: [x, x]}}}".to_owned(),
            "signatures.signers.ops.policies",
            Problem::Twice,
        ),
        (
            "registry: {username: gate}".to_owned(),
            "registry.username",
            Problem::Login,
        ),
        (
            "registry: {password_file: gate}".to_owned(),
            "registry.password_file",
            Problem::Login,
        ),
        (
            "registry: {plaintext: ['http://a']}".to_owned(),
            "registry.plaintext",
            Problem::Authority,
        ),
        (
            "registry: {interval: 0s}".to_owned(),
            "registry.interval",
            no_span(),
        ),
        (
            "admin: {tls: {cert_file: ' ', key_file: a}}".to_owned(),
            "admin.tls.cert_file",
            Problem::Blank,
        ),
    ] {
        let text = format!("{LEAST}{rest}\n");
        assert_eq!(
            fault(&text),
            (key.to_owned(), 4, problem.to_string()),
            "{text}"
        );
    }
    for reference in ["oci://", "oci://name", "oci://host/", "oci://u@host/name"] {
        let text = LEAST.replace("litellm.yaml", &format!("'{reference}'"));
        let problem = Problem::Reference(reference.parse::<Reference>().unwrap_err());
        let expected = ("policies.default".to_owned(), 2, problem.to_string());
        assert_eq!(fault(&text), expected, "{reference}");
    }
}
