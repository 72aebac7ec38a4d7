//! The subcommands.

mod build;
mod candidate;
mod cases;
mod check;
mod compile_component;
mod compose;
mod conformance;
mod demo;
mod dev;
mod diff;
pub(crate) mod explain;
mod export;
mod fmt;
mod gt_sim;
mod history;
mod import;
mod init;
mod inspect;
pub(crate) mod keys;
mod lsp;
mod new;
mod replay;
mod revoke;
mod rollback;
mod schema;
mod serve;
mod sign;
mod status;
mod swap;
mod test;
mod upgrade_check;
mod why;

use crate::{compile, exit::Exit};

/// What `signalbox` can do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Run the simulator and the host on loopback, with keys to try.
    Demo(demo::Arguments),
    /// Build a plugin at each change, run its cases and serve it in a demo.
    Dev(dev::Arguments),
    /// Write a first configuration, keyring and policy for what a tenant publishes.
    Init(init::Arguments),
    /// Run the host.
    Serve(serve::Arguments),
    /// Run the host for proxies that ask it before they send a request on.
    Authz(serve::Arguments),
    /// Run the host for Envoy, which sends it each request to be processed.
    ExtProc(serve::Arguments),
    /// Write a folder to start from.
    New(new::Arguments),
    /// Compile a policy document, or wrap a guest's core module, into a component.
    Build(build::Arguments),
    /// Check policy documents and print every error and warning at once.
    Check(check::Arguments),
    /// Compile a component for the `signalbox` that started this.
    #[command(name = compile::COMMAND, hide = true)]
    CompileComponent,
    /// Put a wrapper before a policy, as one component.
    Compose(compose::Arguments),
    /// Lay documents, cases and keyrings out anew, with their comments.
    Fmt(fmt::Arguments),
    /// Run the cases of documents or components.
    Test(test::Arguments),
    /// Print a file of cases as JSON, one for each that `each` makes.
    Cases(cases::Arguments),
    /// Play the suite of exchanges against a set-up of your own.
    Conformance(conformance::Arguments),
    /// Say what changes for callers from one policy to another.
    Diff(diff::Arguments),
    /// Say what a policy is: name, digest, signer, routes, models, cases.
    Inspect(inspect::Arguments),
    /// Ask a candidate about the requests in a log or in a HAR file.
    Replay(replay::Arguments),
    /// Say how a request would be decided, and why.
    Explain(explain::Arguments),
    /// Write the configuration that a client needs to work with a key.
    Export(export::Arguments),
    /// Make a policy document of another program's configuration.
    Import(import::Arguments),
    /// Say what was decided of one request, and why.
    Why(why::Arguments),
    /// Print the JSON Schema of a kind of file, for editors.
    Schema(schema::Arguments),
    /// Serve an editor on stdin and stdout.
    Lsp(lsp::Arguments),
    /// Make, list and revoke client keys.
    Keys(keys::Arguments),
    /// Replace policies of a running host, in one transaction.
    Swap(swap::Arguments),
    /// Let an earlier generation serve again.
    Rollback(rollback::Arguments),
    /// Bring a shadow or a canary into service.
    Promote(candidate::Arguments),
    /// End a shadow or a canary.
    Withdraw(candidate::Arguments),
    /// Forbid a component for good.
    Revoke(revoke::Arguments),
    /// Show what was done to a running host's policies.
    History(history::Arguments),
    /// Show what a running host serves.
    Status(status::Arguments),
    /// Vouch for a component, or make a key to do so.
    Sign(sign::Arguments),
    /// Say what of an installation this version would not load.
    UpgradeCheck(upgrade_check::Arguments),
    /// Run the GT simulator alone.
    GtSim(gt_sim::Arguments),
}

impl Command {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::Demo(arguments) => demo::run(&arguments),
            Self::Dev(arguments) => dev::run(&arguments),
            Self::Init(arguments) => init::run(&arguments),
            Self::Serve(arguments) => serve::run(arguments),
            Self::Authz(arguments) => serve::authz(arguments),
            Self::ExtProc(arguments) => serve::ext_proc(arguments),
            Self::New(arguments) => new::run(&arguments),
            Self::Build(arguments) => build::run(&arguments),
            Self::Check(arguments) => check::run(&arguments),
            Self::CompileComponent => compile_component::run(),
            Self::Compose(arguments) => compose::run(&arguments),
            Self::Fmt(arguments) => fmt::run(&arguments),
            Self::Test(arguments) => test::run(&arguments),
            Self::Cases(arguments) => cases::run(&arguments),
            Self::Conformance(arguments) => conformance::run(&arguments),
            Self::Diff(arguments) => diff::run(&arguments),
            Self::Inspect(arguments) => inspect::run(&arguments),
            Self::Replay(arguments) => replay::run(&arguments),
            Self::Explain(arguments) => explain::run(&arguments),
            Self::Export(arguments) => export::run(&arguments),
            Self::Import(arguments) => import::run(&arguments),
            Self::Why(arguments) => why::run(&arguments),
            Self::Schema(arguments) => schema::run(&arguments),
            Self::Lsp(arguments) => lsp::run(&arguments),
            Self::Keys(arguments) => keys::run(&arguments),
            Self::Swap(arguments) => swap::run(&arguments),
            Self::Rollback(arguments) => rollback::run(&arguments),
            Self::Promote(arguments) => candidate::promote(&arguments),
            Self::Withdraw(arguments) => candidate::withdraw(&arguments),
            Self::Revoke(arguments) => revoke::run(&arguments),
            Self::History(arguments) => history::run(&arguments),
            Self::Status(arguments) => status::run(&arguments),
            Self::Sign(arguments) => sign::run(&arguments),
            Self::UpgradeCheck(arguments) => upgrade_check::run(&arguments),
            Self::GtSim(arguments) => gt_sim::run(&arguments),
        }
    }
}
