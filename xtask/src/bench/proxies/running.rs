//! All contenders and what they need, running beside each other.

use std::path::PathBuf;

use super::{
    super::Arguments,
    contender::Contender,
    doors::{list::DOORS, programs::Programs},
    exchange,
    family::Watcher,
    load::{Load, Protocol},
    peers::{self, Making, PEERS},
    plan::Plan,
    report::Report,
    scratch::Scratch,
    turns,
};
use crate::process::say;

/// Everything that runs. Fields are dropped in this order: the watcher ends what is left.
#[derive(Debug)]
pub(super) struct Running {
    contenders: Vec<Contender>,
    upstreams: Vec<Contender>,
    pub(super) left_out: Vec<(String, String)>,
    watcher: Watcher,
    pub(super) scratch: Scratch,
}

impl Running {
    /// Starts the upstreams, and of the contenders all that can be had here and are asked for.
    pub(super) fn start(
        report: &Report,
        arguments: &Arguments,
        builds: &[(String, PathBuf)],
    ) -> anyhow::Result<Self> {
        let mut running = Self::upstreams()?;
        let wanted = |name: &str| is_wanted(name, arguments);
        let install = !arguments.no_install;
        for peer in PEERS.iter().filter(|peer| wanted(peer.name)) {
            running.add(peer.name, |scratch| {
                peer.plan(&mut Making { scratch, install })
            });
        }
        for (name, program) in builds {
            for what in ["", peers::TLS, peers::TWO_WORKERS] {
                let name = format!("{name}{what}");
                running.add(&name, |scratch| peers::signalbox(&name, program, scratch));
            }
        }
        say(&format!(
            "{} contenders, {} rounds of {} s",
            running.contenders.len(),
            report.rounds,
            report.seconds
        ));
        Ok(running)
    }

    /// Starts the upstreams, and every door.
    pub(super) fn of_doors(programs: &Programs, install: bool) -> anyhow::Result<Self> {
        let mut running = Self::upstreams()?;
        for door in &DOORS {
            running.add(door.name, |scratch| {
                door.plan(&mut Making { scratch, install }, programs)
            });
        }
        Ok(running)
    }

    fn upstreams() -> anyhow::Result<Self> {
        let scratch = Scratch::new()?;
        let watcher = Watcher::new(scratch.folder())?;
        scratch.certificate()?;
        exchange::write_answers(&scratch)?;
        let mut running = Self {
            contenders: Vec::new(),
            upstreams: Vec::new(),
            left_out: Vec::new(),
            watcher,
            scratch,
        };
        for tls in [false, true] {
            let plan = peers::upstream(&running.scratch, tls)?;
            let upstream = Contender::start(&plan, &running.scratch, &mut running.watcher)?;
            running.upstreams.push(upstream);
        }
        Ok(running)
    }

    /// Starts one. Whoever cannot be started is left out, and that is said.
    fn add(&mut self, name: &str, plan: impl FnOnce(&mut Scratch) -> anyhow::Result<Plan>) {
        say(&format!("starting {name}"));
        let started = plan(&mut self.scratch)
            .and_then(|plan| Contender::start(&plan, &self.scratch, &mut self.watcher));
        match started {
            Ok(contender) => {
                contender.pause();
                self.contenders.push(contender);
            }
            Err(error) => {
                let reason = turns::reason(&error, &self.scratch);
                say(&format!("{name} is left out: {reason}"));
                self.left_out.push((name.to_owned(), reason));
            }
        }
    }

    pub(super) fn versions(&self) -> Vec<(String, String)> {
        let all = self.contenders.iter();
        let plain = all.filter(|contender| {
            ![peers::TLS, peers::TWO_WORKERS]
                .iter()
                .any(|end| contender.name.ends_with(end))
        });
        plain
            .map(|contender| (contender.name.clone(), contender.version.clone()))
            .collect()
    }

    /// Who takes part. The upstream itself does not under HTTP/2, which proxies do not send it. Two
    /// workers do at a pace alone: otherwise everybody has one.
    pub(super) fn under(&self, load: Load) -> Vec<&Contender> {
        let upstreams = self
            .upstreams
            .iter()
            .filter(|_| load.protocol != Protocol::Http2 && load.pace.is_none());
        let all = upstreams.chain(&self.contenders);
        all.filter(|contender| contender.tls == load.is_tls() && contender.takes(load.exchange))
            .filter(|contender| {
                load.pace.is_some() || !contender.name.ends_with(peers::TWO_WORKERS)
            })
            .filter(|contender| load.pace.is_none() || is_of_paced(&contender.name))
            .collect()
    }
}

/// At a pace processor time is compared, and few can keep it.
fn is_of_paced(name: &str) -> bool {
    ["nginx", "HAProxy", "Envoy"].contains(&name) || !PEERS.iter().any(|peer| peer.name == name)
}

/// Builds of Signalbox always take part.
fn is_wanted(name: &str, arguments: &Arguments) -> bool {
    if arguments.only.is_empty() {
        return !arguments.quick || QUICK.contains(&name);
    }
    arguments
        .only
        .iter()
        .any(|only| only.eq_ignore_ascii_case(name))
}

const QUICK: [&str; 5] = ["nginx", "HAProxy", "Envoy", "nginx TLS", "HAProxy TLS"];
