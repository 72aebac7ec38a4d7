//! The example of a wrapper, as the page has it: copied out, tested, built, composed with a document and swapped into a demo.

use std::os::unix::fs::symlink;

use signalbox_harness::{
    demo::{Demo, shell},
    http::{Answer, Ask},
    root,
};

use crate::made::{after, kept};

fn chat(demo: &Demo, model: &str) -> Answer {
    let body = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}]}}"#);
    Ask::json("/v1/chat/completions", body)
        .key("gtak_demo")
        .send(demo.host.parse().expect("an address"))
}

#[test]
fn it_serves_before_its_document() {
    let place = tempfile::tempdir().expect("room for a temporary folder");
    symlink(root().join("plugins"), place.path().join("plugins")).expect("a link in our folder");
    let copy = "cp -r plugins/examples/rust-wrapper my-wrapper\n";
    let _nothing = shell(place.path(), copy).output();
    // Of the next run: what it builds is kept.
    let target = place.path().join("my-wrapper/target");
    if !target.exists() {
        symlink(kept("wrapper"), target).expect("a link in our folder");
    }
    let demo = Demo::start();
    let printed = demo.run_in(place.path(), &after(copy));
    for sign in [
        "test result: ok.",
        " 0 failed, 0 errors",
        "laws: 8, 0 broken",
    ] {
        assert!(printed.contains(sign), "{sign}: {printed}");
    }
    assert_eq!(chat(&demo, "gpt-4o").json()["model"], "gpt-4o");
    assert_eq!(
        chat(&demo, "gpt-5").refusal(),
        (404, "model_not_found".to_owned())
    );
}
