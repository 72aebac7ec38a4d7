//! The same clients over TLS, in HTTP/1.1 and in HTTP/2, with an authority made for the test: what
//! they see does not depend on how it travels, and who does not know the authority sends no key.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};
use signalbox_harness::{
    clients,
    gate::{DEMO_ALL, Gate, Setup},
};

/// A gate that speaks TLS.
fn gate() -> Gate {
    let mut authority = CertificateParams::new([]).expect("parameters");
    // Of another name than the server's: OpenSSL would take that for an authority of its own.
    let name = DnType::CommonName;
    authority.distinguished_name.push(name, "an authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(["127.0.0.1".to_owned()]).expect("parameters");
    let server = server.signed_by(&key, &authority).expect("a certificate");
    Setup::demo()
        .key(
            "chat-alone",
            CHAT_ALONE,
            "policy: full, preset: chat-client, models: all",
        )
        .file("authority.pem", &authority.pem())
        .file("server.pem", &server.pem())
        .file("server.key", &key.serialize_pem())
        .config("tls: {cert_file: server.pem, key_file: server.key}\n")
        .start()
}

fn authority(gate: &Gate) -> String {
    gate.file("authority.pem").to_string_lossy().into_owned()
}

fn base(gate: &Gate) -> String {
    gate.base_v1().replace("http://", "https://")
}

fn asked_by(script: &str, gate: &Gate) -> Value {
    let told = [
        ("BASE_URLS", &*base(gate)),
        ("API_KEY", DEMO_ALL),
        ("CHAT_KEY", CHAT_ALONE),
        ("AUTHORITY", &*authority(gate)),
    ];
    clients::ask_by(script, &told)[0].clone()
}

/// What a client saw in each version, without what only tells how it travelled.
fn same_in_both(mut facts: Value, versions: [Value; 2]) -> Value {
    let mut seen = Vec::new();
    for (version, expected) in ["1.1", "2"].into_iter().zip(versions) {
        let mut facts = facts[version].take();
        assert_eq!(facts["versions"].take(), expected, "{facts}");
        seen.push(facts);
    }
    assert_eq!(seen[0], seen[1]);
    seen.remove(0)
}

fn facts() -> Value {
    let question = "What is \"the weather\" in Köln? 🚂";
    let said = json!(["gpt-4o", format!("You said: {question}")]);
    let streamed = json!([["gpt-4o"], format!("You said: {question}")]);
    json!({
        "versions": null, "chat": said, "stream": streamed, "sound": 66_720,
        "heard": "I heard spoken.wav, 2000000 bytes, sha256 d5e438f42c0876f0.",
        "refused": ["PermissionDeniedError", "insufficient_scope"],
    })
}

#[test]
fn openai_python_over_tls_sees_the_same_in_either_version() {
    let gate = gate();
    let seen = asked_by("transports.py", &gate);
    assert_eq!(seen["untrusted"], "ConnectError: [SSL");
    let mut expected = facts();
    expected["requests"] = json!(5);
    let versions = [json!(["HTTP/1.1"]), json!(["HTTP/2"])];
    assert_eq!(same_in_both(seen, versions), expected);
}

#[test]
fn openai_node_over_tls_sees_the_same_in_either_version() {
    let gate = gate();
    let seen = asked_by("transports.mjs", &gate);
    assert_eq!(seen["untrusted"], "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    let versions = [json!(["http/1.1"]), json!(["h2"])];
    assert_eq!(same_in_both(seen, versions), facts());
}

#[test]
fn curl_over_tls_streams_in_either_version() {
    let gate = gate();
    let told = [
        ("BASE_URL", &*base(&gate)),
        ("API_KEY", DEMO_ALL),
        ("AUTHORITY", &*authority(&gate)),
    ];
    let printed = clients::shell("transports.sh", &told);
    let marks: Vec<_> = printed
        .lines()
        .filter(|line| line.starts_with("=== "))
        .collect();
    // 60: the certificate cannot be checked.
    assert_eq!(marks, ["=== 1.1 200", "=== 2 200", "=== untrusted 60"]);
    assert_eq!(printed.matches("data: [DONE]").count(), 2, "{printed}");
    assert!(!printed.contains("support-agent"), "{printed}");
}

const CHAT_ALONE: &str = "gtak_chat_alone";
