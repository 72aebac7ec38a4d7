//! What `docs/cli.md` shows does what it says.

use std::{fs, path::Path, process::Command};

use crate::{demo::demo, signalbox::file};

#[test]
fn the_commands_of_the_page_run_as_they_stand() {
    let page = fs::read_to_string(file("docs/cli.md")).unwrap();
    let blocks: Vec<&str> = page
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(!blocks.is_empty());
    let demo = demo(&[]);
    let admin = format!("http://{}", demo.address("admin"));
    let binaries = Path::new(env!("CARGO_BIN_EXE_signalbox")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", binaries.display());
    for block in blocks {
        let ran = Command::new("sh")
            .args(["-euc", block])
            .current_dir(file("."))
            .env_clear()
            .env("PATH", &path)
            .env("SIGNALBOX_ADMIN", &admin)
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{block}\n{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}

#[test]
fn the_page_has_every_command() {
    let page = fs::read_to_string(file("docs/cli.md")).unwrap();
    let help = crate::signalbox::run(&["--help"]).stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap();
    let commands = commands.split("\n\n").next().unwrap();
    for line in commands.lines() {
        let command = line.split_whitespace().next().unwrap();
        if command != "help" {
            assert!(page.contains(&format!("signalbox {command}")), "{command}");
        }
    }
}
