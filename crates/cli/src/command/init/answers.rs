//! What has to be known of GT: as it is given, or asked for on a terminal.

use std::{
    env, fs,
    io::{self, BufRead as _, IsTerminal as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use signalbox_gate::{Secret, is_loopback};
use signalbox_host::config::UpstreamUrl;
use signalbox_http_client::Scheme;

use super::Arguments;
use crate::{exit::Misused, output};

/// What has to be known of GT.
pub(super) struct Answers {
    pub(super) gt: UpstreamUrl,
    pub(super) is_plaintext: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) key: GtKey,
}

/// A GT key, and where a host finds it.
pub(super) struct GtKey {
    pub(super) secret: Secret,
    pub(super) place: KeyPlace,
}

/// Where a host finds a GT key.
pub(super) enum KeyPlace {
    /// In a file that is there.
    File(PathBuf),
    /// In its environment.
    Variable,
    /// In a file that is written with the others.
    Written(String),
}

impl Answers {
    pub(super) fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        let text = match &arguments.gt {
            Some(text) => text.clone(),
            None => asked(
                "GT's base, as in https://tenant.example:3002/api/tenant: ",
                "--gt",
            )?,
        };
        let gt = UpstreamUrl::parse(text.trim());
        let gt = gt.map_err(|error| Misused(format!("--gt {}: {error}", text.trim())))?;
        let is_far = gt.origin.scheme == Scheme::Http && !is_loopback(gt.origin.host.as_str());
        if is_far && !arguments.plaintext {
            let help = "plain http would send the GT key in the clear: use https, or --plaintext";
            return Err(Misused(format!("--gt {gt}: {help}")).into());
        }
        Ok(Self {
            key: GtKey::of(arguments.key_file.as_deref())?,
            ca_file: arguments.ca_file.as_deref().map(absolute).transpose()?,
            is_plaintext: is_far,
            gt,
        })
    }
}

impl GtKey {
    fn of(file: Option<&Path>) -> anyhow::Result<Self> {
        let (text, place) = match (file, env::var(VARIABLE)) {
            (Some(path), _) => {
                let name = path.display();
                let text = fs::read_to_string(path);
                let text = text.with_context(|| format!("cannot read {name}"))?;
                (text, KeyPlace::File(absolute(path)?))
            }
            (None, Ok(text)) => (text, KeyPlace::Variable),
            (None, Err(_)) => {
                let text = hidden("A GT inference key of this tenant (not shown): ")?;
                (text.clone(), KeyPlace::Written(text))
            }
        };
        let secret = Secret::read(&text).context("the GT key cannot be used")?;
        Ok(Self { secret, place })
    }
}

/// A configuration may be read from elsewhere than here.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()))
}

fn asked(question: &str, flag: &str) -> anyhow::Result<String> {
    check_terminal(flag)?;
    output::talk(question);
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line)?;
    ensure!(read > 0, "nothing was answered");
    Ok(line)
}

fn hidden(question: &str) -> anyhow::Result<String> {
    check_terminal(&format!("--key-file or {VARIABLE}"))?;
    Ok(rpassword::prompt_password(question)?)
}

/// Nobody answers where nobody reads.
fn check_terminal(flag: &str) -> anyhow::Result<()> {
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Misused(format!(
        "{flag} is needed where there is no terminal to ask on"
    ))
    .into())
}

pub(super) const VARIABLE: &str = "SIGNALBOX_GT_INFERENCE";
