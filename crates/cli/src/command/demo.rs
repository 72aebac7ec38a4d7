//! `signalbox demo`: simulator and host in one process, with keys to try. Nothing else is needed.

mod secrets;
mod welcome;

use std::{fs, net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use signalbox_gate::{Digest, Secret};
use signalbox_gt_sim::{Simulator, Tenant};
use signalbox_host::{
    BindError, Host,
    config::{AdminConfig, Config, CredentialSource, KeySource, Span, UpstreamUrl},
};
use signalbox_runtime::Cache;

use crate::{
    compile,
    exit::{Exit, Misused},
    given_values::GivenValues,
    logging::{self, Reader},
    output,
    policy_file::PolicyFile,
    shutdown, transaction,
};
use secrets::Secrets;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where clients connect; off loopback the demo makes fresh secrets.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where operators connect.
    #[arg(long, default_value = DEFAULT_ADMIN, value_name = "ADDRESS")]
    admin: SocketAddr,
    /// A policy document or component to put behind every key.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    values: GivenValues,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    run_telling(arguments, &|_| {})
}

/// Runs it, and tells where operators connect, once they can.
pub(super) fn run_telling(
    arguments: &Arguments,
    tell: &dyn Fn(SocketAddr),
) -> anyhow::Result<Exit> {
    let Some(policies) = policies(arguments)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let is_private = arguments.listen.ip().is_loopback() && arguments.admin.ip().is_loopback();
    let secrets = if is_private {
        Secrets::published()?
    } else {
        Secrets::fresh()?
    };
    let _flush = logging::start(Reader::Person);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(arguments, policies, &secrets, tell))
}

/// What the policies are called that it serves.
pub(super) fn policy_names() -> [&'static str; 2] {
    RUNBOOKS.map(|(name, _)| name)
}

async fn serve(
    arguments: &Arguments,
    Policies(policies): Policies,
    secrets: &Secrets,
    tell: &dyn Fn(SocketAddr),
) -> anyhow::Result<Exit> {
    let [inference, upload, conversation] = &secrets.gt;
    let tenant = Tenant::demo_with_keys(inference, upload, conversation);
    let simulator = Simulator::bind(SocketAddr::from(([127, 0, 0, 1], 0)), tenant)
        .await
        .context("cannot start the simulator")?;
    let gt = simulator.local_addr();
    let config = configuration(arguments, secrets, gt)?;
    let host = match Host::bind(config, policies).await {
        Ok(host) => host,
        Err(error) => return unbound(error),
    };
    let admin = host.admin_addr().unwrap_or(arguments.admin);
    output::data(&welcome::text(
        host.local_addr().unwrap_or(arguments.listen),
        admin,
        gt,
        secrets,
        arguments.policy.as_deref(),
    ))?;

    tell(admin);

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let simulating = simulator.run(async {
        let _ = stopped.await;
    });
    let serving = async {
        let exit = host.run(shutdown::requested()?).await?;
        drop(stop);
        anyhow::Ok(exit)
    };
    let ((), exit) = tokio::join!(simulating, serving);
    exit.map(|_| Exit::Ok)
}

fn unbound(error: BindError) -> anyhow::Result<Exit> {
    match error {
        BindError::Policy { name, cause } => Ok(transaction::not_started(&name, cause)),
        error => Err(error).context(
            "cannot start the host; if the port is taken, choose others with --listen and --admin",
        ),
    }
}

fn configuration(
    arguments: &Arguments,
    secrets: &Secrets,
    gt: SocketAddr,
) -> anyhow::Result<Config> {
    let url = UpstreamUrl::parse(&format!("http://{gt}/api/tenant"))?;
    let mut config = Config::new(url, KeySource::Text(secrets.keyring()));
    config.listen = Some(arguments.listen);
    let mut admin = AdminConfig::new(arguments.admin);
    admin.operate_token = Some(Digest::of(&secrets.admin));
    config.admin = Some(admin);
    for (name, secret) in ["inference", "upload", "conversation"]
        .iter()
        .zip(&secrets.gt)
    {
        let secret = Secret::read(secret)?;
        config
            .upstream
            .credentials
            .insert((*name).into(), CredentialSource::Given(secret));
    }
    config.compile = compile::in_child()?;
    config.code_cache = code_cache();
    // Nobody waits for a load balancer to notice that a demo ends.
    config.times.readiness_off = Span::ZERO;
    Ok(config)
}

/// Machine code of earlier demos, in the user's own cache. A demo without it takes longer to start
/// with a program as its policy, and nothing else.
fn code_cache() -> Option<Cache> {
    let folder = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    fs::create_dir_all(&caches).ok()?;
    Cache::open(&caches.join("signalbox")).ok()
}

/// Components by the name a key asks for them by.
struct Policies(Vec<(String, Vec<u8>)>);

/// The two runbooks the binary carries, or the operator's policy in place of both.
fn policies(arguments: &Arguments) -> anyhow::Result<Option<Policies>> {
    if arguments.policy.is_none() && !arguments.values.is_empty() {
        return Err(Misused("values are for a document; name it with --policy".into()).into());
    }
    let Some(values) = arguments.values.read()? else {
        return Ok(None);
    };
    let mut policies = Vec::new();
    for (name, runbook) in RUNBOOKS {
        let file = match &arguments.policy {
            Some(path) => PolicyFile::read(path, &values)?,
            None => PolicyFile::check(name, runbook.to_owned())?,
        };
        let Some(file) = file else { return Ok(None) };
        policies.push((name.to_owned(), file.into_component()?));
    }
    Ok(Some(Policies(policies)))
}

/// Where commands look for a host that nobody told them the address of.
pub(super) const DEFAULT_ADMIN: &str = "127.0.0.1:8081";

const RUNBOOKS: [(&str, &str); 2] = [
    (
        "litellm",
        include_str!("../../../../plugins/runbooks/litellm.yaml"),
    ),
    (
        "full",
        include_str!("../../../../plugins/runbooks/full.yaml"),
    ),
];
