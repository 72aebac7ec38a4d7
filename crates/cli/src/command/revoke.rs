//! `signalbox revoke`: a component never serves again.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use signalbox_policy::Values;
use signalbox_runtime::Digest;

use crate::{
    admin::{Access, Body},
    exit::{Exit, Misused},
    given_values::GivenValues,
    output,
    policy_file::PolicyFile,
    transaction::{self, Reader, Transaction},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    If it serves, the newest kept generation that is not revoked serves in its place. There is no \
    way back: to serve the same rules again, build another component.")]
pub(crate) struct Arguments {
    /// SHA-256 of the component in hexadecimal, or the file: a document is compiled first.
    #[arg(value_name = "DIGEST|FILE")]
    what: String,
    #[command(flatten)]
    values: GivenValues,
    /// Print the entry of the history as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let Some(digest) = digest(&arguments.what, &values)? else {
        return Ok(Exit::InvalidPolicy);
    };
    output::talk(&format!("revoking sha256 {digest}"));
    let transaction = Transaction {
        path: "/revoke".to_owned(),
        body: Body::Json(json!({"digest": digest})),
    };
    transaction::carry_out(&arguments.access, Reader::of(arguments.json), transaction)
}

/// A digest as it is written, or that of a file.
fn digest(what: &str, values: &Values) -> anyhow::Result<Option<String>> {
    let written = what.strip_prefix("sha256:").unwrap_or(what);
    if written.len() == 64 && written.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        if !values.is_empty() {
            return Err(
                Misused("a digest is a component's; values are for documents".into()).into(),
            );
        }
        return Ok(Some(written.to_ascii_lowercase()));
    }
    let Some(file) = PolicyFile::read(Path::new(what), values)? else {
        return Ok(None);
    };
    let component = file.into_component().with_context(|| what.to_owned())?;
    Ok(Some(Digest::of(&component).to_string()))
}
