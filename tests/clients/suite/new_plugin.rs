//! What `signalbox new plugin` writes builds, passes its tests and its cases, and serves, at the first try; and so does the
//! example of a wrapper.

use std::{fs, os::unix::fs::symlink, path::Path};

use signalbox_harness::{
    command::binary,
    demo::{Demo, shell},
    http::{Answer, Ask},
    root,
};

/// Tests and builds a folder, and swaps what it makes into a demo.
fn tried(folder: &Path, kept: &str) -> Demo {
    // What it builds is kept for the next run.
    let built = binary().with_file_name(kept);
    fs::create_dir_all(&built).expect("the target folder takes folders");
    symlink(built, folder.join("target")).expect("a link in our folder");
    let demo = Demo::start();
    let commands = "sh test.sh
        sh build.sh
        signalbox test plugin.wasm 1>&2
        signalbox swap litellm=plugin.wasm 1>&2";
    let printed = demo.run_in(folder, commands);
    assert!(printed.contains("test result: ok."), "{printed}");
    demo
}

fn chat(demo: &Demo, model: &str) -> Answer {
    let body = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}]}}"#);
    Ask::json("/v1/chat/completions", body)
        .key("gtak_demo")
        .send(demo.host.parse().expect("an address"))
}

#[test]
fn a_new_plugin_in_rust_serves_at_the_first_try() {
    let folder = tempfile::tempdir().expect("room for a temporary folder");
    let _path = shell(
        folder.path(),
        "signalbox new plugin --lang rust team-budget",
    )
    .output();
    let demo = tried(&folder.path().join("team-budget"), "new-plugin");
    assert_eq!(chat(&demo, "small").json()["model"], "small");
    assert_eq!(
        chat(&demo, "large").refusal(),
        (404, "model_not_found".to_owned())
    );
}

#[test]
fn the_example_of_a_wrapper_serves_before_its_document() {
    let folder = tempfile::tempdir().expect("room for a temporary folder");
    let example = root().join("plugins/examples/rust-wrapper");
    for name in [
        "Cargo.lock",
        "Cargo.toml",
        "build.sh",
        "cases.yaml",
        "policy.yaml",
        "src",
        "test.sh",
        "wit",
    ] {
        symlink(example.join(name), folder.path().join(name)).expect("a link in our folder");
    }
    let demo = tried(folder.path(), "example-wrapper");
    assert_eq!(chat(&demo, "gpt-4o").json()["model"], "gpt-4o");
    assert_eq!(
        chat(&demo, "gpt-5").refusal(),
        (404, "model_not_found".to_owned())
    );
}

#[test]
fn the_wrapper_is_built_for_the_contract_that_is_committed() {
    for name in ["policy.wit", "wrapper.wit"] {
        let committed = fs::read(root().join("wit/0.2.0").join(name)).expect("the contract");
        let copy = root().join("plugins/examples/rust-wrapper/wit").join(name);
        assert!(fs::read(copy).expect("its copy") == committed, "{name}");
    }
}
