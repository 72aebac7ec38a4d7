//! With which inputs a suite last passed: `.ci/passed`, a line `SUITE FINGERPRINT` each, committed with the change.
//!
//! CI has no memory of its own and need not know what was there before: a suite whose inputs are those written down
//! is left out, any other runs. The fingerprint is git's hash of the names and contents of the inputs.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use crate::process::{Run, root, say};

/// A suite, and the files and folders that its outcome depends on.
#[derive(Debug)]
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) inputs: &'static [&'static str],
}

/// Whether the suite passed with these very inputs. Anything that cannot be told is a no.
pub(super) fn with_these_inputs(suite: &Suite) -> bool {
    fingerprint(suite).is_ok_and(|now| find(&read(), &suite.name) == Some(now))
}

/// The newest commit that has the inputs with which the suite last passed.
pub(super) fn commit(suite: &Suite) -> Option<String> {
    let noted = find(&read(), &suite.name)?;
    let commits = git(&["log", "--format=%H", "--max-count=500"], &[]).ok()?;
    let mut commits = commits.lines();
    let is_it = |commit: &&str| fingerprint_at(suite, commit).is_ok_and(|found| found == noted);
    commits.find(is_it).map(str::to_owned)
}

/// Writes down that it passed, if what it passed with is committed.
pub(super) fn note(suite: &Suite) -> anyhow::Result<()> {
    let now = match fingerprint(suite) {
        Ok(now) => now,
        Err(why) => {
            say(&format!("{}: not noted as passed: {why:#}", suite.name));
            return Ok(());
        }
    };
    let text = with(&read(), &suite.name, &now);
    fs::write(root().join(FILE), text).with_context(|| format!("cannot write {FILE}"))
}

fn read() -> String {
    fs::read_to_string(root().join(FILE)).unwrap_or_default()
}

fn find(text: &str, suite: &str) -> Option<String> {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (_, fingerprint) = lines.find(|(name, _)| *name == suite)?;
    Some(fingerprint.to_owned())
}

/// The lines with this one in place of the suite's last, in the order of their names.
fn with(text: &str, suite: &str, fingerprint: &str) -> String {
    let others = text.lines().filter(|line| {
        let name = line.split(' ').next();
        !line.is_empty() && name != Some(suite)
    });
    let mut lines: Vec<String> = others.map(str::to_owned).collect();
    lines.push(format!("{suite} {fingerprint}"));
    lines.sort();
    lines.join("\n") + "\n"
}

fn fingerprint(suite: &Suite) -> anyhow::Result<String> {
    let changed = git(&["status", "--porcelain", "--"], suite.inputs)?;
    ensure!(changed.is_empty(), "its inputs are not committed");
    fingerprint_at(suite, "HEAD")
}

fn fingerprint_at(suite: &Suite, commit: &str) -> anyhow::Result<String> {
    hash(&git(&["ls-tree", "-r", commit, "--"], suite.inputs)?)
}

fn git(arguments: &[&str], paths: &[&str]) -> anyhow::Result<String> {
    let words = arguments.iter().chain(paths);
    words
        .fold(Run::new("git", []), |run, word| run.args([*word]))
        .output()
}

/// Git's hash of a text.
pub(super) fn hash(text: &str) -> anyhow::Result<String> {
    let mut git = Command::new("git")
        .args(["hash-object", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start git")?;
    if let Some(mut input) = git.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    let output = git.wait_with_output()?;
    ensure!(output.status.success(), "git cannot hash");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

const FILE: &str = ".ci/passed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suites_line_is_replaced_and_the_others_stay() {
        let once = with("", "fuzz", "a");
        let twice = with(&once, "clients", "b");
        assert_eq!(twice, "clients b\nfuzz a\n");
        assert_eq!(with(&twice, "fuzz", "c"), "clients b\nfuzz c\n");
        assert_eq!(find(&twice, "fuzz"), Some("a".to_owned()));
        assert_eq!(find(&twice, "doors"), None);
    }

    #[test]
    fn hashes_are_gits() {
        assert_eq!(
            hash("").unwrap(),
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        );
    }
}
