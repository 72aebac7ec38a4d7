//! `signalbox swap`: new policies for a running host, in one transaction.

mod candidate;
mod order;
mod own_name;

use signalbox_runtime::TrafficShare;
use signalbox_swap::Accept;

use crate::{
    admin::Access,
    exit::Exit,
    given_values::GivenValues,
    transaction::{self, Reader},
};

#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("mode"),
    after_help = "\
        Examples:\n  \
        signalbox swap policy.yaml                            the policy named default\n  \
        signalbox swap litellm=litellm.yaml full=full.yaml    both, or neither\n  \
        signalbox swap policy.yaml --dry-run                  every check, no change\n  \
        signalbox swap policy.yaml --shadow --promote-after 10000 --accept wider\n  \
        signalbox swap policy.yaml --canary 5%\n\n\
        A step that fails changes nothing. Exit codes: 3 if the policy is invalid, 4 if its cases \
        failed, 1 if anything else did."
)]
pub(crate) struct Arguments {
    /// A document, a component, or a reference the host pulls; without a name it is `default`, or
    /// the document's own name where the host has that and no `default`.
    #[arg(required = true, value_name = "[NAME=]FILE|oci://REF")]
    policies: Vec<String>,
    /// Do every check, and change nothing.
    #[arg(long, group = "mode")]
    dry_run: bool,
    /// Let it decide every request beside the live policy, to compare; nothing else comes of it.
    #[arg(long, group = "mode")]
    shadow: bool,
    /// Bring the shadow into service after N requests without a difference that is not accepted.
    #[arg(long, value_name = "N", requires = "shadow",
          value_parser = clap::value_parser!(u64).range(1..))]
    promote_after: Option<u64>,
    /// A difference that is meant: a kind, or `METHOD /v1/route:KIND`, where `*` is every kind; may
    /// be repeated.
    #[arg(long, value_name = "KIND", requires = "shadow", value_parser = accepted)]
    accept: Vec<String>,
    /// Let it decide for a share of the callers.
    #[arg(long, group = "mode", value_name = "P%")]
    canary: Option<TrafficShare>,
    /// Never roll this back without being asked.
    #[arg(long, conflicts_with = "dry_run")]
    pin: bool,
    /// Roll this back when it fails, also if the host cannot tell whether it narrows access: you
    /// say that it does not.
    #[arg(long, conflicts_with_all = ["dry_run", "pin"])]
    may_roll_back: bool,
    /// Cut the answers that began before; else they end by themselves.
    #[arg(long, conflicts_with = "mode")]
    cut: bool,
    /// A signed statement, as `signalbox sign` writes it; with its NAME if there are several
    /// policies.
    #[arg(long = "statement", value_name = "[NAME=]FILE")]
    statements: Vec<String>,
    /// Cases to run after its own; with the NAME if there are several policies.
    #[arg(long, value_name = "[NAME=]CASES.yaml")]
    cases: Vec<String>,
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
    let (statements, cases) = (&arguments.statements, &arguments.cases);
    let candidates = candidate::read(&arguments.policies, &values, statements, cases)?;
    let Some(mut candidates) = candidates else {
        return Ok(Exit::InvalidPolicy);
    };
    own_name::settle(&arguments.access, &mut candidates)?;
    let reader = Reader::of(arguments.json);
    let transaction = order::transaction(arguments, candidates)?;
    transaction::carry_out(&arguments.access, reader, transaction)
}

/// Checked here, sent as it is written.
fn accepted(text: &str) -> Result<String, signalbox_swap::BadAccept> {
    text.parse::<Accept>().map(|_| text.to_owned())
}
