//! A contender while it runs: started, asked once whether it answers, paused while others have their
//! turn, and ended.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};

use super::{
    bounded,
    family::{self, Watcher},
    plan::{Plan, Port},
    scratch::Scratch,
};

/// Where it will answer.
struct Place<'a> {
    port: Port,
    path: &'static str,
    log: &'a Path,
}

/// One proxy, running for as long as this lives.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) tls: bool,
    pub(super) url: String,
    pub(super) key: &'static str,
    pub(super) body: PathBuf,
    is_upstream: bool,
    process: Child,
}

impl Contender {
    /// Starts it and waits until it gives the right answer.
    pub(super) fn start(
        plan: &Plan,
        scratch: &Scratch,
        watcher: &mut Watcher,
    ) -> anyhow::Result<Self> {
        let log = scratch.folder().join(format!("{}.log", plan.name));
        let body = scratch.folder().join(format!("{}.json", plan.name));
        fs::write(&body, request(scratch, plan.model)?)?;
        let kept = plan.logs.then(|| File::create(&log)).transpose()?;
        let mut contender = Self {
            name: plan.name.clone(),
            version: plan.version.clone(),
            tls: plan.tls,
            url: String::new(),
            key: plan.key,
            body,
            is_upstream: plan.is_upstream,
            process: plan.spawn(kept)?,
        };
        watcher.take_care_of(contender.process.id())?;
        let deadline = Instant::now() + plan.patience;
        let place = Place {
            port: plan.port,
            path: plan.path,
            log: &log,
        };
        let Err(error) = contender.await_answer(&place, deadline) else {
            return Ok(contender);
        };
        drop(contender);
        let said = fs::read_to_string(&log).unwrap_or_else(|_| plan.said_when_failing());
        let last = said.trim_end().lines().next_back().unwrap_or_default();
        Err(error.context(format!("it did not start: {last}")))
    }

    fn await_answer(&mut self, place: &Place<'_>, deadline: Instant) -> anyhow::Result<()> {
        loop {
            if let Some(status) = self.process.try_wait()? {
                bail!("it ended with {status}");
            }
            let answer = self.locate(place).and_then(|()| self.check());
            if answer.is_ok() || Instant::now() > deadline {
                return answer;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn locate(&mut self, place: &Place<'_>) -> anyhow::Result<()> {
        let port = match place.port {
            Port::At(port) => port,
            Port::Printed => {
                printed_port(&fs::read_to_string(place.log)?).context("it printed no port")?
            }
        };
        let scheme = if self.tls { "https" } else { "http" };
        self.url = format!("{scheme}://127.0.0.1:{port}{}", place.path);
        Ok(())
    }

    /// Asks it once: the status has to be 200 and the body the upstream's.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--insecure", "--max-time", "5"])
            .args(["--noproxy", "*", "--write-out", "\n%{http_code}"])
            .args(["--header", "content-type: application/json"])
            .args(["--header", &format!("authorization: Bearer {}", self.key)])
            .args(["--data-binary", &format!("@{}", self.body.display())])
            .arg(&self.url);
        let answer = bounded::output(&mut curl, Duration::from_secs(10))?;
        let (body, status) = answer.rsplit_once('\n').context("curl printed nothing")?;
        let begin: String = body.chars().take(200).collect();
        ensure!(status == "200", "it answers {status}: {begin}");
        ensure!(body.contains(ANSWER), "it answers something else: {begin}");
        Ok(())
    }

    /// Its own and its children's, so far.
    pub(super) fn processor_time(&self) -> Duration {
        family::processor_time(self.process.id())
    }

    /// Takes it off the processor, so that its timers and threads disturb nobody else's turn. Not
    /// the upstream, which everybody needs.
    pub(super) fn pause(&self) {
        if !self.is_upstream {
            family::signal(self.process.id(), "STOP");
        }
    }

    pub(super) fn resume(&self) {
        family::signal(self.process.id(), "CONT");
    }
}

impl Drop for Contender {
    /// Asks it to end and waits a while, because one that is killed may leave children behind.
    fn drop(&mut self) {
        let group = self.process.id();
        self.resume();
        family::signal(group, "TERM");
        let _ = bounded::wait(&mut self.process, Duration::from_secs(5));
        family::signal(group, "KILL");
    }
}

/// The body of the request, without the line's end that the file has.
fn request(scratch: &Scratch, model: &str) -> anyhow::Result<String> {
    let filled = scratch.fill("chat.json", "chat.json", &[("MODEL", model)])?;
    Ok(fs::read_to_string(filled)?.trim_end().to_owned())
}

fn printed_port(log: &str) -> Option<u16> {
    log.lines()
        .find_map(|line| line.strip_prefix("port "))?
        .parse()
        .ok()
}

/// What the upstream says, however a proxy spells the JSON around it.
const ANSWER: &str = "Hello! How can I help you today?";

#[cfg(test)]
mod tests {
    use super::printed_port;

    #[test]
    fn port_is_read_from_what_is_printed() {
        assert_eq!(printed_port("INFO up\nport 33891\n"), Some(33891));
        assert_eq!(printed_port("INFO up\nport"), None);
    }
}
