//! `signalbox sign`: says who vouches for a component, under which name, until when.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::Timestamp;
use signalbox_runtime::Digest;
use signalbox_swap::Statement;

use crate::{
    exit::{Exit, Misused},
    given_values::GivenValues,
    named, output,
    policy_file::PolicyFile,
};

mod key;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Examples:\n  \
    signalbox sign --new-key release.pem\n  \
    signalbox sign policy.wasm --key release.pem --policy default --serial 7 --not-after \
    2027-06-30T00:00:00Z\n  \
    signalbox swap policy.wasm --statement policy.wasm.statement\n\n\
    `openssl genpkey -algorithm ed25519` makes keys as well. A document is compiled first, and the \
    component signed: swap it with the same version of signalbox, or build it once and sign that.")]
pub(crate) struct Arguments {
    /// A policy document or component.
    #[arg(required_unless_present = "new_key")]
    file: Option<PathBuf>,
    /// The private key: ed25519, PEM.
    #[arg(long, value_name = "KEY.pem", required_unless_present = "new_key")]
    key: Option<PathBuf>,
    /// What the statement calls the key; without it the name of the key's file.
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// The policy name it may serve under.
    #[arg(long, value_name = "NAME", required_unless_present = "new_key", value_parser = named::name)]
    policy: Option<String>,
    /// Higher than that of every statement for that name which is not to hold any longer.
    #[arg(long, value_name = "N", required_unless_present = "new_key")]
    serial: Option<u64>,
    /// From when on hosts refuse it, as in 2027-06-30T00:00:00Z.
    #[arg(long, value_name = "TIME", required_unless_present = "new_key")]
    not_after: Option<Timestamp>,
    /// An environment it holds in, as `signatures.environment` of a host says; may be repeated.
    /// Without any it holds only where none is configured.
    #[arg(long, value_name = "NAME", value_parser = named::environment)]
    environment: Vec<String>,
    #[command(flatten)]
    values: GivenValues,
    /// Where the statement goes; without it FILE.statement, where a host looks for it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Make a key in this file, which nobody else may read, and print what hosts need to know of it.
    #[arg(long, value_name = "KEY.pem",
          conflicts_with_all = ["file", "key", "policy", "serial", "not_after", "environment", "output"])]
    new_key: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if let Some(path) = &arguments.new_key {
        return key::make(path, arguments.key_id.as_deref());
    }
    let (Some(file), Some(key), Some(policy), Some(serial), Some(not_after)) = (
        &arguments.file,
        &arguments.key,
        &arguments.policy,
        arguments.serial,
        arguments.not_after,
    ) else {
        return Err(Misused("FILE, --key, --policy, --serial and --not-after".into()).into());
    };
    if not_after <= Timestamp::now() {
        return Err(Misused(format!("--not-after {not_after} is over")).into());
    }
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let Some(content) = PolicyFile::read(file, &values)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let component = content
        .into_component()
        .with_context(|| file.display().to_string())?;
    let statement = Statement {
        digest: Digest::of(&component),
        policy: policy.clone(),
        serial,
        not_after,
        environments: (!arguments.environment.is_empty())
            .then(|| arguments.environment.iter().cloned().collect()),
    };
    let signing = key::read(key)?;
    let id = arguments.key_id.clone().unwrap_or_else(|| key::id(key));
    let mut signed = signalbox_swap::sign(&signing, &id, &statement);
    signed.push(b'\n');
    let output = arguments.output.clone().unwrap_or_else(|| beside(file));
    signalbox_files::replace(&output, &signed)?;
    let within = match &*arguments.environment.join("`, `") {
        "" => String::new(),
        names => format!(" in `{names}`"),
    };
    output::talk(&format!(
        "{}: sha256 {} may serve as `{policy}`{within} until {not_after}, serial {serial}, says `{id}`",
        output.display(),
        statement.digest
    ));
    Ok(Exit::Ok)
}

/// Where a host looks for the statement about a file.
fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".statement");
    name.into()
}
