//! What the README tells people to paste does what it says, with the real command.
//!
//! Every fenced `sh` block is run as it stands, in order, but for two things: the demo takes ports
//! that are free, so its address is put in place of the documented one; and the two commands that
//! build everything are only compared with what this very run is.

use std::fs;

use signalbox_harness::{
    command::signalbox,
    demo::{Demo, blocks, blocks_in, shell},
    process::Program,
    root,
};

#[test]
fn the_readme_runs_as_pasted() {
    let mut blocks = blocks("README.md");
    // It has a tenant of its own, and tests of its own: those of the command.
    blocks.retain(|block| !block.contains("signalbox init"));
    let (building, pasted): (Vec<_>, Vec<_>) =
        blocks.iter().partition(|block| block.starts_with("cargo "));
    assert_eq!(
        building,
        ["cargo run --profile demo -- demo\n", "cargo xtask test\n"]
    );

    let demo = Demo::start();
    let printed: Vec<_> = pasted.iter().map(|block| demo.run(block)).collect();
    let all = printed.concat();
    // The three curl lines, then LiteLLM, then the commands on files, then a swap and back.
    for sign in [
        r#""id":"gpt-4o-mini""#,
        r#""model":"gpt-4o""#,
        r#""code":"insufficient_scope""#,
        "ModelResponse(",
        "POST /v1/chat/completions",
        "litellm: generation 3 ",
        "litellm: generation 4 ",
    ] {
        assert!(
            all.contains(sign),
            "nothing printed has {sign}: {printed:#?}"
        );
    }
}

#[test]
fn the_clients_page_runs_as_pasted() {
    let demo = Demo::start();
    let packages = root().join("tests/clients");
    for (language, interpreter, count) in [
        ("python", "python3 -c", 3),
        ("js", "node --input-type=module -e", 3),
    ] {
        let programs = blocks_in("docs/clients.md", language);
        assert_eq!(programs.len(), count, "programs in {language}");
        for program in programs {
            let here = program.replace("127.0.0.1:8080", &demo.host);
            let printed = shell(&packages, &format!("{interpreter} \"$PROGRAM\""))
                .env("PROGRAM", &here)
                .output();
            assert!(printed.contains("You said: Hello there"), "{printed}");
            let is_sdk_alone = program.contains("client.");
            assert!(printed.contains("2 vectors") || is_sdk_alone, "{printed}");
        }
    }
    let [own_routes] = &blocks("docs/clients.md")[..] else {
        panic!("one block of commands")
    };
    let printed = demo.run(own_routes);
    assert_eq!(printed.matches(": ready\n").count(), 4, "{printed}");
    assert_eq!(
        printed.matches("What does it say? (turn 1").count(),
        2,
        "{printed}"
    );
}

#[test]
fn the_clients_page_names_the_versions_that_are_tested() {
    let page = fs::read_to_string(root().join("docs/clients.md")).expect("the page is there");
    let (_, table) = page.split_once("## Versions").expect("its last section");
    let read = |name: &str| {
        fs::read_to_string(root().join("tests/clients").join(name)).expect("the pins are there")
    };
    let node: serde_json::Value = serde_json::from_str(&read("package.json")).expect("JSON");
    let python = read("requirements.txt");
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let mut checked = 0;
    for row in rows.skip(1).filter(|row| !row.starts_with("| ---")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, package, version, _, npm, npm_version, _] = cells[..] else {
            panic!("five cells: {row}")
        };
        let pin = format!("{package}=={version}");
        assert!(python.lines().any(|line| line == pin), "{pin}");
        if !npm.is_empty() {
            assert_eq!(node["dependencies"][npm], npm_version, "{npm}");
        }
        checked += 1;
    }
    assert_eq!(checked, 7);
}

#[test]
fn what_ci_runs_is_what_the_readme_says() {
    let script = fs::read_to_string(root().join(".ci/run")).expect("the script of every change");
    let last = script.lines().rfind(|line| !line.trim().is_empty());
    assert_eq!(last, Some("exec cargo xtask test --changed \"$@\""));
}

#[test]
fn the_demo_ends_when_it_is_told_to() {
    let free = ["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let mut demo = signalbox().args(free).start();
    demo.wait_until(|process| process.stdout().contains("/metrics").then_some(()));
    let told = Program::new("kill")
        .args(["-TERM", &demo.id().to_string()])
        .output();
    assert_eq!(told, "");
    assert!(demo.wait().success(), "{}", demo.stderr());
}
