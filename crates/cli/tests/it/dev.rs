//! The loop of an author: build, cases, swap, and the decisions.

use std::{fs, net::SocketAddr, path::Path};

use tempfile::TempDir;

use crate::signalbox::{Serving, Stream, ask, command, run};

const POLICY: &str = r#"policy: loop
routes:
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
models:
  gpt-4o: {published: support-agent}
cases:
  - {name: chat, request: POST /v1/chat/completions, model: gpt-4o, scopes: ["inference:chat"],
     expect: {forward: POST /v1/chat/completions}}
"#;

/// A plugin whose source is a document: no tool chain is needed but this command.
fn plugin() -> TempDir {
    let folder = TempDir::new().unwrap();
    let build = "signalbox build policy.yaml -o plugin.wasm\n";
    fs::write(folder.path().join("build.sh"), build).unwrap();
    fs::write(folder.path().join("policy.yaml"), POLICY).unwrap();
    folder
}

fn dev(folder: &Path) -> Serving {
    let listen = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let mut dev = command(&["dev", "."]);
    dev.args(listen).current_dir(folder);
    Serving::of(dev, Stream::Stderr, "building")
}

fn chat(host: SocketAddr) -> u16 {
    let head = "POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer gtak_demo\r\n\
                content-type: application/json";
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}"#;
    ask(host, head, body).0
}

#[test]
fn each_change_is_built_tried_and_served() {
    let folder = plugin();
    let save = |text: &str| fs::write(folder.path().join("policy.yaml"), text).unwrap();
    let dev = dev(folder.path());
    let serving = dev.logged("serving address=");
    let (_, address) = serving.split_once("address=").unwrap();
    let host = address.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(chat(host), 200);
    let decided = dev.logged("signalbox::access");
    assert!(decided.contains(r#"outcome="forwarded""#), "{decided}");

    let renamed = POLICY.replace("gpt-4o", "gpt-5");
    save(&renamed);
    dev.logged("building");
    dev.logged("serving it");
    assert_eq!(chat(host), 404);

    // What does not build, and what fails its cases, is said and does not serve.
    save("policy: [");
    dev.logged("build.sh failed");
    dev.logged("waiting for the next change");
    save(&POLICY.replace(
        "forward: POST /v1/chat/completions",
        "refuse: unknown_route",
    ));
    dev.logged("building");
    dev.logged("waiting for the next change");
    assert_eq!(chat(host), 404);

    save(POLICY);
    dev.logged("serving it");
    assert_eq!(chat(host), 200);
    assert_eq!(dev.terminate(), Some(0));
}

/// An author who saves during the first three builds: each time it is built once more.
#[test]
fn what_is_saved_while_it_is_built_is_built_next() {
    let folder = plugin();
    let build = r#"
        cat note >> ../$NOTES
        count=$(cat note)
        if [ "$count" -lt 3 ]; then echo $((count + 1)) > note; fi
        signalbox build policy.yaml -o plugin.wasm
    "#;
    let notes = folder.path().with_extension("notes");
    let name = notes.file_name().unwrap().to_str().unwrap();
    fs::write(
        folder.path().join("build.sh"),
        build.replace("$NOTES", name),
    )
    .unwrap();
    fs::write(folder.path().join("note"), "0\n").unwrap();
    let dev = dev(folder.path());
    for _ in 0..4 {
        dev.logged("serving it");
    }
    let seen = fs::read_to_string(&notes).unwrap();
    fs::remove_file(&notes).unwrap();
    assert_eq!(seen, "0\n1\n2\n3\n");
    assert_eq!(dev.terminate(), Some(0));
}

#[test]
fn folder_without_a_build_is_a_mistake_and_so_is_an_address_of_others() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let without = run(&["dev", path]);
    assert_eq!(without.code, Some(2));
    assert!(
        without.stderr.contains("signalbox new plugin"),
        "{}",
        without.stderr
    );
    fs::write(folder.path().join("build.sh"), "").unwrap();
    let open = run(&["dev", path, "--listen", "0.0.0.0:0"]);
    assert_eq!(open.code, Some(2));
    assert!(open.stderr.contains("loopback"), "{}", open.stderr);
}
