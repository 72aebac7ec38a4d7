//! Who is measured: how each is started, and how one tells that it is ready.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use super::scratch::Scratch;
use crate::process::{has, root, say};

/// One proxy, running for as long as this lives.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) url: String,
    pub(super) key: &'static str,
    pub(super) script: PathBuf,
    process: Option<Child>,
}

impl Contender {
    /// Processor time it has spent so far, its children's included: of all figures the one that
    /// says least about what else the machine was doing. Zero where there is no `/proc`.
    pub(super) fn processor_time(&self) -> Duration {
        let Some(process) = &self.process else {
            return Duration::ZERO;
        };
        let own = process.id();
        let ticks: u64 = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| ticks(&entry.ok()?.path().join("stat"), own))
            .sum();
        Duration::from_millis(ticks * MILLISECONDS_PER_TICK)
    }
}

/// The ticks of a process, if it is the one with this number or its child.
fn ticks(stat: &Path, family: u32) -> Option<u64> {
    let stat = fs::read_to_string(stat).ok()?;
    let (own, rest) = stat.split_once(' ')?;
    // The name is in brackets and may hold anything. What follows it: state, parent, and so on.
    let fields: Vec<&str> = rest.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |text: &str| text.parse::<u64>().ok();
    let is_family = |text: &str| number(text) == Some(u64::from(family));
    let (parent, user, system) = (fields.get(1)?, fields.get(11)?, fields.get(12)?);
    if !is_family(own) && !is_family(parent) {
        return None;
    }
    Some(number(user)? + number(system)?)
}

/// The kernel counts in hundredths of a second, whatever its own clock does.
const MILLISECONDS_PER_TICK: u64 = 10;

impl Drop for Contender {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            end(&mut child);
        }
    }
}

/// Asks it to end and waits a while, because one that is killed leaves its workers behind.
fn end(child: &mut Child) {
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let deadline = Instant::now() + Duration::from_secs(5);
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Starts the upstream and every contender that can be had here and is asked for.
pub(super) fn start_all(scratch: &Scratch, only: &[String]) -> anyhow::Result<Vec<Contender>> {
    let mut running = vec![start(scratch, &upstream(scratch))?];
    for plan in plans(scratch) {
        let wanted = only.is_empty() || only.iter().any(|name| name == plan.name);
        if !wanted {
            continue;
        }
        if !has(&plan.program) && !Path::new(&plan.program).exists() {
            say(&format!("{}: not here, left out", plan.name));
            continue;
        }
        running.push(start(scratch, &plan)?);
    }
    Ok(running)
}

struct Plan {
    name: &'static str,
    program: String,
    arguments: Vec<String>,
    port: u16,
    key: &'static str,
    patience: Duration,
}

fn upstream(scratch: &Scratch) -> Plan {
    let file = path(scratch, "upstream.conf");
    plan("upstream itself", "nginx", vec!["-c".into(), file], 9100)
}

fn plans(scratch: &Scratch) -> Vec<Plan> {
    let root = root();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let signalbox = target.join("release/signalbox").display().to_string();
    let litellm = root.join(".cache/python/bin/litellm").display().to_string();
    let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
    let mut all = vec![
        plan(
            "nginx",
            "nginx",
            vec!["-c".into(), path(scratch, "nginx.conf")],
            10001,
        ),
        plan(
            "HAProxy",
            "haproxy",
            vec!["-db".into(), "-f".into(), path(scratch, "haproxy.cfg")],
            10002,
        ),
        plan("Signalbox", &signalbox, words("serve --config"), 10020),
        plan(
            "Envoy",
            "envoy",
            words("--concurrency 1 --disable-hot-restart -l warn -c"),
            10000,
        ),
        plan(
            "LiteLLM",
            &litellm,
            words("--host 127.0.0.1 --port 4000 --num_workers 1 --config"),
            4000,
        ),
    ];
    for (plan, file) in all
        .iter_mut()
        .skip(2)
        .zip(["signalbox.yaml", "envoy.yaml", "litellm.yaml"])
    {
        plan.arguments.push(path(scratch, file));
    }
    for plan in &mut all {
        match plan.name {
            "Signalbox" => plan.key = "gtak_bench",
            "LiteLLM" => plan.patience = Duration::from_secs(120),
            _ => {}
        }
    }
    all
}

fn plan(name: &'static str, program: &str, arguments: Vec<String>, port: u16) -> Plan {
    let key = "sk-bench-5f2c9a7e41d04b0e8a6c3d";
    let patience = Duration::from_secs(20);
    Plan {
        name,
        program: program.into(),
        arguments,
        port,
        key,
        patience,
    }
}

fn path(scratch: &Scratch, name: &str) -> String {
    scratch.file(name).display().to_string()
}

fn start(scratch: &Scratch, plan: &Plan) -> anyhow::Result<Contender> {
    let address = format!("127.0.0.1:{}", plan.port);
    if TcpStream::connect(&address).is_ok() {
        bail!("{address} is taken: {} cannot start", plan.name);
    }
    let child = Command::new(&plan.program)
        .args(&plan.arguments)
        .env("BENCH_GT_KEY", "gtak_bench_upstream")
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", plan.name))?;
    let contender = Contender {
        name: plan.name,
        url: format!("http://{address}/v1/chat/completions"),
        key: plan.key,
        script: scratch.file("chat.lua"),
        process: Some(child),
    };
    await_port(&address, plan.patience).with_context(|| format!("{} did not start", plan.name))?;
    Ok(contender)
}

fn await_port(address: &str, patience: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + patience;
    while TcpStream::connect(address).is_err() {
        if Instant::now() > deadline {
            bail!("nothing listens on {address}");
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
