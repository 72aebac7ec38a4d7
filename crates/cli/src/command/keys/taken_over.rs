//! A running host's word that it has taken over a keyring.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use signalbox_runtime::Digest;

use super::file::KeyFile;
use crate::{
    admin::{self, Client},
    show,
};

/// What of `/status` is looked at.
#[derive(Deserialize)]
struct Host {
    keyring_sha256: String,
    reasons: BTreeMap<String, String>,
}

/// Asks a host until it has taken over a file in which a key is revoked.
pub(super) fn wait(client: &Client, path: &Path, id: &str) -> anyhow::Result<()> {
    let patience = client.patience().min(LONGEST);
    let end = Instant::now() + patience;
    admin::block_on(async {
        loop {
            let host: Host = client
                .read("/status")
                .await
                .with_context(|| format!("whether a host refuses `{id}` is not known"))?;
            // Others may change the file meanwhile: what it says now is what counts.
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            if host.keyring_sha256 == Digest::of(text.as_bytes()).to_string() {
                let file = KeyFile::of(path, text)?;
                ensure!(file.key(id)?.revoked, "somebody took the mark away again");
                return Ok(());
            }
            if Instant::now() >= end {
                bail!("{}", untaken(client, path, patience, &host));
            }
            tokio::time::sleep(BETWEEN).await;
        }
    })
}

fn untaken(client: &Client, path: &Path, patience: Duration, host: &Host) -> String {
    let why = match host.reasons.get("keys") {
        Some(reason) => format!("it says: {}", show::plain(reason)),
        None => "does it read that file?".to_owned(),
    };
    format!(
        "{} has not taken over {} within {} s; {why}",
        client.address(),
        path.display(),
        patience.as_secs()
    )
}

/// A host looks each second, takes a file that stands still for another, and reads the largest in
/// five.
const LONGEST: Duration = Duration::from_secs(30);
const BETWEEN: Duration = Duration::from_millis(500);
