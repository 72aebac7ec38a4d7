//! Tests of JWTs: what opens something, and everything that must not.

mod signatures;
mod signing;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::verifier::is_jwt;
use super::*;
use crate::config::Config;
use crate::observe::metrics::Metrics;
use signalbox_gate::keyring::{Key, KeyStatus, Keyring};
use signalbox_gate::{Budget, Client, TokenLookup, TokenVerifier as _};
use signing::{Signing, encode, key_set, message};

const PROFILES: &str = "keys:
  - {id: web, profile: true, preset: chat-embeddings, models: [gpt-4o, team/*], labels: {team: ours}}
  - {id: other, profile: true, preset: chat-client, models: all}
  - {id: gone, profile: true, preset: chat-client, models: all, revoked: true}
";

/// An issuer with a key of each kind, and callers who show its tokens.
struct Stage {
    rsa: Signing,
    ec: Signing,
    ed: Signing,
    verifier: JwtVerifier,
    keyring: Arc<Keyring>,
    folder: tempfile::TempDir,
}

fn stage(more: &str) -> Stage {
    let (rsa, ec, ed) = (Signing::rsa("r"), Signing::ec("e"), Signing::ed("d"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("keys.json"), key_set(&[&rsa, &ec, &ed])).unwrap();
    Stage {
        verifier: verifier(folder.path(), more).unwrap(),
        keyring: keyring(PROFILES),
        rsa,
        ec,
        ed,
        folder,
    }
}

fn verifier(folder: &Path, more: &str) -> Result<JwtVerifier, KeySetError> {
    let text = format!(
        "upstream: {{url: 'https://t.example', credentials: {{inference: {{env: X}}}}}}\n\
         policies: {{default: p.yaml}}\nkeys: k.yaml\njwt:\n  corp:\n    issuer: https://login.example\n    \
         audience: [gate, gate2]\n    jwks_file: keys.json\n{more}"
    );
    let config = Config::parse(&text, folder).unwrap();
    let (health, budget) = (Arc::default(), Budget::new(0));
    let metrics = Metrics::new(&budget, &budget, 0);
    let issuers = run(Issuers::start(&config.jwt, &health, &metrics))?;
    let started = JwtVerifier::start(issuers, 100, &metrics);
    Ok(started.unwrap().unwrap())
}

fn keyring(text: &str) -> Arc<Keyring> {
    Arc::new(Keyring::parse(text).unwrap())
}

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

impl Stage {
    /// The key of a token, as the gate and the host find it together.
    fn key(&self, token: &str) -> Option<Arc<Key>> {
        match self.verifier.look_up(token, &self.keyring) {
            TokenLookup::Key(key) => Some(key),
            TokenLookup::Refused => None,
            TokenLookup::Unverified => {
                let keyring = || Arc::clone(&self.keyring);
                run(self.verifier.verify(token, line(), keyring, now())).ok()
            }
        }
    }

    fn why(&self, token: &str) -> &'static str {
        let keyring = || Arc::clone(&self.keyring);
        let checked = run(self.verifier.check(token, line(), keyring, now()));
        checked.unwrap_err().1.word()
    }

    /// Replaces the keys of the issuer.
    fn rotate(&self, keys: &[&Signing]) {
        std::fs::write(self.folder.path().join("keys.json"), key_set(keys)).unwrap();
        let issuer = self
            .verifier
            .issuers()
            .named("https://login.example")
            .unwrap();
        let issuer::Source::File(watch) = issuer.source() else {
            panic!("{issuer:?}");
        };
        while issuer.poll(watch).is_none() {}
    }
}

fn line() -> Line {
    let peer = ([192, 0, 2, 1], 1).into();
    Line::of(&Client::unheard(signalbox_gate::Peer::plain(peer)))
}

const FIXED: &str = "    profile: web\n";
const NOW: i64 = 2_000_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn claims() -> Value {
    json!({"iss": "https://login.example", "aud": "gate", "sub": "u1", "exp": NOW + 600})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[test]
fn a_token_of_each_kind_of_key_names_its_caller() {
    let stage = stage(FIXED);
    for signing in [&stage.rsa, &stage.ec, &stage.ed] {
        let key = stage.key(&signing.token(&claims())).unwrap();
        let profile = stage.keyring.profile("web").unwrap();
        let caller = signalbox_policy::Caller {
            id: "jwt/corp/u1".to_owned(),
            ..(*profile.caller).clone()
        };
        assert_eq!(*key.caller, caller, "{}", signing.kid);
        assert_eq!(key.status(now()), KeyStatus::Valid);
        let end = Timestamp::from_second(NOW + 630).unwrap();
        assert_eq!(
            (key.expires, key.status(end)),
            (Some(end), KeyStatus::Expired)
        );
    }
}

#[test]
fn a_token_for_others_or_of_another_time_is_refused() {
    let stage = stage(FIXED);
    let mut without = claims();
    without.as_object_mut().unwrap().remove("exp");
    for (claims, why) in [
        (with("iss", json!("https://login.example/")), "issuer"),
        (with("iss", json!(["https://login.example"])), "issuer"),
        (with("iss", Value::Null), "issuer"),
        (with("aud", json!("gate3")), "audience"),
        (with("aud", json!(["gat", "e"])), "audience"),
        (with("aud", json!([])), "audience"),
        (with("aud", json!({"gate": 1})), "audience"),
        (without, "expired"),
        (with("exp", json!(NOW - 30)), "expired"),
        (with("exp", json!("2000000600")), "expired"),
        (with("exp", json!(-1)), "expired"),
        (with("exp", json!(1e300)), "expired"),
        (with("exp", json!(u64::MAX)), "expired"),
        (with("nbf", json!(NOW + 31)), "not_yet"),
        (with("nbf", json!("soon")), "not_yet"),
        (with("sub", Value::Null), "subject"),
        (with("sub", json!("")), "subject"),
        (with("sub", json!(1)), "subject"),
        (with("sub", json!("a b")), "subject"),
        (with("sub", json!("a\nb")), "subject"),
        (with("sub", json!("x".repeat(256))), "subject"),
    ] {
        assert_eq!(stage.why(&stage.ec.token(&claims)), why, "{claims}");
    }
    for claims in [
        with("aud", json!(["x", "gate2"])),
        with("exp", json!(NOW - 29)),
        with("exp", json!(NOW as f64 + 0.5)),
        with("nbf", json!(NOW + 30)),
    ] {
        assert!(stage.key(&stage.ec.token(&claims)).is_some(), "{claims}");
    }
}

#[test]
fn what_a_token_says_of_its_signature_is_not_believed() {
    let stage = stage(FIXED);
    let (rsa, ec, claims) = (&stage.rsa, &stage.ec, claims().to_string());
    // The public key as a secret, in the forms in which it lies about.
    for secret in [
        rsa.jwk.to_string(),
        rsa.jwk["n"].as_str().unwrap().to_owned(),
    ] {
        let head = r#"{"alg":"HS256","kid":"r"}"#;
        let message = message(head, &claims);
        let key = EncodingKey::from_secret(secret.as_bytes());
        let algorithm = jsonwebtoken::Algorithm::HS256;
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
        assert_eq!(stage.why(&format!("{message}.{signature}")), "algorithm");
    }
    for (head, why) in [
        (r#"{"alg":"none","kid":"e"}"#, "algorithm"),
        (r#"{"alg":"None"}"#, "key"),
        (r#"{"alg":"RS256","kid":"e"}"#, "algorithm"),
        (r#"{"alg":"ES384","kid":"e"}"#, "algorithm"),
        (r#"{"alg":"es256","kid":"e"}"#, "algorithm"),
        (r#"{"kid":"e"}"#, "algorithm"),
        (r#"{"alg":["ES256"],"kid":"e"}"#, "algorithm"),
        (r#"{"alg":"ES256"}"#, "key"),
        (r#"{"alg":"ES256","kid":"E"}"#, "key"),
        (r#"{"alg":"ES256","kid":"../e"}"#, "key"),
        (r#"{"alg":"ES256","kid":7}"#, "malformed"),
        (r#"{"alg":"ES256","kid":"e","kid":"e"}"#, "malformed"),
        (r#"{"alg":"ES256","kid":"e","crit":["exp"]}"#, "critical"),
        (r#"{"alg":"ES256","kid":"e","b64":false}"#, "critical"),
        (r#"["ES256"]"#, "malformed"),
    ] {
        assert_eq!(stage.why(&ec.sign(head, &claims)), why, "{head}");
    }
    let own = Signing::ec("e");
    assert_eq!(stage.why(&own.token(&self::claims())), "signature");
    let jwk = json!({"alg": "ES256", "kid": "e", "jwk": own.jwk, "jku": "https://evil.example"});
    assert_eq!(stage.why(&own.sign(&jwk.to_string(), &claims)), "signature");
    let none = message(r#"{"alg":"none"}"#, &claims);
    assert_eq!(stage.why(&format!("{none}.")), "key");
}

#[test]
fn a_token_that_is_changed_anywhere_opens_nothing() {
    let stage = stage(FIXED);
    let token = stage.ed.token(&claims());
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(stage.key(&changed).is_none(), "byte {at}");
    }
    for changed in [
        format!("{token}="),
        format!("{token}A"),
        token.replacen('.', "..", 1),
        format!("{token}.{token}"),
        token[..token.len() - 1].to_owned(),
    ] {
        assert!(stage.key(&changed).is_none(), "{changed}");
    }
    assert!(stage.key(&token).is_some());
}

#[test]
fn claims_that_stand_twice_and_huge_tokens_are_refused() {
    let stage = stage(FIXED);
    let head = r#"{"alg":"ES256","kid":"e"}"#;
    let twice = claims().to_string().replacen('{', r#"{"sub":"admin","#, 1);
    assert_eq!(stage.why(&stage.ec.sign(head, &twice)), "malformed");
    let huge = with("x", json!("y".repeat(8_192)));
    assert_eq!(stage.why(&stage.ec.token(&huge)), "too_large");
    let deep = format!("{}{}", "[".repeat(3_000), "]".repeat(3_000));
    assert_eq!(stage.why(&stage.ec.sign(head, &deep)), "malformed");
    for odd in ["..", "a.b.c", "e30.e30.", "e30.e30.e30"] {
        assert!(is_jwt(odd) && stage.key(odd).is_none(), "{odd}");
    }
    assert!(!is_jwt("gtak_a.b.c") && !is_jwt("a.b") && !is_jwt("a.b.c.d") && !is_jwt("abc"));
    let spaced = format!("{}.{}.x", encode(b" {}"), encode(b"{}"));
    assert_eq!(stage.why(&spaced), "algorithm");
}

#[test]
fn a_profile_is_chosen_by_a_claim_or_nobody_gets_in() {
    let stage = stage("    profiles: {claim: role, of: {a: web, b: other, c: other, d: absent}}\n");
    let profile = |role: Value| {
        let key = stage.key(&stage.ec.token(&with("role", role)))?;
        Some(key.caller.models.clone())
    };
    let models = |id: &str| Some(stage.keyring.key(id).unwrap().caller.models.clone());
    assert_eq!(profile(json!("a")), models("web"));
    assert_eq!(profile(json!(["x", "b"])), models("other"));
    assert_eq!(profile(json!(["c", "b"])), models("other"));
    for role in [
        json!("x"),
        json!(["a", "b"]),
        json!([]),
        json!(1),
        Value::Null,
        json!("d"),
    ] {
        assert_eq!(profile(role.clone()), None, "{role}");
    }
    assert!(stage.key(&stage.ec.token(&claims())).is_none());
}

#[test]
fn a_claim_that_is_named_and_missing_leaves_nothing() {
    let stage = stage(
        "    profile: web\n    claims: {id: uid, scopes: scope, models: m, datasets: d, labels: {dep: dept}}\n    \
         scope_words: {chat: 'inference:chat', admin: 'datasets:write'}\n",
    );
    let mut said = with("uid", json!("u2"));
    let bare = stage.key(&stage.ec.token(&said)).unwrap();
    assert_eq!(bare.caller.models, signalbox_policy::Names::NONE);
    assert!(bare.caller.scopes.is_empty());
    said["scope"] = json!("chat admin inference:embed");
    said["m"] = json!(["team/a", "o1", "*"]);
    said["dept"] = json!("x");
    let key = stage.key(&stage.ec.token(&said)).unwrap();
    assert_eq!(key.caller.scopes, ["inference:chat"]);
    assert_eq!(
        key.caller.models,
        signalbox_policy::Names::Only(vec!["team/a".to_owned()])
    );
    let label = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(
        key.caller.labels,
        [label("team", "ours"), label("dep", "x")]
    );
    said["m"] = json!(7);
    assert_eq!(stage.why(&stage.ec.token(&said)), "claim");
    said["m"] = json!([7]);
    assert_eq!(stage.why(&stage.ec.token(&said)), "claim");
    assert_eq!(stage.why(&stage.ec.token(&claims())), "subject");
}

#[test]
fn a_known_token_follows_its_profile_and_its_key() {
    let mut stage = stage(FIXED);
    let token = stage.ec.token(&claims());
    let key = stage.key(&token).unwrap();
    assert!(
        Arc::ptr_eq(&key, &stage.key(&token).unwrap()),
        "not checked twice"
    );
    let narrower = PROFILES.replace("[gpt-4o, team/*]", "[gpt-4o]");
    stage.keyring = keyring(&narrower);
    let next = stage.key(&token).unwrap();
    assert_eq!(
        next.caller.models,
        signalbox_policy::Names::Only(vec!["gpt-4o".to_owned()])
    );
    assert!(
        Arc::ptr_eq(&key.usage, &next.usage),
        "a reload refills nobody"
    );
    stage.keyring = keyring("keys: []");
    assert!(stage.key(&token).is_none());
    stage.keyring = keyring(PROFILES);
    assert!(stage.key(&token).is_some());
    stage.rotate(&[&stage.rsa, &stage.ed]);
    let signalbox_gate::keyring::Opener::Jwt(grant) = key.opener() else {
        panic!("{key:?}");
    };
    assert!(!grant.holds(), "what is open ends");
    assert!(stage.key(&token).is_none());
    assert!(stage.key(&stage.ed.token(&claims())).is_some());
}

#[test]
fn a_revoked_profile_is_that_of_revoked_callers() {
    let stage = stage("    profile: gone\n");
    let key = stage.key(&stage.ec.token(&claims())).unwrap();
    assert_eq!(key.status(now()), KeyStatus::Revoked);
}

#[test]
fn a_key_set_that_cannot_be_used_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        verifier(folder.path(), FIXED),
        Err(KeySetError::File { .. })
    ));
    std::fs::write(folder.path().join("keys.json"), "{}").unwrap();
    assert!(matches!(
        verifier(folder.path(), FIXED),
        Err(KeySetError::Unusable(_))
    ));
}
