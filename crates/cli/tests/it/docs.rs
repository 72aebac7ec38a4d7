//! What the documentation of the command shows does what it says.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::{demo::demo, signalbox::file};

/// The shell blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let page = fs::read_to_string(file(page)).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.collect()
}

/// Runs a block in a folder, with the command in its path.
fn run_block(block: &str, folder: &Path, environment: &[(&str, &str)]) {
    let binaries = Path::new(env!("CARGO_BIN_EXE_signalbox")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", binaries.display());
    let ran = Command::new("sh")
        .args(["-euc", block])
        .current_dir(folder)
        .env_clear()
        .env("PATH", &path)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{block}\n{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[test]
fn the_commands_of_the_page_run_as_they_stand() {
    let blocks = blocks("docs/cli.md");
    assert!(!blocks.is_empty());
    let demo = demo(&[]);
    let admin = format!("http://{}", demo.address("admin"));
    for block in blocks {
        run_block(
            &block,
            Path::new(&file(".")),
            &[("SIGNALBOX_ADMIN", &admin)],
        );
    }
}

#[test]
fn the_commands_around_a_change_run_as_they_stand() {
    let blocks = blocks("docs/changes.md");
    assert!(!blocks.is_empty());
    for block in blocks {
        run_block(&block, Path::new(&file(".")), &[]);
    }
}

#[test]
fn the_commands_for_editors_run_as_they_stand() {
    let blocks = blocks("docs/editors.md");
    assert!(!blocks.is_empty());
    for block in blocks {
        run_block(&block, Path::new(&file(".")), &[]);
    }
}

#[cfg(unix)]
#[test]
fn the_commands_of_the_runbooks_run_as_they_stand() {
    let blocks = blocks("docs/runbooks.md");
    assert!(!blocks.is_empty());
    // What they write does not go into the repository.
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink(file("plugins"), folder.path().join("plugins")).unwrap();
    for block in blocks {
        run_block(&block, folder.path(), &[]);
    }
}

#[cfg(unix)]
#[test]
fn the_commands_of_the_page_on_testing_run_as_they_stand() {
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink(file("plugins"), folder.path().join("plugins")).unwrap();
    for block in blocks("docs/testing.md") {
        run_block(&block, folder.path(), &[]);
    }
}

/// Each `console` block is a command with what it prints. `BLESS=1` writes that into the page.
#[test]
fn the_page_on_testing_shows_what_its_commands_print() {
    let path = file("docs/testing.md");
    let page = fs::read_to_string(&path).unwrap();
    let folder = TempDir::new().unwrap();
    for block in page.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let first = text.lines().next().unwrap();
        let name = first.strip_prefix("# ").unwrap_or("policy.yaml");
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut parts = page.split("```console\n$ ");
    let mut now = parts.next().unwrap().to_owned();
    let mut commands = 0;
    for part in parts {
        let (block, rest) = part.split_once("```").unwrap();
        let line = block.lines().next().unwrap();
        let arguments: Vec<&str> = line.split(' ').skip(1).collect();
        let ran = crate::signalbox::command(&arguments)
            .current_dir(&folder)
            .output()
            .unwrap();
        let printed = String::from_utf8(ran.stdout).unwrap();
        now += &format!("```console\n$ {line}\n{printed}```{rest}");
        commands += 1;
    }
    assert_eq!(commands, 5);
    if std::env::var_os("BLESS").is_some() {
        return fs::write(&path, now).unwrap();
    }
    assert_eq!(page, now, "run with BLESS=1 if this is right");
}

#[test]
fn every_runbook_passes_its_cases_in_the_runtime() {
    let runbooks = fs::read_dir(file("plugins/runbooks")).unwrap();
    let paths = runbooks.map(|file| file.unwrap().path());
    let paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    assert_eq!(paths.len(), 24);
    let with = |command: &'static str| {
        let paths = paths.iter().map(String::as_str);
        let ran = crate::signalbox::run(&[command].into_iter().chain(paths).collect::<Vec<_>>());
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    };
    with("check");
    with("test");
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
