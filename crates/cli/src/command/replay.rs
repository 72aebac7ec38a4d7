//! `signalbox replay`: what of the requests in a log, or in a HAR file, a candidate would decide otherwise.
//! What neither holds is said, and not guessed.

mod answer;
mod compare;
mod har;
mod log;
mod request;
mod secret;
mod source;
mod summary;
mod text;

use std::path::PathBuf;

use anyhow::Context as _;
use signalbox_gate::keyring::Keyring;
use signalbox_host::load_keyring;

use crate::{
    compile, exit::Exit, given_values::GivenValues, loaded_policy::LoadedPolicy, named, output,
    show,
};
use request::{Request, Untold};
use source::Source;
use summary::Summary;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Exit codes: 0 the same, 1 nothing could be compared, 5 something would be decided otherwise.\n\n\
    Examples:\n  \
    signalbox replay host.log candidate.yaml --keys keys.yaml\n  \
    signalbox replay recorded.har candidate.yaml --keys keys.yaml --key litellm-prod")]
pub(crate) struct Arguments {
    /// A host's log with decisions, or records, one a line, or a HAR file; `-` is stdin.
    #[arg(value_name = "LOG|FILE.har")]
    log: PathBuf,
    /// The policy to ask: a document or a component.
    candidate: PathBuf,
    /// The keyring: a log does not hold all that keys may do.
    #[arg(long, value_name = "KEYS.yaml")]
    keys: Option<PathBuf>,
    /// The key of requests in a HAR file whose tokens are none of the keyring's.
    #[arg(long, value_name = "ID", requires = "keys")]
    key: Option<String>,
    /// Only what this policy decided.
    #[arg(long, value_name = "NAME", value_parser = named::name)]
    policy: Option<String>,
    #[command(flatten)]
    values: GivenValues,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Who may have asked.
struct Keys<'a> {
    keyring: Option<Keyring>,
    default: Option<&'a str>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let keys = keys(arguments)?;
    let runtime = compile::runtime()?;
    let candidate = LoadedPolicy::read(&arguments.candidate, &values, &runtime)?;
    let Some(candidate) = candidate else {
        return Ok(Exit::InvalidPolicy);
    };
    let mut summary = Summary::default();
    let mut told = |request: Result<Request, Untold>| match request {
        Err(untold) => summary.untold(untold),
        Ok(request) => compare::play(&candidate.plugin, request, &mut summary),
    };
    let name = arguments.log.display().to_string();
    match source::open(&arguments.log)? {
        Source::Har(bytes) => har::read(&bytes, &name, &keys, &mut told)?,
        Source::Lines(mut lines) => {
            let policy = arguments.policy.as_deref();
            log::read(&mut lines, &name, &keys, policy, &mut told)?;
        }
    }
    if arguments.json {
        output::json(&summary.to_json(&candidate))?;
    } else {
        output::data(&text::of(&summary, &candidate))?;
    }
    if !summary.is_any() {
        output::problem(&nothing(&summary, arguments.policy.as_deref()));
        return Ok(Exit::Failed);
    }
    Ok(match summary.differs() {
        true => Exit::Differs,
        false => Exit::Ok,
    })
}

fn keys(arguments: &Arguments) -> anyhow::Result<Keys<'_>> {
    let keyring = match &arguments.keys {
        None => None,
        Some(path) => {
            let name = path.display();
            Some(load_keyring(path).with_context(|| format!("cannot use {name}"))?)
        }
    };
    if let (Some(id), Some(keyring)) = (&arguments.key, &keyring) {
        keyring
            .key(id)
            .with_context(|| format!("the keyring has no key `{id}`"))?;
    }
    Ok(Keys {
        keyring,
        default: arguments.key.as_deref(),
    })
}

/// That nothing was compared, and what is missing.
fn nothing(summary: &Summary, policy: Option<&str>) -> String {
    let why = match (summary.lacking(), policy) {
        (Some((why, count)), _) => {
            let all = show::count(summary.untold.values().sum(), "request");
            format!("{count} of {all} not replayed: {}", why.word())
        }
        (None, Some(name)) => format!("no decision is of the policy `{name}`"),
        (None, None) => "no request is there".to_owned(),
    };
    format!("nothing could be compared; {why}")
}
