//! A gate under callgrind, and what its threads did between two moments.

use std::{
    collections::HashMap,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};

use super::profile::Counts;

/// A gate that runs; it is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Gate {
    process: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Gate {
    /// Starts this program with the configuration in the folder and waits until it listens.
    pub(super) fn start(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join("gate.log");
        let process = Command::new("valgrind")
            .args(["--tool=callgrind", "--instr-atstart=no"])
            .args(["--separate-threads=yes", "--collect-systime=yes"])
            .arg(option("--callgrind-out-file", &folder.join(PROFILE)))
            .arg(option("--log-file", &folder.join("valgrind.log")))
            .arg(program)
            .env("GLIBC_TUNABLES", COPIES_BY_VECTORS)
            .args(["serve", "--config"])
            .arg(folder.join("signalbox.yaml"))
            .stdin(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .context("cannot start valgrind")?;
        let mut gate = Self {
            process,
            folder: folder.to_owned(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        gate.address = gate.wait_for_address(&log)?;
        gate.tell(&["instrumentation", "on"])?;
        Ok(gate)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    fn wait_for_address(&mut self, log: &Path) -> anyhow::Result<SocketAddr> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = fs::read_to_string(log)?;
            let line = said
                .lines()
                .find_map(|line| line.strip_prefix("listening on http://"));
            if let Some(address) = line {
                return Ok(address.trim().parse()?);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the gate ended with {status}: {said}");
            }
            ensure!(
                Instant::now() < deadline,
                "the gate does not listen: {said}"
            );
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// What was done since this was asked last, without what goes by the clock.
    pub(super) fn counts(&self) -> anyhow::Result<Counts> {
        // What follows the last byte of an answer is the answer's still.
        thread::sleep(SETTLING);
        let names = self.threads()?;
        for profile in self.profiles()? {
            fs::remove_file(profile)?;
        }
        self.tell(&["dump"])?;
        let mut counts = Counts::default();
        for profile in self.profiles()? {
            let text = fs::read_to_string(&profile)?;
            let number = text.lines().find_map(|line| line.strip_prefix("thread: "));
            let name = number.and_then(|number| names.get(number));
            if name.is_some_and(|name| BY_THE_CLOCK.contains(&name.as_str())) {
                continue;
            }
            counts += Counts::read(&text)
                .with_context(|| format!("cannot read {}", profile.display()))?;
        }
        ensure!(counts.instructions > 0, "callgrind counted nothing");
        Ok(counts)
    }

    /// The names of the threads by Valgrind's numbers.
    fn threads(&self) -> anyhow::Result<HashMap<String, String>> {
        let said = self.tell(&["v.info", "scheduler"])?;
        let named = said
            .lines()
            .filter_map(thread_line)
            .map(|(number, system)| {
                let path = format!("/proc/{}/task/{system}/comm", self.process.id());
                let name = fs::read_to_string(path).unwrap_or_default();
                (number.to_owned(), name.trim_end().to_owned())
            });
        Ok(named.collect())
    }

    fn profiles(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut profiles = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(PROFILE) && name != PROFILE {
                profiles.push(path);
            }
        }
        Ok(profiles)
    }

    fn tell(&self, words: &[&str]) -> anyhow::Result<String> {
        let output = Command::new("vgdb")
            .arg(format!("--pid={}", self.process.id()))
            .args(words)
            .output()
            .context("cannot start vgdb")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "vgdb failed: {complaint}");
        Ok(said)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // Either may fail because it has ended by itself, which is as good.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// Valgrind's number and the system's, in `Thread 6: status = VgTs_WaitSys syscall 232 (lwpid 4711)`.
fn thread_line(line: &str) -> Option<(&str, &str)> {
    let (number, rest) = line.strip_prefix("Thread ")?.split_once(": status = ")?;
    let (_, system) = rest.rsplit_once("(lwpid ")?;
    Some((number, system.trim_end().strip_suffix(')')?))
}

const PROFILE: &str = "profile";

/// Threads that wake by the clock, so that the longer requests take the more they do: the epochs of
/// guests; the log, which writes what has come since it looked last (lines are made where requests
/// are, and counted there); the keeper of policies; and the one that gives memory back. The system keeps 15 letters of a name.
const BY_THE_CLOCK: [&str; 4] = [
    "signalbox-epoch",
    "signalbox-log",
    "signalbox-keepe",
    "jemalloc_bg_thd",
];

/// glibc copies more than a few kilobytes with one instruction that callgrind counts once a byte.
const COPIES_BY_VECTORS: &str = "glibc.cpu.x86_rep_movsb_threshold=1073741824:\
    glibc.cpu.x86_rep_stosb_threshold=1073741824";

/// Valgrind takes seconds where the gate alone takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(180);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
const SETTLING: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::thread_line;

    #[test]
    fn threads_are_read_from_what_valgrind_says() {
        let line = "Thread 6: status = VgTs_WaitSys syscall 232 (lwpid 4711)";
        assert_eq!(thread_line(line), Some(("6", "4711")));
        assert_eq!(thread_line("==7==    at 0x4BF4829: syscall"), None);
    }
}
