//! Uploads into datasets and conversations, and their status.

use serde_json::{Value, json};
use signalbox_gt_sim::{Key, Scope};

use crate::harness::{Ask, Sim, refused, tenant};

const DATASET: &str = "/v1/datasets/reference-briefs/files";

fn upload(key: &str, path: &str, name: &str) -> Ask<'static> {
    Ask::new("POST", path)
        .key(key)
        .form(&[], Some((name, b"abc")))
}

async fn statuses(sim: &mut Sim, key: &str, paths: &[String]) -> Vec<Value> {
    let mut statuses = Vec::new();
    for path in paths {
        statuses.push(sim.get(key, path).await.ok()["status"].clone());
    }
    statuses
}

#[tokio::test]
async fn an_upload_is_processing_for_two_polls_and_then_ready() {
    let mut sim = Sim::start().await;
    let mut file = sim.send(upload("gtak_u", DATASET, "brief.pdf")).await.ok();
    let id = file["id"].as_str().unwrap().to_owned();
    let mut expected = json!({
        "id": id, "object": "file", "filename": "brief.pdf", "bytes": 3, "status": "processing", "created_at": null,
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
    assert!(file["created_at"].take().is_u64());
    assert_eq!(file, expected);
    let (files, uploads) = (format!("/v1/files/{id}"), format!("/v1/uploads/{id}"));
    let polled = statuses(&mut sim, "gtak_u", &[files.clone(), uploads, files.clone()]).await;
    assert_eq!(polled, ["processing", "processing", "ready"]);
    let mut last = sim.get("gtak_u", &files).await.ok();
    last["created_at"].take();
    expected["status"] = json!("ready");
    assert_eq!(last, expected);
}

#[tokio::test]
async fn a_file_named_to_fail_fails() {
    let mut sim = Sim::with(tenant().polls_until_ready(0)).await;
    for (name, expected) in [("will-fail.pdf", "failed"), ("fine.pdf", "ready")] {
        let id = sim.send(upload("gtak_u", DATASET, name)).await.ok()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            statuses(&mut sim, "gtak_u", &[format!("/v1/files/{id}")]).await,
            [expected]
        );
    }
}

#[tokio::test]
async fn status_is_for_the_key_that_uploaded() {
    let mut sim = Sim::start().await;
    let id = sim.send(upload("gtak_c", DATASET, "a")).await.ok()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (key, id) in [
        ("gtak_u", id.as_str()),
        ("gtak_i", id.as_str()),
        ("gtak_c", "file_unknown"),
    ] {
        for path in ["files", "uploads"] {
            let answer = sim.get(key, &format!("/v1/{path}/{id}")).await;
            assert_eq!(answer.refusal(), refused(404, "file_not_found", None));
        }
    }
    assert_eq!(
        sim.get("gtak_c", &format!("/v1/files/{id}")).await.ok()["status"],
        "processing"
    );
}

#[tokio::test]
async fn a_dataset_upload_needs_purpose_scope_target_and_dataset() {
    let narrow = Key::upload("narrow", "gtak_w").datasets(["reference-briefs"]);
    let astray = Key::upload("astray", "gtak_s")
        .scopes([Scope::DatasetsWrite])
        .datasets(["gone"]);
    let wrong = Key::inference("wrong", "gtak_x")
        .scopes([Scope::DatasetsWrite])
        .datasets(["reference-briefs"]);
    let mut sim = Sim::with(tenant().key(narrow).key(astray).key(wrong)).await;
    for (key, path, expected) in [
        ("gtak_x", DATASET, refused(403, "purpose_not_allowed", None)),
        ("gtak_w", DATASET, refused(403, "missing_scope", None)),
        ("gtak_s", DATASET, refused(403, "dataset_not_allowed", None)),
        (
            "gtak_u",
            "/v1/datasets/other/files",
            refused(403, "dataset_not_allowed", None),
        ),
        (
            "gtak_s",
            "/v1/datasets/gone/files",
            refused(404, "dataset_not_found", None),
        ),
    ] {
        assert_eq!(
            sim.send(upload(key, path, "a")).await.refusal(),
            expected,
            "{key} {path}"
        );
    }
}

#[tokio::test]
async fn an_upload_is_one_file_in_a_form() {
    let mut sim = Sim::start().await;
    let ask = || Ask::new("POST", DATASET).key("gtak_u");
    let none = sim.send(ask().form(&[("note", "x")], None)).await;
    assert_eq!(none.refusal(), refused(400, "invalid_value", Some("file")));
    let json = sim.send(ask().json(&json!({}))).await;
    assert_eq!(json.refusal(), refused(415, "unsupported_media_type", None));
    let cut = sim
        .send(ask().body("multipart/form-data; boundary=x", "--x\r\n"))
        .await;
    assert_eq!(cut.refusal(), refused(400, "invalid_body", None));
}

async fn conversation(sim: &mut Sim, key: &str) -> String {
    let answer = sim
        .post(key, "/v1/conversations", json!({"model": "support-agent"}))
        .await;
    answer.header("x-gt-conversation-id").to_owned()
}

fn into_conversation(key: &str, id: &str) -> Ask<'static> {
    upload(key, "/v1/conversations/files", "a.txt").header("x-gt-conversation-id", id)
}

#[tokio::test]
async fn a_conversation_takes_files_from_a_key_that_may() {
    let own = Key::inference("own", "gtak_o")
        .agent_aliases(["support-agent"])
        .conversation_uploads();
    let unlinked = Key::conversation("half", "gtak_h").linked_to(["inference"]);
    let mut sim = Sim::with(tenant().key(own).key(unlinked)).await;
    for key in ["gtak_c", "gtak_o"] {
        let id = conversation(&mut sim, key).await;
        let file = sim.send(into_conversation(key, &id)).await.ok();
        let path = format!("/v1/files/{}", file["id"].as_str().unwrap());
        assert_eq!(sim.get(key, &path).await.ok()["status"], "processing");
    }
    for key in ["gtak_h", "gtak_i"] {
        let id = conversation(&mut sim, key).await;
        let answer = sim.send(into_conversation(key, &id)).await;
        assert_eq!(
            answer.refusal(),
            refused(403, "conversation_uploads_not_allowed", None)
        );
    }
}

#[tokio::test]
async fn a_conversation_upload_needs_the_header_and_an_own_conversation() {
    let mut sim = Sim::start().await;
    let headless = sim
        .send(upload("gtak_c", "/v1/conversations/files", "a"))
        .await;
    assert_eq!(
        headless.refusal(),
        refused(400, "missing_conversation", None)
    );
    let others = conversation(&mut sim, "gtak_i").await;
    for id in ["conv_unknown", &others] {
        let answer = sim.send(into_conversation("gtak_c", id)).await;
        assert_eq!(
            answer.refusal(),
            refused(404, "conversation_not_found", None)
        );
    }
}
