//! Gateways beside plain proxies: one with components, and those that read what a model is asked.

use std::time::Duration;

use anyhow::ensure;

use super::{Making, configured, plan, version_of};
use crate::{
    bench::proxies::{
        install::Venv,
        plan::{Plan, Port},
    },
    process::{has, root},
};

/// It is built from source by who wants it here: no registry has its program.
pub(super) fn plecto(making: &mut Making<'_>) -> anyhow::Result<Plan> {
    ensure!(
        has("plecto"),
        "no `plecto` is on the path (cargo install plecto)"
    );
    let (port, config) = configured(making, "plecto.toml")?;
    let mut plan = plan("plecto", &[&config, &format!("127.0.0.1:{port}")], port);
    plan.version = version_of("plecto", "--version")?;
    plan.environment = vec![("TOKIO_WORKER_THREADS", "1".to_owned())];
    // It prints a line for each request and cannot be told not to.
    plan.logs = false;
    Ok(plan)
}

pub(super) fn tensorzero(making: &mut Making<'_>) -> anyhow::Result<Plan> {
    let venv = Venv::ready("tensorzero", &["tensorzero==2026.6.0"], making.install)?;
    let script = making.scratch.fill("tensorzero.py", "gateway.py", &[])?;
    let (port, config) = configured(making, "tensorzero.toml")?;
    let mut plan = plan(&venv.program("python"), &[&script, &config], port);
    plan.port = Port::Printed;
    plan.version = "2026.6.0".to_owned();
    plan.path = "/openai/v1/chat/completions";
    plan.model = "tensorzero::model_name::gpt-4o";
    plan.environment = vec![("TOKIO_WORKER_THREADS", "1".to_owned())];
    Ok(plan)
}

pub(super) fn smg(making: &mut Making<'_>) -> anyhow::Result<Plan> {
    let venv = Venv::ready("smg", &["smg==1.13.0"], making.install)?;
    let (port, metrics) = (making.scratch.port()?, making.scratch.port()?);
    let words = format!(
        "launch --host 127.0.0.1 --port {port} --backend openai \
         --worker-urls http://127.0.0.1:{} --policy round_robin --disable-retries \
         --history-backend none --prometheus-host 127.0.0.1 --prometheus-port {metrics} \
         --log-level warn",
        making.scratch.upstream().0
    );
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut plan = plan(&venv.program("smg"), &words, port);
    plan.version = "1.13.0".to_owned();
    plan.environment = vec![("TOKIO_WORKER_THREADS", "1".to_owned())];
    Ok(plan)
}

pub(super) fn litellm(making: &mut Making<'_>) -> anyhow::Result<Plan> {
    let of_the_tests = root().join(".cache/python/bin/litellm");
    let program = if of_the_tests.exists() {
        of_the_tests.display().to_string()
    } else {
        let package = format!("litellm[proxy]=={LITELLM}");
        Venv::ready("litellm", &[&package], making.install)?.program("litellm")
    };
    let (port, config) = configured(making, "litellm.yaml")?;
    let number = port.to_string();
    let words = [
        "--host",
        "127.0.0.1",
        "--port",
        &number,
        "--num_workers",
        "1",
        "--config",
        &config,
    ];
    let mut plan = plan(&program, &words, port);
    plan.version = LITELLM.to_owned();
    plan.environment = vec![("LITELLM_LOCAL_MODEL_COST_MAP", "True".to_owned())];
    plan.patience = Duration::from_secs(180);
    // Uvicorn prints a line for each request.
    plan.logs = false;
    Ok(plan)
}

const LITELLM: &str = "1.106.2";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn litellm_is_the_one_that_the_tests_use() {
        let pins = fs::read_to_string(root().join("tests/clients/requirements.txt")).unwrap();
        let pin = format!("litellm=={LITELLM}");
        assert!(pins.lines().any(|line| line == pin), "{pin}");
    }
}
