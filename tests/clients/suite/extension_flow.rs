//! GT's own routes as an application uses them: a conversation, a file for it, its status, chat with
//! the header; and a file for a dataset. By the examples of the documentation, in Python and in
//! JavaScript, with keys of each purpose; and what an application reads that does it wrong.

use serde_json::json;
use signalbox_gt_sim::{Key, Tenant};
use signalbox_harness::{
    clients,
    gate::{DEMO, DEMO_ALL, DEMO_UPLOAD, GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD, Gate, Setup},
    http::Ask,
    root,
};

/// The demo's gate, and a key that shares nothing with the demo's: another application, with a GT
/// key of its own for its conversations.
fn gate() -> Gate {
    let tenant = Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION)
        .key(Key::conversation("other", "gtak_upstream_other").linked_to(["inference", "upload"]));
    Setup::demo()
        .tenant(tenant)
        .credential("other-conversation", "gtak_upstream_other")
        .key(
            "other",
            OTHER,
            "policy: full, preset: conversation-uploads, models: all, \
             credentials: {conversation: other-conversation}",
        )
        .start()
}

/// An example at a gate, with a key.
fn example(gate: &Gate, name: &str, key: &str, args: &[&str]) -> Result<String, String> {
    let base = gate.base();
    let told = [
        ("GT_API_BASE_URL", &*base),
        ("GT_API_KEY", key),
        ("GT_POLL_SECONDS", "0.01"),
    ];
    clients::example(name, args, &told)
}

#[test]
fn a_file_is_asked_about_in_its_conversation() {
    let gate = gate();
    let file = root().join("docs/configuration.md");
    let file = file.to_string_lossy();
    for (name, key, gt_key) in [
        ("extensions.py", DEMO_ALL, "conversation"),
        ("extensions.mjs", DEMO_ALL, "conversation"),
        ("extensions.py", OTHER, "other"),
    ] {
        let before = gate.gt().requests().len();
        let begun = ["conversation", &file, "What does it say?"];
        let printed = example(&gate, name, key, &begun).expect("it passes");
        let [ready, answer] = lines(&printed);
        let (_, status) = ready.split_once(": ").expect("a file and its status");
        assert_eq!(status, "ready", "{printed}");
        let (conversation, said) = answer.split_once(": ").expect("an id and an answer");
        assert!(
            said.starts_with("You said: What does it say? (turn 1"),
            "{printed}"
        );

        let again = ["continue", conversation, "And then?"];
        let printed = example(&gate, name, key, &again).expect("it passes");
        assert!(printed.contains("You said: And then? (turn 2"), "{printed}");
        check_asked(&gate, before, gt_key);
    }
}

/// From this request on GT saw documented paths alone, all of them with the GT key for it, the file
/// whole, and the published name in place of the client's.
fn check_asked(gate: &Gate, before: usize, gt_key: &str) {
    let requests = gate.gt().requests().split_off(before);
    assert!(
        requests
            .iter()
            .all(|request| request.key.as_deref() == Some(gt_key)),
        "{requests:?}"
    );
    let mut paths: Vec<_> = requests.iter().map(|request| &*request.target).collect();
    paths.dedup();
    let [begun, uploaded, polled, asked] = paths[..] else {
        panic!("four steps: {paths:?}")
    };
    assert_eq!(begun, "/api/tenant/v1/conversations");
    assert_eq!(uploaded, "/api/tenant/v1/conversations/files");
    assert!(polled.starts_with("/api/tenant/v1/files/file_"), "{polled}");
    assert_eq!(asked, "/api/tenant/v1/chat/completions");
}

#[test]
fn a_file_goes_into_a_dataset() {
    let gate = gate();
    let file = root().join("docs/configuration.md");
    let file = file.to_string_lossy();
    for name in EXAMPLES {
        let allowed = ["dataset", "reference-briefs", &file];
        for key in [DEMO_UPLOAD, DEMO_ALL] {
            let printed = example(&gate, name, key, &allowed).expect("it passes");
            let [ready] = lines(&printed);
            assert!(ready.ends_with(": ready"), "{printed}");
        }
        let refused = |key: &str, dataset: &str| {
            example(&gate, name, key, &["dataset", dataset, &file]).expect_err("it is refused")
        };
        assert_eq!(
            refused(DEMO_UPLOAD, "payroll").trim(),
            "403 dataset_not_allowed: The dataset `payroll` is not on this key. Use a key that \
             names it as a target."
        );
        let no_purpose = refused(OTHER, "reference-briefs");
        assert!(
            no_purpose.starts_with("403 purpose_not_allowed: "),
            "{no_purpose}"
        );
    }
    let uploads = gate.gt().requests();
    let uploads = uploads.iter().filter(|request| request.method == "POST");
    assert_eq!(uploads.count(), 4, "what is refused does not reach GT");
}

#[test]
fn a_file_that_gt_cannot_process_is_told() {
    let gate = gate();
    let folder = tempfile::tempdir().expect("room for a temporary folder");
    let file = folder.path().join("to-fail.txt");
    std::fs::write(&file, "no matter what").expect("our folder takes a file");
    for name in EXAMPLES {
        let args = ["conversation", &file.to_string_lossy(), "?"];
        let said = example(&gate, name, DEMO_ALL, &args).expect_err("it fails");
        assert_eq!(said.trim(), "GT could not process the file");
    }
}

#[test]
fn what_one_application_begins_is_closed_to_another() {
    let gate = gate();
    let body = json!({"model": "gpt-4o", "title": "mine"}).to_string();
    let begun = gate.ask(&Ask::json("/v1/conversations", body).key(DEMO_ALL));
    let conversation = begun.header(CONVERSATION).expect("an id").to_owned();
    let uploaded = gate.ask(&upload().key(DEMO_ALL).header(CONVERSATION, &conversation));
    assert_eq!(uploaded.status, 200, "{}", uploaded.text());
    let file = uploaded.json()["id"].as_str().expect("an id").to_owned();

    for name in EXAMPLES {
        let said = example(&gate, name, OTHER, &["continue", &conversation, "hi"]);
        let said = said.expect_err("it is refused");
        assert!(said.starts_with("404 conversation_not_found: "), "{said}");
    }
    let theirs = upload().key(OTHER).header(CONVERSATION, &conversation);
    let refused = |code: &str, status| (status, code.to_owned());
    assert_eq!(
        gate.ask(&theirs).refusal(),
        refused("conversation_not_found", 404)
    );
    for path in [format!("/v1/files/{file}"), format!("/v1/uploads/{file}")] {
        let status = |key: &str| gate.ask(&Ask::get(&path).key(key)).refusal();
        assert_eq!(status(DEMO_ALL), (200, String::new()));
        assert_eq!(status(OTHER), refused("file_not_found", 404));
    }
    // A key without the purpose is refused before GT is asked: the header is never just left out.
    let before = gate.gt().requests().len();
    let chat = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]});
    let chat =
        Ask::json("/v1/chat/completions", chat.to_string()).header(CONVERSATION, &conversation);
    assert_eq!(
        gate.ask(&chat.key(DEMO)).refusal(),
        refused("conversation_not_allowed", 403)
    );
    assert_eq!(gate.gt().requests().len(), before);
}

#[test]
fn an_upload_without_its_conversation_is_told_what_is_missing() {
    let gate = gate();
    let answer = gate.ask(&upload().key(DEMO_ALL));
    assert_eq!(answer.refusal(), (400, "missing_conversation".to_owned()));
    let message = answer.json()["error"]["message"].to_string();
    assert!(message.contains("`x-gt-conversation-id`"), "{message}");
    assert!(gate.gt().requests().is_empty());
}

/// A small file for a conversation.
fn upload() -> Ask {
    Ask::new("POST", "/v1/conversations/files")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhi\r\n--b--\r\n",
        )
}

fn lines<const N: usize>(printed: &str) -> [&str; N] {
    let lines: Vec<_> = printed.lines().collect();
    lines
        .try_into()
        .unwrap_or_else(|lines| panic!("{N} lines: {lines:?}"))
}

const EXAMPLES: [&str; 2] = ["extensions.py", "extensions.mjs"];
const OTHER: &str = "gtak_other";
const CONVERSATION: &str = "x-gt-conversation-id";
