use super::*;

fn read(text: &str) -> Result<Reference, ReferenceError> {
    text.parse()
}

#[test]
fn a_reference_is_given_back_as_it_was_written() {
    let digest = ManifestDigest::of(b"manifest");
    for text in [
        "oci://registry.example/policies/litellm:stable",
        "oci://127.0.0.1:5000/p:1.2.3-rc_1",
        "oci://[::1]:5000/a/b-c/d__e:latest",
        "oci://localhost/a--b:v0",
        &format!("oci://registry.example/litellm@{digest}"),
    ] {
        assert_eq!(read(text).unwrap().to_string(), text);
    }
}

#[test]
fn without_a_tag_it_is_latest() {
    let reference = read("oci://registry.example/litellm").unwrap();
    assert_eq!(
        reference,
        read("oci://registry.example/litellm:latest").unwrap()
    );
    assert_eq!(
        reference.to_string(),
        "oci://registry.example/litellm:latest"
    );
}

#[test]
fn a_port_is_not_a_tag_and_the_host_has_no_case() {
    let reference = read("oci://Registry.Example:5000/litellm").unwrap();
    assert_eq!(reference.registry(), "registry.example:5000");
    assert_eq!(reference.version().to_string(), "latest");
}

#[test]
fn what_is_wrong_is_named() {
    use ReferenceError::{Digest, Host, Name, Scheme, Tag, TagAndDigest};
    let digest = ManifestDigest::of(b"");
    for (text, expected) in [
        ("litellm:stable", Scheme),
        ("https://registry.example/litellm", Scheme),
        ("oci:///litellm", Host("".into())),
        ("oci://regis try/litellm", Host("regis try".into())),
        ("oci://registry:0/litellm", Host("registry:0".into())),
        ("oci://registry:+5/litellm", Host("registry:+5".into())),
        ("oci://registry:/litellm", Host("registry:".into())),
        ("oci://::1/litellm", Host("::1".into())),
        ("oci://[1]/litellm", Host("[1]".into())),
        ("oci://a..b/litellm", Host("a..b".into())),
        ("oci://registry", Name("".into())),
        ("oci://registry/", Name("".into())),
        ("oci://registry/LiteLLM", Name("LiteLLM".into())),
        ("oci://registry/a//b", Name("a//b".into())),
        ("oci://registry/../b", Name("../b".into())),
        ("oci://registry/a.._b", Name("a.._b".into())),
        ("oci://registry/a___b", Name("a___b".into())),
        ("oci://registry/a-", Name("a-".into())),
        ("oci://registry/a?x=y", Name("a?x=y".into())),
        ("oci://registry/a%2fb", Name("a%2fb".into())),
        ("oci://registry/ä", Name("ä".into())),
        ("oci://registry/a:", Tag("".into())),
        ("oci://registry/a:.b", Tag(".b".into())),
        ("oci://registry/a:b/c", Tag("b/c".into())),
        ("oci://registry/a:b:c", Tag("b:c".into())),
        ("oci://registry/a@sha256:00", Digest("sha256:00".into())),
        (&format!("oci://registry/a:b@{digest}"), TagAndDigest),
    ] {
        assert_eq!(read(text), Err(expected), "{text}");
    }
}

#[test]
fn a_login_in_a_reference_is_refused_and_not_repeated() {
    let error = read("oci://fleet:hunter2@registry.example/litellm").unwrap_err();
    assert_eq!(error, ReferenceError::Login);
    assert!(!format!("{error} {error:?} {}", error.help()).contains("hunter2"));
}
