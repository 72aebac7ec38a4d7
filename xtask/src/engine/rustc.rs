//! What keeps the place of the repository, of cargo's home and of the tool chain out of a build.
//!
//! Paths in the code are mapped to fixed ones by flags. One thing more depends on the place: cargo
//! gives each crate outside the workspace's folder an identity made from its absolute path, the
//! compiler orders functions by it, and no flag changes it. So while it builds the engine, this
//! program stands in for rustc and passes the call on with the crate's name as its identity.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::Context;

use crate::process::{Run, root};

/// Set in the environment of a build for which this program stands in for rustc.
pub(super) const STAND_IN: &str = "SIGNALBOX_XTASK_AS_RUSTC";

/// If this program was started in rustc's place, does what it is asked and says how it ended.
pub(crate) fn stand_in() -> Option<ExitCode> {
    env::var_os(STAND_IN)?;
    let mut arguments = env::args_os().skip(1);
    let rustc = arguments.next()?;
    let arguments: Vec<OsString> = arguments.collect();
    let status = Command::new(rustc).args(with_identity(&arguments)).status();
    let succeeded = status.is_ok_and(|status| status.success());
    Some(if succeeded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The arguments, with the name of a crate of ours in place of the identity cargo gave it. One of
/// each name is in a build.
fn with_identity(arguments: &[OsString]) -> Vec<OsString> {
    let mut after = arguments
        .iter()
        .skip_while(|argument| *argument != "--crate-name")
        .skip(1);
    let name = after.next().and_then(|name| name.to_str());
    let Some(name) = name.filter(|name| name.starts_with("signalbox_")) else {
        return arguments.to_vec();
    };
    let replaced = |argument: &OsString| match argument.to_str() {
        Some(text) if text.starts_with("metadata=") => format!("metadata={name}").into(),
        _ => argument.clone(),
    };
    arguments.iter().map(replaced).collect()
}

/// The flags of the guest's build.
pub(super) fn flags() -> anyhow::Result<Vec<String>> {
    let version = Run::new("rustc", ["-vV"]).output()?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "));
    let commit = commit.context("rustc does not say which commit it was built from")?;
    let sysroot = Run::new("rustc", ["--print", "sysroot"]).output()?;
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust");
    Ok([
        // Of several that fit the last holds, so from the general to the particular.
        remap(&cargo_home()?, "/cargo"),
        remap(&root(), "/signalbox"),
        // What rustc itself writes when the library's source is not installed.
        remap(&library, &format!("/rustc/{commit}")),
        // The compiler puts the tables there.
        "-Clink-arg=--export=__heap_base".to_owned(),
        // Small, because a fresh instance is a clean stack; first, so that an overflow traps.
        format!("-Clink-arg=-zstack-size={STACK}"),
        "-Clink-arg=--stack-first".to_owned(),
    ]
    .to_vec())
}

fn cargo_home() -> anyhow::Result<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    home.context("neither CARGO_HOME nor a home directory is set")
}

fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

const STACK: u32 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let changed = with_identity(&arguments).into_iter();
        changed
            .map(|argument| argument.into_string().unwrap())
            .collect()
    }

    #[test]
    fn our_crates_are_identified_by_their_names() {
        let given = [
            "--crate-name",
            "signalbox_policy",
            "-C",
            "metadata=1f",
            "-C",
            "opt-level=s",
        ];
        let passed = [
            "--crate-name",
            "signalbox_policy",
            "-C",
            "metadata=signalbox_policy",
            "-C",
            "opt-level=s",
        ];
        assert_eq!(identity(&given), passed);
    }

    #[test]
    fn other_crates_keep_the_identity_cargo_gave_them() {
        let given = ["--crate-name", "wit_bindgen", "-C", "metadata=1f"];
        assert_eq!(identity(&given), given);
        assert_eq!(identity(&["-vV"]), ["-vV"]);
    }
}
