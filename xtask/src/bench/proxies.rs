//! Proxies taking turns: each is started once, and all are measured in every round.

mod bounded;
mod contender;
mod docs;
mod family;
mod h2load;
mod install;
mod load;
mod machine;
mod markdown;
mod order;
mod peers;
mod plan;
mod plot;
mod report;
mod sample;
mod scratch;
mod statistics;
mod turns;
mod wrk;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use self::{
    contender::Contender,
    family::Watcher,
    load::Load,
    order::Chance,
    peers::{Making, PEERS},
    plan::Plan,
    report::{PEER_BASELINES, ROUNDS, Report, SECONDS},
    scratch::Scratch,
};
use super::Arguments;
use crate::process::{cargo, root, say};

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    for name in &arguments.only {
        let is_known = PEERS
            .iter()
            .any(|peer| peer.name.eq_ignore_ascii_case(name));
        ensure!(
            is_known,
            "there is no {name}, but {}",
            PEERS.map(|peer| peer.name).join(", ")
        );
    }
    install::debian(!arguments.no_install)?;
    let builds = builds(arguments)?;
    let mut report = blank(arguments, &builds);
    if arguments.write_docs {
        // A page that cannot be written is told of now, not after the run.
        docs::render(&report)?;
    }
    let mut running = Running::start(&report, arguments, &builds)?;
    report.versions = running.versions();
    let mut chance = Chance::new(arguments.seed);
    for load in loads(arguments) {
        let contenders = running.under(load);
        let (table, left_out) =
            turns::take(&contenders, load, &report, &mut chance, &running.scratch);
        report.tables.push(table);
        running.left_out.extend(left_out);
    }
    report.left_out = std::mem::take(&mut running.left_out);
    drop(running);
    if let Some(path) = &arguments.json {
        fs::write(path, report.to_json()?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    show(&report, arguments.write_docs)
}

/// Shows a run that was made before.
pub(super) fn render(path: &Path, write_docs: bool) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    show(&Report::from_json(&text)?, write_docs)
}

fn show(report: &Report, write_docs: bool) -> anyhow::Result<()> {
    let (conditions, tables) = (markdown::conditions(report), markdown::tables(report, None));
    say(&format!("\n{conditions}\n{tables}"));
    if write_docs {
        docs::write(report)
    } else {
        Ok(())
    }
}

/// Builds of Signalbox by name: those that are given, or the one that is made here.
fn builds(arguments: &Arguments) -> anyhow::Result<Vec<(String, PathBuf)>> {
    if !arguments.signalbox.is_empty() {
        for (name, path) in &arguments.signalbox {
            ensure!(path.is_file(), "{name}: there is no {}", path.display());
        }
        return Ok(arguments.signalbox.clone());
    }
    cargo(["build", "--release", "--package", "signalbox-cli"]).run()?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(vec![(
        "Signalbox".to_owned(),
        target.join("release/signalbox"),
    )])
}

/// A report of nothing yet. All are compared with two peers, and builds with the first of them.
fn blank(arguments: &Arguments, builds: &[(String, PathBuf)]) -> Report {
    let (rounds, seconds) = if arguments.quick {
        (6, 1)
    } else {
        (ROUNDS, SECONDS)
    };
    let first = builds
        .first()
        .filter(|_| builds.len() > 1)
        .map(|(name, _)| name.as_str());
    Report {
        rounds: arguments.rounds.unwrap_or(rounds),
        seconds: arguments.seconds.unwrap_or(seconds),
        seed: arguments.seed,
        machine: machine::describe(),
        baselines: PEER_BASELINES
            .into_iter()
            .chain(first)
            .map(str::to_owned)
            .collect(),
        ..Report::default()
    }
}

/// What is sent, in the order of the tables. Of HTTP/2 only the most requests at a time: more than
/// one on a connection is what it is for.
fn loads(arguments: &Arguments) -> Vec<Load> {
    let connections = &arguments.connections;
    let plain = connections.iter().map(|count| Load::Http1(*count));
    let tls = connections.iter().map(|count| Load::Tls(*count));
    let most = connections.iter().max().map(|count| Load::Http2(*count));
    plain.chain(tls).chain(most).collect()
}

/// Everything that runs. Fields are dropped in this order: the watcher ends what is left.
struct Running {
    contenders: Vec<Contender>,
    upstreams: Vec<Contender>,
    left_out: Vec<(String, String)>,
    watcher: Watcher,
    scratch: Scratch,
}

impl Running {
    /// Starts the upstreams, and of the contenders all that can be had here and are asked for.
    fn start(
        report: &Report,
        arguments: &Arguments,
        builds: &[(String, PathBuf)],
    ) -> anyhow::Result<Self> {
        let scratch = Scratch::new()?;
        let watcher = Watcher::new(scratch.folder())?;
        scratch.certificate()?;
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
        let wanted = |name: &str| is_wanted(name, arguments);
        let install = !arguments.no_install;
        for peer in PEERS.iter().filter(|peer| wanted(peer.name)) {
            running.add(peer.name, |scratch| {
                peer.plan(&mut Making { scratch, install })
            });
        }
        for (name, program) in builds {
            for name in [name.clone(), format!("{name}{}", peers::TLS)] {
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

    fn versions(&self) -> Vec<(String, String)> {
        let all = self.contenders.iter();
        let plain = all.filter(|contender| !contender.name.ends_with(peers::TLS));
        plain
            .map(|contender| (contender.name.clone(), contender.version.clone()))
            .collect()
    }

    /// Who takes part. The upstream itself does not under HTTP/2, which proxies do not send it.
    fn under(&self, load: Load) -> Vec<&Contender> {
        let upstreams = self
            .upstreams
            .iter()
            .filter(|_| !matches!(load, Load::Http2(_)));
        let all = upstreams.chain(&self.contenders);
        all.filter(|contender| contender.tls == load.is_tls())
            .collect()
    }
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
