//! `signalbox init`: from a tenant's base and a GT key to a configuration, a keyring and a tested policy.
//! Nothing is written before all of it is known to load, and nothing that is there is overwritten.

mod answers;
mod files;
mod tenant;
mod texts;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::ensure;
use serde_json::json;
use signalbox_policy::presets::Preset;
use signalbox_runtime::LoadOptions;

use crate::{compile, exit::Exit, output, policy_file::PolicyFile, show};
use answers::Answers;
use files::Files;
use texts::Texts;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    On a terminal it asks for what is not given. The GT key comes from --key-file, else from \
    SIGNALBOX_GT_INFERENCE.\n\n\
    Example:\n  \
    signalbox init gate --gt https://tenant.example:3002/api/tenant --key-file gt.key")]
pub(crate) struct Arguments {
    /// Where the files go; it is made if it is not there.
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// GT's base.
    #[arg(long, value_name = "URL")]
    gt: Option<String>,
    /// The file with a GT inference key; the configuration names it.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Certificates to trust for GT, in place of the system's.
    #[arg(long, value_name = "PEM")]
    ca_file: Option<PathBuf>,
    /// Allow http to a GT that is not this machine: keys then cross the network in the clear.
    #[arg(long)]
    plaintext: bool,
    /// What the first client is, as GT's wizard calls it.
    #[arg(long, value_name = "PRESET", default_value = "chat-client", value_parser = presets())]
    client: String,
    /// What the first client's key is called.
    #[arg(long, value_name = "ID", default_value = "first")]
    id: String,
    /// Where clients will connect.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where operators will connect.
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    admin: SocketAddr,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let files = Files::new(&arguments.folder)?;
    let Some(preset) = Preset::from_word(&arguments.client) else {
        anyhow::bail!("`{}` is no preset", arguments.client)
    };
    let answers = Answers::of(arguments)?;
    let published = tenant::published(&answers)?;
    output::talk(&format!(
        "{} publishes {} to this key: {}",
        answers.gt,
        show::count(u64::try_from(published.len()).unwrap_or(u64::MAX), "name"),
        shown(&published)
    ));
    let published = tenant::usable(published)?;
    let tokens = Tokens {
        client: files::token("gtak_")?,
        admin: files::token("")?,
    };
    let texts = Texts::new(arguments, &answers, preset, &published, &tokens)?;
    check(&texts)?;
    files.write(&texts, &answers)?;
    say(arguments, &files, &tokens.client)?;
    Ok(Exit::Ok)
}

/// What opens the new host.
struct Tokens {
    client: String,
    admin: String,
}

/// What is written is what loads, and does what its cases say.
fn check(texts: &Texts) -> anyhow::Result<()> {
    let file = PolicyFile::check(texts::POLICY, texts.policy.clone())?;
    let Some(file) = file else {
        anyhow::bail!("what the tenant publishes makes no policy")
    };
    let runtime = compile::runtime()?;
    let plugin = runtime.load(&file.into_component()?, &LoadOptions::default())?;
    let report = signalbox_cases::run(&plugin, &signalbox_cases::carried_cases(&plugin)?);
    ensure!(report.passed(), "the cases fail:\n{}", report.to_text());
    Ok(())
}

/// The token on stdout, everything else on stderr.
fn say(arguments: &Arguments, files: &Files, token: &str) -> anyhow::Result<()> {
    let [config, keys, policy, admin] = files.written().map(|path| path.display().to_string());
    let next = format!("signalbox test {policy} && signalbox serve --config {config}");
    if arguments.json {
        return output::json(&json!({
            "files": [config, keys, policy, admin],
            "key": arguments.id,
            "token": token,
            "next": next,
        }));
    }
    output::talk(&format!("wrote {config}, {keys}, {policy} and {admin}"));
    output::talk(&format!("next: {next}"));
    output::talk(&format!(
        "then: curl http://{}/v1/models -H \"authorization: Bearer $TOKEN\"",
        arguments.listen
    ));
    output::talk(&format!(
        "and: signalbox status --admin http://{} --token-file {admin}",
        arguments.admin
    ));
    output::talk(&format!(
        "the token of `{}`, shown this once, on stdout:",
        arguments.id
    ));
    output::data(token)
}

fn shown(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_SHOWN);
    let shown: Vec<_> = names
        .iter()
        .take(MOST_SHOWN)
        .map(|name| show::plain(name))
        .collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Those whose keys need no GT key but the inference key.
fn presets() -> Vec<&'static str> {
    let all = Preset::ALL.iter();
    let of_inference = all.filter(|preset| preset.purpose == signalbox_policy::Purpose::Inference);
    of_inference.map(|preset| preset.word).collect()
}

const MOST_SHOWN: usize = 10;
