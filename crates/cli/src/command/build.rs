//! `signalbox build`: a document, or a guest's core module, to a component.

use std::path::PathBuf;

use signalbox_compiler::{Role, Wasi, role, wrap};
use signalbox_runtime::snapshot::{Begun, begun};

use crate::{
    component_file::{ComponentFile, Written},
    exit::{Exit, Misused},
    given_values::GivenValues,
    output,
    policy_file::{GtRoutesFile, PolicyFile},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A policy document, a guest's core module, or a component to add cases to.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    made: ComponentFile,
    /// Put a stub of WASI 0.1 into the component of a core module that imports it: a clock that
    /// counts, no files, nothing random.
    #[arg(long)]
    stub_wasi: bool,
    /// Begin the module now, and put into the component what that has left in memory: a fresh instance
    /// begins there.
    #[arg(long, requires = "stub_wasi")]
    snapshot: bool,
    #[command(flatten)]
    values: GivenValues,
    #[command(flatten)]
    gt_routes: GtRoutesFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let Some(file) = PolicyFile::read(&arguments.file, &values)? else {
        return Ok(Exit::InvalidPolicy);
    };
    if !file.fits_gt_routes(&arguments.file, &arguments.gt_routes)? {
        return Ok(Exit::InvalidPolicy);
    }
    let component = arguments.component(file)?;
    if role(&component)? == Role::Wrapper {
        output::talk("it asks another policy: `signalbox compose` puts it before one");
    }
    Ok(match arguments.made.write(component)? {
        Written::Yes => Exit::Ok,
        Written::No => Exit::InvalidPolicy,
    })
}

impl Arguments {
    fn component(&self, file: PolicyFile) -> anyhow::Result<Vec<u8>> {
        match file {
            PolicyFile::CoreModule(module) if self.snapshot => {
                let stubs: Vec<_> = signalbox_compiler::stubs().collect();
                let Begun { module, clock } = begun(&module, &stubs)?;
                Ok(wrap(&module, Wasi::Stubbed { clock })?)
            }
            PolicyFile::CoreModule(module) if self.stub_wasi => Ok(wrap(&module, Wasi::STUBBED)?),
            PolicyFile::CoreModule(module) => Ok(wrap(&module, Wasi::Refused)?),
            _ if self.stub_wasi => {
                let file = self.file.display();
                let error = format!("{file} is no core module; `--stub-wasi` is for those alone");
                Err(Misused(error).into())
            }
            other => other.into_component(),
        }
    }
}
