//! Tests of GT keys: which one goes out, rotation, and that nothing prints them.

use signalbox_gate::{Digest, NoCredential, Use, gt_routes};
use signalbox_policy::Purpose;

use super::*;
use crate::auth::keys::Keys;
use crate::config::{KeyLimits, KeySource};
use signalbox_gate::keyring::{Key, Keyring};

fn given(text: &str) -> CredentialSource {
    CredentialSource::Given(Secret::read(text).unwrap())
}

fn all() -> CredentialFiles {
    let names = ["inference", "upload", "conversation", "other"];
    let sources = names.map(|name| (name.to_owned(), given(&format!("gtak_{name}"))));
    CredentialFiles::load(&BTreeMap::from(sources)).unwrap()
}

fn key(purposes: &str, more: &str) -> Arc<Key> {
    let sha256 = Digest::of("t");
    let text = format!(
        "keys: [{{id: a, sha256: '{sha256}', purposes: [{purposes}], scopes: [], models: all{more}}}]"
    );
    Arc::clone(Keyring::parse(&text).unwrap().key("a").unwrap())
}

fn keys(text: &str, credentials: &CredentialFiles) -> Keys {
    let source = KeySource::Text(text.to_owned());
    Keys::load(
        &source,
        KeyLimits::default(),
        Arc::clone(credentials.current()),
    )
    .unwrap()
}

fn sent(credentials: &CredentialFiles, key: &Key, asked: Use) -> Result<String, NoCredential> {
    let (_, secret) = credentials.current().for_request(key, asked)?;
    Ok(secret.authorization().to_str().unwrap().to_owned())
}

#[test]
fn the_route_and_the_keys_purposes_say_which_gt_key_goes_out() {
    let credentials = all();
    let purpose = |purpose| Err(NoCredential::Purpose(purpose));
    let to = |name: &str| Ok(format!("Bearer gtak_{name}"));
    let (upload, conversation) = (Purpose::Upload, Purpose::Conversation);
    for (purposes, template, in_conversation, expected) in [
        ("inference", "/v1/models", false, to("inference")),
        ("inference", "/v1/chat/completions", false, to("inference")),
        (
            "inference",
            "/v1/chat/completions",
            true,
            purpose(conversation),
        ),
        ("inference", "/v1/embeddings", false, to("inference")),
        ("inference", "/v1/audio/speech", false, to("inference")),
        (
            "inference",
            "/v1/images/generations",
            false,
            to("inference"),
        ),
        (
            "inference",
            "/v1/datasets/{id}/files",
            false,
            purpose(upload),
        ),
        (
            "inference",
            "/v1/conversations",
            false,
            purpose(conversation),
        ),
        (
            "inference",
            "/v1/conversations/files",
            true,
            purpose(conversation),
        ),
        ("inference", "/v1/files/{id}", false, purpose(upload)),
        ("upload", "/v1/datasets/{id}/files", false, to("upload")),
        (
            "upload",
            "/v1/datasets/{id}/files",
            true,
            purpose(conversation),
        ),
        ("upload", "/v1/files/{id}", false, to("upload")),
        (
            "upload",
            "/v1/conversations/files",
            false,
            purpose(conversation),
        ),
        (
            "upload",
            "/v1/conversations/files",
            false,
            purpose(conversation),
        ),
        (
            "conversation",
            "/v1/chat/completions",
            false,
            to("inference"),
        ),
        (
            "conversation",
            "/v1/chat/completions",
            true,
            to("conversation"),
        ),
        (
            "conversation",
            "/v1/conversations",
            false,
            to("conversation"),
        ),
        (
            "conversation",
            "/v1/conversations/files",
            true,
            to("conversation"),
        ),
        ("conversation", "/v1/files/{id}", false, to("conversation")),
        (
            "conversation",
            "/v1/datasets/{id}/files",
            false,
            purpose(upload),
        ),
        (
            "upload, conversation",
            "/v1/files/{id}",
            false,
            to("conversation"),
        ),
        (
            "upload, conversation",
            "/v1/datasets/{id}/files",
            false,
            to("upload"),
        ),
    ] {
        let path = template.replace("{id}", "a");
        let table = gt_routes::shipped();
        let route = ["GET", "POST"].map(|method| table.find(method, &path));
        let asked = Use {
            purposes: route.into_iter().flatten().next().unwrap().purposes,
            in_conversation,
        };
        let key = key(purposes, "");
        assert_eq!(
            sent(&credentials, &key, asked),
            expected,
            "{purposes} {asked:?}"
        );
    }
}

#[test]
fn a_key_may_name_another_gt_key_and_a_missing_one_is_told() {
    let asked = Use {
        purposes: [Purpose::Inference].into_iter().collect(),
        in_conversation: false,
    };
    let named = key("inference", ", credentials: {inference: other}");
    assert_eq!(sent(&all(), &named, asked).unwrap(), "Bearer gtak_other");
    let none = CredentialFiles::load(&BTreeMap::new()).unwrap();
    let missing = Err(NoCredential::Missing(Purpose::Inference));
    assert_eq!(sent(&none, &named, asked), missing);
}

#[test]
fn a_changed_file_takes_effect_and_a_broken_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gt");
    let put = |text: &str| {
        let next = folder.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, &path).unwrap();
    };
    put("  gtak_one\r\n");
    let source = BTreeMap::from([("inference".to_owned(), CredentialSource::File(path.clone()))]);
    let credentials = CredentialFiles::load(&source).unwrap();
    let key = key("inference", "");
    let keys = keys("keys: []", &credentials);
    let asked = Use {
        purposes: [Purpose::Inference].into_iter().collect(),
        in_conversation: false,
    };
    let (_, before) = credentials.current().for_request(&key, asked).unwrap();
    assert_eq!(before.authorization(), "Bearer gtak_one");
    let identity = credentials.current().identity("inference");
    put("gtak_two\n");
    assert!(credentials.poll(&keys).is_empty());
    assert!(matches!(&credentials.poll(&keys)[..], [(name, Ok(()))] if name == "inference"));
    assert_eq!(sent(&credentials, &key, asked).unwrap(), "Bearer gtak_two");
    assert_ne!(credentials.current().identity("inference"), identity);
    assert_eq!(
        before.authorization(),
        "Bearer gtak_one",
        "who took one keeps it"
    );
    for broken in [
        "",
        " \n",
        "gtak_a gtak_b",
        "gtak_a\ngtak_b",
        "gtak_\u{e4}",
        "gtak_\u{0}",
    ] {
        put(broken);
        assert!(credentials.poll(&keys).is_empty());
        let outcome = credentials.poll(&keys);
        assert!(
            matches!(&outcome[..], [(_, Err(error))] if !format!("{error:?}").contains("gtak_"))
        );
        assert_eq!(
            sent(&credentials, &key, asked).unwrap(),
            "Bearer gtak_two",
            "{broken:?}"
        );
    }
    std::fs::remove_file(&path).unwrap();
    assert!(credentials.reload(&keys)[0].1.is_err());
    put("gtak_three");
    assert!(credentials.reload(&keys)[0].1.is_ok());
    assert_eq!(
        sent(&credentials, &key, asked).unwrap(),
        "Bearer gtak_three"
    );
}

#[test]
fn a_gt_key_that_strangers_would_share_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let next = folder.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, folder.path().join(name)).unwrap();
    };
    let file = |name: &str| {
        put(name, &format!("gtak_{name}"));
        (
            name.to_owned(),
            CredentialSource::File(folder.path().join(name)),
        )
    };
    let sources = BTreeMap::from([file("ours"), file("theirs")]);
    let credentials = CredentialFiles::load(&sources).unwrap();
    let entry = |id: &str| {
        let sha256 = Digest::of(id);
        format!(
            "  - {{id: {id}, sha256: '{sha256}', group: {id}, purposes: [conversation], scopes: [], \
             models: all, credentials: {{conversation: {id}}}}}\n"
        )
    };
    let keys = keys(
        &format!("keys:\n{}{}", entry("ours"), entry("theirs")),
        &credentials,
    );
    let identity = |name| credentials.current().identity(name);
    let before = (identity("ours"), identity("theirs"));
    put("ours", "gtak_theirs");
    let refused = credentials.reload(&keys);
    let shared = |outcome: &Read| matches!(&outcome.1, Err(error) if matches!(error.problem, CredentialProblem::Shared(_)));
    assert!(
        refused
            .iter()
            .any(|outcome| outcome.0 == "ours" && shared(outcome)),
        "{refused:?}"
    );
    assert_eq!((identity("ours"), identity("theirs")), before);
    assert!(credentials.poll(&keys).is_empty(), "it is told once");
    // They change places: what waits is taken over together with what makes it right.
    put("theirs", "gtak_ours");
    credentials.poll(&keys);
    let taken = credentials.poll(&keys);
    assert_eq!(taken.len(), 2, "{taken:?}");
    assert_eq!((identity("theirs"), identity("ours")), before);
}

#[test]
fn only_gt_keys_that_strangers_would_share_are_kept_back() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let names = ["a", "b", "c", "d"];
    let sources = names.map(|name| {
        put(name, &format!("gtak_{name}"));
        let source = CredentialSource::File(folder.path().join(name));
        (name.to_owned(), source)
    });
    let credentials = CredentialFiles::load(&BTreeMap::from(sources)).unwrap();
    let entry = |id: &str| {
        let sha256 = Digest::of(id);
        format!(
            "  - {{id: {id}, sha256: '{sha256}', group: {id}, purposes: [conversation], scopes: [], \
             models: all, credentials: {{conversation: {id}}}}}\n"
        )
    };
    let keys = keys(
        &format!("keys:\n{}", names.map(entry).concat()),
        &credentials,
    );
    let identity = |name| credentials.current().identity(name);
    let [a, b, c, d] = names.map(identity);
    let refused = |outcomes: Vec<Read>| {
        let refused = outcomes.into_iter().filter(|outcome| outcome.1.is_err());
        refused.map(|outcome| outcome.0).collect::<Vec<_>>()
    };
    // Two change places, and a third would be the fourth's.
    for (name, text) in [("a", "gtak_b"), ("b", "gtak_a"), ("c", "gtak_d")] {
        put(name, text);
    }
    assert_eq!(refused(credentials.reload(&keys)), ["c"]);
    assert_eq!(names.map(identity), [b, a, c, d]);
    // Who is kept back has what it had: nobody else may have that now.
    put("a", "gtak_c");
    assert_eq!(refused(credentials.reload(&keys)), ["a", "c"]);
    assert_eq!(names.map(identity), [b, a, c, d]);
    put("d", "gtak_new");
    assert_eq!(refused(credentials.reload(&keys)), [""; 0]);
    assert_eq!(names.map(identity)[..3], [c, a, d]);
}

#[test]
fn what_is_not_there_stops_the_start() {
    let sources = [
        CredentialSource::File("/nowhere/gt".into()),
        CredentialSource::Env("SIGNALBOX_TEST_VARIABLE_THAT_IS_NOT_SET".to_owned()),
    ];
    for source in sources {
        let sources = BTreeMap::from([("upload".to_owned(), source)]);
        let error = CredentialFiles::load(&sources).unwrap_err();
        assert_eq!(error.to_string(), "credential `upload` cannot be used");
    }
    let set = BTreeMap::from([(
        "x".to_owned(),
        CredentialSource::Env("CARGO_PKG_NAME".to_owned()),
    )]);
    assert!(CredentialFiles::load(&set).is_ok(), "cargo sets this one");
}

#[test]
fn nothing_prints_a_gt_key() {
    let credentials = all();
    let asked = Use {
        purposes: [Purpose::Inference].into_iter().collect(),
        in_conversation: false,
    };
    let key = key("inference", "");
    let (_, secret) = credentials.current().for_request(&key, asked).unwrap();
    let header = secret.authorization();
    for text in [
        format!("{credentials:?}"),
        format!("{secret:?}"),
        format!("{header:?}"),
    ] {
        assert!(!text.contains("gtak_"), "{text}");
    }
    assert_eq!(format!("{:?}", given("gtak_x")), "Given(Secret(…))");
}

#[test]
fn equal_gt_keys_have_one_identity() {
    let same = BTreeMap::from([
        ("a".to_owned(), given("gtak_x")),
        ("b".to_owned(), given(" gtak_x ")),
        ("c".to_owned(), given("gtak_y")),
    ]);
    let credentials = CredentialFiles::load(&same).unwrap();
    assert_eq!(
        credentials.current().identity("a"),
        credentials.current().identity("b")
    );
    assert_ne!(
        credentials.current().identity("a"),
        credentials.current().identity("c")
    );
    assert_eq!(credentials.current().identity("d"), None);
    assert_eq!(
        credentials.current().names().collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
}
