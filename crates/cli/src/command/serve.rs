//! `signalbox serve`: the host, from a configuration file, from flags, or both.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail, ensure};
use signalbox_host::{
    BindError, Host, PolicySource,
    config::{AdminConfig, Config, CredentialSource, KeySource, UpstreamUrl},
    load_keyring,
};
use signalbox_policy::Values;
use signalbox_swap::error_chain;

use crate::{
    compile,
    exit::Exit,
    given_values::GivenValues,
    logging::{self, Reader},
    named, output,
    policy_file::PolicyFile,
    shutdown,
    sources::Documents,
    transaction,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Without --config, --upstream, --keys and --policy are needed, and GT's keys come from the \
    environment: SIGNALBOX_GT_INFERENCE, SIGNALBOX_GT_UPLOAD, SIGNALBOX_GT_CONVERSATION, those \
    that are set.")]
pub(crate) struct Arguments {
    /// The configuration; flags override it.
    #[arg(long, value_name = "signalbox.yaml", required_unless_present_all = ["upstream", "keys", "policies"])]
    config: Option<PathBuf>,
    /// A policy document, a component, or a registry's reference; the name is `default` if left
    /// out. May be repeated.
    #[arg(long = "policy", value_name = "[NAME=]FILE|oci://REF")]
    policies: Vec<String>,
    /// Start from the policies as they lie there, whatever the state folder says was live.
    #[arg(long)]
    from_source: bool,
    /// GT's base, as in `https://tenant.example:3002/api/tenant`.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The keyring.
    #[arg(long, value_name = "KEYS.yaml")]
    keys: Option<PathBuf>,
    /// Where clients connect.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where operators connect.
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    #[command(flatten)]
    values: GivenValues,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    serve(arguments, |_| Ok(()))
}

/// `signalbox authz`: the same, for a configuration with such a listener.
pub(crate) fn authz(arguments: Arguments) -> anyhow::Result<Exit> {
    serve(arguments, |config| {
        ensure!(
            config.authz.is_some(),
            "the configuration has no section `authz`; one is `authz: {{listen: unix:/run/signalbox/authz.sock}}`"
        );
        Ok(())
    })
}

/// `signalbox ext-proc`: the same, for a configuration with that listener.
pub(crate) fn ext_proc(arguments: Arguments) -> anyhow::Result<Exit> {
    serve(arguments, |config| {
        ensure!(
            config.ext_proc.is_some(),
            "the configuration has no section `ext_proc`; one is `ext_proc: {{listen: unix:/run/signalbox/ext-proc.sock}}`"
        );
        Ok(())
    })
}

fn serve(
    arguments: Arguments,
    check: impl FnOnce(&Config) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let mut config = configuration(arguments)?;
    check(&config)?;
    config.sources = Arc::new(Documents::with(values.clone()));
    refuse_demo_secrets(&config)?;
    ensure!(
        !config.policies.is_empty(),
        "no policy: every request would be refused; name one under `policies:` or with --policy"
    );
    let _flush = logging::start(Reader::Machine);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let policies = config.policies.clone();
    let has_tls = config
        .admin
        .as_ref()
        .is_some_and(|admin| admin.tls.is_some());
    runtime.block_on(async {
        let host = match Host::bind(config, Vec::new()).await {
            Ok(host) => host,
            Err(error) => return unbound(error, &policies, &values),
        };
        if let Some(address) = host.local_addr() {
            output::talk(&format!("listening on http://{address}"));
        }
        if let Some(address) = host.ext_proc_addr() {
            output::talk(&format!("ext-proc on {address}"));
        }
        if let Some(address) = host.authz_addr() {
            output::talk(&format!("authz on {address}"));
        }
        if let Some(admin) = host.admin_addr() {
            let scheme = if has_tls { "https" } else { "http" };
            output::talk(&format!("admin on {scheme}://{admin}"));
        }
        let exit = host.run(shutdown::requested()?).await?;
        Ok(if exit.cut_requests == 0 {
            Exit::Ok
        } else {
            Exit::Failed
        })
    })
}

/// Says why the host does not start: of documents, all errors of all of them.
fn unbound(
    error: BindError,
    policies: &BTreeMap<String, PolicySource>,
    values: &Values,
) -> anyhow::Result<Exit> {
    match error {
        BindError::Source { .. } => {
            let mut is_invalid = false;
            for source in policies.values() {
                if let PolicySource::File(path) = source {
                    is_invalid |= PolicyFile::read(path, values)?.is_none();
                }
            }
            if is_invalid {
                Ok(Exit::InvalidPolicy)
            } else {
                Err(error.into())
            }
        }
        BindError::Policy { name, cause } => Ok(transaction::not_started(&name, cause)),
        error => {
            let help = match &error {
                BindError::State(cause) => Some(cause.help()),
                BindError::Registry(cause) => Some(cause.help().to_owned()),
                _ => None,
            };
            output::problem(&error_chain(&error));
            if let Some(help) = help {
                output::talk(&format!("    = help: {help}"));
            }
            Ok(Exit::Failed)
        }
    }
}

fn configuration(arguments: Arguments) -> anyhow::Result<Config> {
    let upstream = arguments
        .upstream
        .map(|url| UpstreamUrl::parse(&url).context("--upstream"))
        .transpose()?;
    let mut config = match (&arguments.config, &upstream, &arguments.keys) {
        (Some(path), _, _) => {
            Config::load(path).with_context(|| format!("cannot use {}", path.display()))?
        }
        (None, Some(upstream), Some(keys)) => {
            let mut config = Config::new(upstream.clone(), KeySource::File(keys.clone()));
            config.upstream.credentials = credentials_from_environment();
            config
        }
        (None, _, _) => bail!("without --config, --upstream and --keys are needed"),
    };
    if let Some(upstream) = upstream {
        config.upstream.urls = vec![upstream];
    }
    if let Some(keys) = arguments.keys {
        config.keys = KeySource::File(keys);
    }
    if let Some(listen) = arguments.listen {
        config.listen = Some(listen);
    }
    if let Some(listen) = arguments.admin {
        match &mut config.admin {
            Some(admin) => admin.listen = listen,
            None => config.admin = Some(AdminConfig::new(listen)),
        }
    }
    for policy in &arguments.policies {
        let (name, source) = named_source(policy)?;
        config.policies.insert(name, source);
    }
    config.from_source = arguments.from_source;
    config.compile = compile::in_child()?;
    Ok(config)
}

fn named_source(policy: &str) -> anyhow::Result<(String, PolicySource)> {
    let (name, what) = named::split(policy);
    let source = PolicySource::read(what, Path::new(""));
    let source = source.with_context(|| format!("--policy {policy}"))?;
    Ok((name.unwrap_or(named::DEFAULT).to_owned(), source))
}

fn credentials_from_environment() -> BTreeMap<String, CredentialSource> {
    ["inference", "upload", "conversation"]
        .into_iter()
        .map(|name| (name, format!("SIGNALBOX_GT_{}", name.to_ascii_uppercase())))
        .filter(|(_, variable)| std::env::var_os(variable).is_some())
        .map(|(name, variable)| (name.to_owned(), CredentialSource::Env(variable)))
        .collect()
}

/// Secrets that stand in the documentation open nothing outside the demo.
pub(super) fn refuse_demo_secrets(config: &Config) -> anyhow::Result<()> {
    if let KeySource::File(path) = &config.keys {
        let keyring = load(path)?;
        if let Some(id) = keyring.demo_key() {
            bail!(
                "the key `{id}` of {} has a demo token, which everyone knows",
                path.display()
            );
        }
    }
    if config
        .admin
        .as_ref()
        .is_some_and(AdminConfig::has_demo_token)
    {
        bail!("an admin token is the demo's, which everyone knows");
    }
    Ok(())
}

fn load(path: &Path) -> anyhow::Result<signalbox_gate::keyring::Keyring> {
    load_keyring(path).with_context(|| format!("cannot use {}", path.display()))
}
