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
    exchange::Exchange,
    family::{self, Watcher},
    plan::{Plan, Port},
    scratch::Scratch,
};

/// Where it will answer.
struct Place<'a> {
    port: Port,
    log: &'a Path,
}

/// One proxy, running for as long as this lives.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) tls: bool,
    /// Its scheme, host and port.
    base: String,
    path: &'static str,
    pub(super) key: &'static str,
    /// The exchanges it is asked for, with the file that has the request's body.
    bodies: Vec<(Exchange, PathBuf)>,
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
        let body = |exchange: &Exchange| {
            let path = exchange.write_body(&plan.name, plan.model, scratch)?;
            anyhow::Ok((*exchange, path))
        };
        let bodies = plan.exchanges.iter().map(body);
        let kept = plan.logs.then(|| File::create(&log)).transpose()?;
        let mut contender = Self {
            name: plan.name.clone(),
            version: plan.version.clone(),
            tls: plan.tls,
            base: String::new(),
            path: plan.path,
            key: plan.key,
            bodies: bodies.collect::<anyhow::Result<_>>()?,
            is_upstream: plan.is_upstream,
            process: plan.spawn(kept)?,
        };
        watcher.take_care_of(contender.process.id())?;
        let deadline = Instant::now() + plan.patience;
        let place = Place {
            port: plan.port,
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
            let answer = self.locate(place).and_then(|()| self.check(Exchange::Chat));
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
        self.base = format!("{scheme}://127.0.0.1:{port}");
        Ok(())
    }

    /// Whether it is asked for such an exchange.
    pub(super) fn takes(&self, exchange: Exchange) -> bool {
        self.bodies.iter().any(|(taken, _)| *taken == exchange)
    }

    pub(super) fn url(&self, exchange: Exchange) -> String {
        format!("{}{}", self.base, exchange.path().unwrap_or(self.path))
    }

    /// The file that has the request's body; no path if it is not asked for such an exchange.
    pub(super) fn body(&self, exchange: Exchange) -> &Path {
        let mut bodies = self.bodies.iter();
        let found = bodies.find(|(taken, _)| *taken == exchange);
        found.map_or(Path::new(""), |(_, path)| path)
    }

    /// Asks it once: the status has to be 200 and the body the upstream's.
    pub(super) fn check(&self, exchange: Exchange) -> anyhow::Result<()> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--insecure", "--max-time", "5"])
            .args(["--noproxy", "*", "--write-out", "\n%{http_code}"])
            .args(["--header", "content-type: application/json"])
            .args(["--header", &format!("authorization: Bearer {}", self.key)])
            .args(["--header", &format!("accept: {}", exchange.accept())])
            .args(["--header", "expect:"])
            .args([
                "--data-binary",
                &format!("@{}", self.body(exchange).display()),
            ])
            .arg(self.url(exchange));
        let answer = bounded::output(&mut curl, Duration::from_secs(10))?;
        let (body, status) = answer.rsplit_once('\n').context("curl printed nothing")?;
        let begin: String = body.chars().take(200).collect();
        ensure!(status == "200", "it answers {status}: {begin}");
        ensure!(
            body.contains(exchange.answer()),
            "it answers something else: {begin}"
        );
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

fn printed_port(log: &str) -> Option<u16> {
    log.lines()
        .find_map(|line| line.strip_prefix("port "))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::printed_port;

    #[test]
    fn port_is_read_from_what_is_printed() {
        assert_eq!(printed_port("INFO up\nport 33891\n"), Some(33891));
        assert_eq!(printed_port("INFO up\nport"), None);
    }
}
