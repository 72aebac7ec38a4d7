//! The subcommands.

mod build;
mod check;
mod demo;
mod explain;
mod gt_sim;
mod keys;
mod serve;
mod test;

use crate::exit::Exit;

/// What `signalbox` can do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Run the simulator and the host on loopback, with keys to try.
    Demo(demo::Arguments),
    /// Run the host.
    Serve(serve::Arguments),
    /// Compile a policy document, or wrap a guest's core module, into a component.
    Build(build::Arguments),
    /// Check policy documents and print every error at once.
    Check(check::Arguments),
    /// Run the cases of documents or components.
    Test(test::Arguments),
    /// Say how a request would be decided, and why.
    Explain(explain::Arguments),
    /// Make, list and revoke client keys.
    Keys(keys::Arguments),
    /// Run the GT simulator alone.
    GtSim(gt_sim::Arguments),
}

impl Command {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::Demo(arguments) => demo::run(&arguments),
            Self::Serve(arguments) => serve::run(arguments),
            Self::Build(arguments) => build::run(&arguments),
            Self::Check(arguments) => check::run(&arguments),
            Self::Test(arguments) => test::run(&arguments),
            Self::Explain(arguments) => explain::run(&arguments),
            Self::Keys(arguments) => keys::run(&arguments),
            Self::GtSim(arguments) => gt_sim::run(&arguments),
        }
    }
}
