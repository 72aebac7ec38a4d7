//! Running a plugin's own build.

use std::{
    env,
    ffi::OsString,
    io,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::output;

/// What is run in the folder.
pub(super) const SCRIPT: &str = "build.sh";

/// What that makes.
pub(super) const PLUGIN: &str = "plugin.wasm";

/// Whether there is something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Built {
    Yes,
    No,
}

/// Runs the script to its end, which is not waited for once `is_over`, nor beyond [`LONGEST`]. What it
/// prints goes to stderr; why there is nothing new was said there.
pub(super) fn run(folder: &Path, is_over: impl Fn() -> bool) -> anyhow::Result<Built> {
    let mut child = Command::new("sh")
        .arg(SCRIPT)
        .current_dir(folder)
        .env("PATH", path()?)
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .spawn()
        .context("cannot run sh")?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let is_late = started.elapsed() > LONGEST;
        if is_late || is_over() {
            child.kill()?;
            child.wait()?;
            if is_late {
                output::talk(&format!("{SCRIPT} takes more than {} s", LONGEST.as_secs()));
            }
            return Ok(Built::No);
        }
        thread::sleep(PAUSE);
    };
    if !status.success() {
        output::talk(&format!("{SCRIPT} failed: {status}"));
        return Ok(Built::No);
    }
    if !folder.join(PLUGIN).is_file() {
        output::talk(&format!("{SCRIPT} made no {PLUGIN}"));
        return Ok(Built::No);
    }
    Ok(Built::Yes)
}

/// With this very program before all others, for scripts that say `signalbox`.
fn path() -> anyhow::Result<OsString> {
    let itself = env::current_exe().context("this program does not know where it is")?;
    let folder = itself.parent().map(Path::to_path_buf);
    let others = env::var_os("PATH").unwrap_or_default();
    let all = folder.into_iter().chain(env::split_paths(&others));
    env::join_paths(all).context("the folder of this program cannot be in PATH")
}

/// Tool chains that are installed by the first build take minutes.
const LONGEST: Duration = Duration::from_secs(1200);

const PAUSE: Duration = Duration::from_millis(50);
