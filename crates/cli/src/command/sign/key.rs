//! A key to sign with.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{
    SigningKey,
    pkcs8::{EncodePrivateKey as _, KeypairBytes, spki::der::pem::LineEnding},
};
use signalbox_swap::error_chain;

use crate::{exit::Exit, output};

/// Makes a key. The file is new and ours alone; the public half goes to stdout, as an entry of
/// `signatures.signers`.
pub(super) fn make(path: &Path, key_id: Option<&str>) -> anyhow::Result<Exit> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the operating system gives no random bytes")?;
    let public = SigningKey::from_bytes(&random).verifying_key();
    // Without the public half, as openssl writes it: older ones do not read the longer form.
    let pem = KeypairBytes {
        secret_key: random,
        public_key: None,
    }
    .to_pkcs8_pem(LineEnding::LF)
    .context("cannot write the key in PEM form")?;
    let failed = || format!("cannot make {}", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(failed)?;
    file.write_all(pem.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(failed)?;
    let id = key_id.map_or_else(|| id(path), str::to_owned);
    output::data(&format!(
        "{id}:\n  key: {}\n  policies: all",
        STANDARD.encode(public.as_bytes())
    ))?;
    output::talk(&format!(
        "{} holds the private key; add the entry under `signatures.signers` of each host, with \
         the policies it may vouch for",
        path.display()
    ));
    Ok(Exit::Ok)
}

/// Reads a key to sign with.
pub(super) fn read(path: &Path) -> anyhow::Result<SigningKey> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    signalbox_swap::signing_key(&text).map_err(|error| {
        let help = error.help();
        let why = error_chain(&error);
        anyhow::anyhow!("{}: {why}; {help}", path.display())
    })
}

/// What a key is called after its file.
pub(super) fn id(path: &Path) -> String {
    path.file_stem().map_or_else(
        || "key".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}
