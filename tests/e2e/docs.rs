//! What the README tells people to paste does what it says, with the real command.
//!
//! Every fenced `sh` block is run as it stands, in order, but for two things: the demo takes ports
//! that are free, so its address is put in place of the documented one; and the two commands that
//! build everything are only compared with what this very run is.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use signalbox_harness::{
    command::{binary, signalbox},
    http::Ask,
    process::{Process, Program},
    root,
};

/// The demo, and where it listens.
struct Demo {
    _process: Process,
    host: String,
    admin: String,
}

impl Demo {
    fn start() -> Self {
        let free = ["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        let process = signalbox().args(free).start();
        Self::wait(process)
    }

    /// Waits until a demo says where it listens.
    fn wait(mut process: Process) -> Self {
        let [host, admin] = process.wait_until(|process| {
            let printed = process.stdout();
            let address = |name: &str| {
                let line = printed
                    .lines()
                    .find(|line| line.trim_start().starts_with(name))?;
                let url = line.split_whitespace().nth(1)?;
                url.strip_prefix("http://").map(str::to_owned)
            };
            printed
                .contains("/metrics")
                .then_some([address("host ")?, address("admin ")?])
        });
        Self {
            _process: process,
            host,
            admin,
        }
    }

    /// Runs a block of commands in a folder that has what a clone has, and gives what it printed.
    fn run(&self, block: &str) -> String {
        let script = block
            .replace("127.0.0.1:8080", &self.host)
            .replace("127.0.0.1:8081", &self.admin);
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        for name in ["plugins", "docs"] {
            symlink(root().join(name), folder.path().join(name)).expect("a link in our folder");
        }
        shell(folder.path(), &script).output()
    }
}

/// A shell in a folder, with the command, cargo and the clients' Python on its search path.
fn shell(folder: &Path, script: &str) -> Program {
    let commands = binary()
        .parent()
        .expect("a binary lies in a folder")
        .to_owned();
    let inherited = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(
        [commands, root().join(".cache/python/bin")]
            .into_iter()
            .chain(env::split_paths(&inherited)),
    );
    let script = format!("set -eu\ncd {}\n{script}", folder.display());
    let mut shell = Program::new("sh")
        .arg("-c")
        .arg(script)
        .env("PATH", &path.expect("a search path").to_string_lossy())
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    // Where cargo and rustup keep what they have: in a person's home unless these say otherwise.
    for (name, place) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let home = || Path::new(&env::var_os("HOME").unwrap_or_default()).join(place);
        let value = env::var_os(name).map_or_else(home, PathBuf::from);
        shell = shell.env(name, &value.to_string_lossy());
    }
    shell
}

/// The fenced `sh` blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let text =
        fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
    text.split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_readme_runs_as_pasted() {
    let blocks = blocks("README.md");
    let (building, pasted): (Vec<_>, Vec<_>) =
        blocks.iter().partition(|block| block.starts_with("cargo "));
    assert_eq!(
        building,
        ["cargo run --release -- demo\n", "cargo xtask test\n"]
    );

    let demo = Demo::start();
    let printed: Vec<_> = pasted.iter().map(|block| demo.run(block)).collect();
    let all = printed.concat();
    // The three curl lines, then LiteLLM, then the commands on files.
    for sign in [
        r#""id":"gpt-4o-mini""#,
        r#""model":"gpt-4o""#,
        r#""code":"insufficient_scope""#,
        "ModelResponse(",
        "POST /v1/chat/completions",
    ] {
        assert!(
            all.contains(sign),
            "nothing printed has {sign}: {printed:#?}"
        );
    }
}

#[test]
fn the_example_plugin_is_tested_built_and_served_as_pasted() {
    let [block] = &blocks("docs/plugins.md")[..] else {
        panic!("one block of commands")
    };
    let (made, served) = block
        .trim_end()
        .rsplit_once('\n')
        .expect("several commands");
    let made = made.replace(
        "signalbox test chat-only.wasm",
        "signalbox test chat-only.wasm 1>&2",
    );
    // A clone, as far as the example looks around in it; what it builds is kept for the next run.
    let clone = tempfile::tempdir().expect("room for a temporary folder");
    let example = "plugins/examples/rust-chat-only";
    let here = clone.path().join(example);
    fs::create_dir_all(&here).expect("our folder takes folders");
    symlink(root().join("wit"), clone.path().join("wit")).expect("a link in our folder");
    for name in ["Cargo.toml", "Cargo.lock", "cases.yaml", "src"] {
        symlink(root().join(example).join(name), here.join(name)).expect("a link in our folder");
    }
    let built = binary().with_file_name("example-plugin");
    fs::create_dir_all(&built).expect("the target folder takes folders");
    symlink(built, here.join("target")).expect("a link in our folder");

    let printed = shell(clone.path(), &made).output();
    assert!(
        printed.contains("test result: ok."),
        "its own tests ran: {printed}"
    );
    assert_eq!(served, "signalbox demo --policy chat-only.wasm");
    let served = format!("exec {served} --listen 127.0.0.1:0 --admin 127.0.0.1:0");
    let demo = Demo::wait(shell(&here, &served).start());
    let host = demo.host.parse().expect("an address");
    let chat = |model: &str| {
        let body =
            format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}]}}"#);
        Ask::json("/v1/chat/completions", body)
            .key("gtak_demo")
            .send(host)
    };
    assert_eq!(chat("small").json()["model"], "small");
    assert_eq!(chat("large").refusal(), (404, "model_not_found".to_owned()));
}

#[test]
fn what_ci_runs_is_what_the_readme_says() {
    let script = fs::read_to_string(root().join(".ci/run")).expect("the script of every change");
    let last = script.lines().rfind(|line| !line.trim().is_empty());
    assert_eq!(last, Some("exec cargo xtask test \"$@\""));
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
