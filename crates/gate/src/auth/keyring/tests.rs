//! Tests of the keyring: what is taken, what opens nothing, and what may not be shared.

use std::fmt::Write as _;
use std::time::Duration;

use signalbox_policy::{Names, Purposes};

use super::*;

/// An entry with these fields, for the token `gtak_` and its id.
fn entry(id: &str, fields: &str) -> String {
    let sha256 = Digest::of(&format!("gtak_{id}"));
    format!("  - {{id: {id}, sha256: '{sha256}', {fields}}}\n")
}

fn keyring(entries: &[String]) -> Result<Keyring, KeyringError> {
    Keyring::parse(&format!("keys:\n{}", entries.concat()))
}

fn one(fields: &str) -> Result<Keyring, KeyringError> {
    keyring(&[entry("a", fields)])
}

fn problem(result: Result<Keyring, KeyringError>) -> (String, KeyProblem) {
    match result.unwrap_err() {
        KeyringError::Entry { field, problem, .. } => (field, problem),
        other => panic!("{other:?}"),
    }
}

const CHAT: &str = "preset: chat-client, models: all";

#[test]
fn the_entry_of_the_design_is_read() {
    let sha256 = Digest::of("gtak_x");
    let keyring = Keyring::parse(&format!(
        "
keys:
  - id: litellm-prod
    sha256: \"{sha256}\"
    policy: default
    preset: chat-embeddings
    models: all
    datasets: []
    limits: {{per_minute: 600, concurrent: 64, streams: 32, body_mb: 32}}
    expires: 2027-06-30T00:00:00Z
    labels: {{team: search}}
"
    ))
    .unwrap();
    let key = keyring.lookup("gtak_x").unwrap();
    assert_eq!(
        *key.caller,
        Caller {
            id: "litellm-prod".to_owned(),
            purposes: Purposes::from_iter([Purpose::Inference]),
            scopes: vec!["inference:chat".to_owned(), "inference:embed".to_owned()],
            labels: vec![("team".to_owned(), "search".to_owned())],
            models: Names::All,
            published: Names::All,
            datasets: Names::NONE,
        }
    );
    assert_eq!((&*key.policy, key.revoked), ("default", false));
    assert_eq!(key.limits.per_minute.map(|n| n.get()), Some(600));
    assert_eq!(key.expires, Some("2027-06-30T00:00:00Z".parse().unwrap()));
    assert!(keyring.lookup("gtak_y").is_none() && keyring.lookup("").is_none());
    assert!(
        keyring.lookup(&sha256.to_string()).is_none(),
        "the digest is not the token"
    );
}

#[test]
fn what_is_left_out_opens_nothing() {
    let keyring = one("purposes: [upload], scopes: [], models: []").unwrap();
    let key = keyring.key("a").unwrap();
    assert_eq!(
        (&key.caller.models, &key.caller.datasets),
        (&Names::NONE, &Names::NONE)
    );
    assert!(key.caller.scopes.is_empty());
    assert_eq!(key.limits, KeyLimits::default());
    assert_eq!(key.policy, "default");
    assert!(Keyring::parse("keys: []").unwrap().is_empty());
}

#[test]
fn blank_null_and_missing_entries_are_errors() {
    for fields in [
        "",
        "preset: chat-client",
        "preset: chat-client, models: ",
        "preset: chat-client, models: null",
        "preset: chat-client, models: ''",
        "preset: chat-client, models: everything",
        "preset: chat-client, models: All",
        "preset: chat-client, models: true",
        "preset: chat-client, models: {a: b}",
        "preset: chat-client, models: [null]",
        "preset: chat-client, models: [a, [b]]",
        "preset: , models: all",
        "models: all, scopes: null, purposes: [inference]",
        "models: all, scopes: [inference:chat], purposes: null",
        "preset: chat-client, models: all, datasets: null",
        "preset: chat-client, models: all, published: ",
        "preset: chat-client, models: all, limits: null",
        "preset: chat-client, models: all, limits: {per_minute: }",
        "preset: chat-client, models: all, expires: null",
        "preset: chat-client, models: all, expires: ",
        "preset: chat-client, models: all, group: null",
        "preset: chat-client, models: all, policy: ",
        "preset: chat-client, models: all, revoked: null",
        "preset: chat-client, models: all, revoked: no",
        "preset: chat-client, models: all, credentials: null",
        "preset: chat-client, models: all, unknown: 1",
        "preset: chat-client, models: all, models: all",
    ] {
        let error = one(fields).unwrap_err();
        assert!(
            matches!(error, KeyringError::Syntax(_)),
            "{fields}: {error:?}"
        );
    }
    for text in [
        "",
        "{}",
        "keys:",
        "keys: null",
        "keys: [null]",
        "keys: {}",
        "- a",
    ] {
        assert!(Keyring::parse(text).is_err(), "{text}");
    }
}

#[test]
fn fields_that_cannot_be_used_are_named() {
    for (fields, field, expected) in [
        ("models: all", "preset", KeyProblem::NoScopes),
        (
            "models: all, scopes: [inference:chat]",
            "preset",
            KeyProblem::NoScopes,
        ),
        (
            "models: all, purposes: [inference]",
            "preset",
            KeyProblem::NoScopes,
        ),
        (
            "preset: chat-client, scopes: [], models: all",
            "preset",
            KeyProblem::PresetAndMore,
        ),
        (
            "preset: chat-client, purposes: [upload], models: all",
            "preset",
            KeyProblem::PresetAndMore,
        ),
        (
            "purposes: [], scopes: [], models: all",
            "purposes",
            KeyProblem::NoPurpose,
        ),
        (
            "purposes: [admin], scopes: [], models: all",
            "purposes",
            KeyProblem::Purpose,
        ),
        (
            "purposes: [upload, upload], scopes: [], models: all",
            "purposes",
            KeyProblem::Twice,
        ),
        (
            "purposes: [upload], scopes: [''], models: all",
            "scopes",
            KeyProblem::Scope,
        ),
        (
            "purposes: [upload], scopes: ['*'], models: all",
            "scopes",
            KeyProblem::Scope,
        ),
        (
            "purposes: [upload], scopes: [a, a], models: all",
            "scopes",
            KeyProblem::Twice,
        ),
        (
            "preset: chat-client, models: ['']",
            "models",
            KeyProblem::Name,
        ),
        (
            "preset: chat-client, models: [' ']",
            "models",
            KeyProblem::Name,
        ),
        (
            "preset: chat-client, models: ['*']",
            "models",
            KeyProblem::Star,
        ),
        (
            "preset: chat-client, models: ['a*b']",
            "models",
            KeyProblem::Name,
        ),
        (
            "preset: chat-client, models: ['a**']",
            "models",
            KeyProblem::Name,
        ),
        (
            "preset: chat-client, models: all, published: ['*']",
            "published",
            KeyProblem::Star,
        ),
        (
            "preset: chat-client, models: all, datasets: ['']",
            "datasets",
            KeyProblem::Name,
        ),
        (
            "preset: chat-client, models: all, expires: soon",
            "expires",
            KeyProblem::Time,
        ),
        (
            "preset: chat-client, models: all, expires: 2027-06-30",
            "expires",
            KeyProblem::Time,
        ),
        (
            "preset: chat-client, models: all, policy: ''",
            "policy",
            KeyProblem::Word,
        ),
        (
            "preset: chat-client, models: all, group: ''",
            "group",
            KeyProblem::Word,
        ),
        (
            "preset: chat-client, models: all, labels: {'a b': c}",
            "labels",
            KeyProblem::Word,
        ),
        (
            "preset: chat-client, models: all, labels: {a: \"b\\n\"}",
            "labels",
            KeyProblem::Label,
        ),
        (
            "preset: chat-client, models: all, credentials: {upload: x}",
            "credentials.upload",
            KeyProblem::IdleCredential,
        ),
        (
            "preset: chat-client, models: all, limits: {streams: 0}",
            "limits.streams",
            KeyProblem::Limit(crate::auth::key_limits::LimitProblem::Limit(1_000_000)),
        ),
    ] {
        assert_eq!(
            problem(one(fields)),
            (field.to_owned(), expected),
            "{fields}"
        );
    }
    assert!(matches!(
        problem(one("preset: chat, models: all")).1,
        KeyProblem::Preset { .. }
    ));
}

#[test]
fn ids_and_tokens_are_unique_and_digests_whole() {
    let sha256 = Digest::of("gtak_a");
    let named =
        |id: &str, sha256: &str| format!("  - {{id: '{id}', sha256: '{sha256}', {CHAT}}}\n");
    let same_token = keyring(&[
        entry("a", CHAT),
        named("b", &sha256.to_string().to_uppercase()),
    ]);
    assert_eq!(
        problem(same_token).1,
        KeyProblem::SameToken {
            other: "a".to_owned()
        }
    );
    assert_eq!(
        problem(keyring(&[entry("a", CHAT), named("a", &"0".repeat(64))])).1,
        KeyProblem::SameId
    );
    for sha256 in ["", "gtak_secret", &"0".repeat(63), &"g".repeat(64)] {
        let error = keyring(&[named("a", sha256)]).unwrap_err();
        assert!(!format!("{error:?}").contains("secret"));
        assert_eq!(
            problem(keyring(&[named("a", sha256)])).1,
            KeyProblem::Digest
        );
    }
    for id in ["", "a b", "gtak_secret", &"a".repeat(129)] {
        assert_eq!(
            problem(keyring(&[named(id, &"0".repeat(64))])).1,
            KeyProblem::Id
        );
    }
}

#[test]
fn presets_say_purposes_and_scopes() {
    for preset in signalbox_policy::presets::Preset::ALL {
        let keyring = one(&format!("preset: {}, models: all", preset.word)).unwrap();
        let caller = &keyring.key("a").unwrap().caller;
        assert_eq!(caller.purposes, Purposes::from_iter([preset.purpose]));
        assert_eq!(caller.scopes, preset.scopes);
    }
}

#[test]
fn expired_and_revoked_keys_are_known_but_not_valid() {
    let expiring = one(&format!("{CHAT}, expires: 2027-01-01T00:00:00+01:00")).unwrap();
    let key = expiring.lookup("gtak_a").unwrap();
    for (now, standing) in [
        ("2026-12-31T22:59:59Z", KeyStatus::Valid),
        ("2026-12-31T23:00:00Z", KeyStatus::Expired),
        ("2027-06-01T00:00:00Z", KeyStatus::Expired),
    ] {
        assert_eq!(key.status(now.parse().unwrap()), standing, "{now}");
    }
    let revoked = one(&format!("{CHAT}, revoked: true")).unwrap();
    let key = revoked.lookup("gtak_a").unwrap();
    assert_eq!(key.status(Timestamp::UNIX_EPOCH), KeyStatus::Revoked);
}

#[test]
fn strangers_share_no_gt_key_for_conversations_or_files() {
    let conversation = "preset: conversation-uploads, models: all";
    let upload = "preset: dataset-upload, models: []";
    let both = "purposes: [upload, conversation], scopes: [], models: []";
    let group = |fields: &str, group: &str| format!("{fields}, group: {group}");
    let named = |fields: &str, names: &str| format!("{fields}, credentials: {{{names}}}");
    for (a, b, is_fine) in [
        (conversation.to_owned(), CHAT.to_owned(), true),
        (conversation.to_owned(), upload.to_owned(), true),
        (conversation.to_owned(), conversation.to_owned(), false),
        (upload.to_owned(), upload.to_owned(), false),
        (both.to_owned(), upload.to_owned(), false),
        (both.to_owned(), conversation.to_owned(), false),
        (
            conversation.to_owned(),
            format!("{conversation}, revoked: true"),
            false,
        ),
        (group(conversation, "g"), group(conversation, "g"), true),
        (group(conversation, "g"), group(conversation, "h"), false),
        (group(conversation, "g"), conversation.to_owned(), false),
        (conversation.to_owned(), group(conversation, "g"), false),
        (
            named(conversation, "conversation: x"),
            conversation.to_owned(),
            true,
        ),
        (
            named(conversation, "conversation: x"),
            named(conversation, "conversation: y"),
            true,
        ),
        (
            named(conversation, "conversation: x"),
            named(conversation, "conversation: x"),
            false,
        ),
        (
            named(conversation, "conversation: x"),
            named(upload, "upload: x"),
            false,
        ),
        (
            named(upload, "upload: conversation"),
            conversation.to_owned(),
            false,
        ),
        (named(both, "upload: x"), upload.to_owned(), true),
        (
            named(conversation, "inference: x"),
            named(CHAT, "inference: x"),
            true,
        ),
    ] {
        let loaded = keyring(&[entry("a", &a), entry("b", &b)]);
        assert_eq!(loaded.is_ok(), is_fine, "{a} | {b}: {loaded:?}");
        if let Err(error) = loaded {
            let (_, problem) = problem(Err(error));
            assert!(
                matches!(problem, KeyProblem::SharedCredential { .. }),
                "{problem:?}"
            );
        }
    }
}

#[test]
fn two_names_of_one_gt_key_count_as_one() {
    let key = |id, name| {
        let fields = "preset: conversation-uploads, models: all, credentials";
        entry(id, &format!("{fields}: {{conversation: {name}}}"))
    };
    let keyring = keyring(&[key("a", "x"), key("b", "y")]).unwrap();
    let different = |name: &str| Some(Digest::of(name));
    assert!(keyring.check_credentials(&different).is_ok());
    let same = |_: &str| Some(Digest::of("one"));
    assert!(keyring.check_credentials(&same).is_err());
    let unknown = |name: &str| (name == "x").then(|| Digest::of(name));
    let error = keyring.check_credentials(&unknown).map(|()| keyring);
    assert_eq!(
        problem(error).1,
        KeyProblem::UnknownCredential {
            name: "y".to_owned()
        }
    );
}

#[test]
fn scopes_gt_does_not_document_are_warned_of() {
    let keyring =
        one("purposes: [inference], scopes: [inference:chat, inference:cat], models: all");
    assert_eq!(
        keyring.unwrap().warnings(),
        ["key `a`: GT documents no scope `inference:cat`"]
    );
}

#[test]
fn a_reload_does_not_refill_a_key() {
    let text = format!(
        "keys:\n{}",
        entry("a", &format!("{CHAT}, limits: {{per_minute: 1}}"))
    );
    let first = Keyring::parse(&text).unwrap();
    let now = Instant::now() + Duration::from_secs(1);
    drop(first.key("a").unwrap().admit(now).unwrap());
    let second = Keyring::parse_after(&text, KeyLimits::default(), &first).unwrap();
    assert!(second.key("a").unwrap().admit(now).is_err());
    assert!(
        Keyring::parse(&text)
            .unwrap()
            .key("a")
            .unwrap()
            .admit(now)
            .is_ok()
    );
}

#[test]
fn debug_shows_no_digest_in_full_and_demo_keys_are_found() {
    let keyring = keyring(&[entry("a", CHAT), entry("demo", CHAT)]).unwrap();
    let (text, digest) = (format!("{keyring:?}"), Digest::of("gtak_a").to_string());
    assert!(
        text.contains("Digest(") && !text.contains(&digest),
        "{text}"
    );
    assert_eq!(keyring.demo_key(), Some("demo"));
    assert_eq!(one(CHAT).unwrap().demo_key(), None);
}

#[test]
fn a_large_keyring_is_read_and_found() {
    let mut text = "keys:\n".to_owned();
    // More nodes than the reader allows unless it is told to.
    for n in 0..15_000 {
        let sha256 = Digest::of(&format!("gtak_{n}"));
        writeln!(
            text,
            "  - {{id: k{n}, sha256: '{sha256}', {CHAT}, labels: {{team: t}}}}"
        )
        .unwrap();
    }
    let keyring = Keyring::parse(&text).unwrap();
    assert_eq!(keyring.len(), 15_000);
    assert_eq!(keyring.lookup("gtak_14999").unwrap().caller.id, "k14999");
}
