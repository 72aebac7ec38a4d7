//! `signalbox compose`: a wrapper before a policy, as one component.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::{
    component_file::{ComponentFile, Written},
    exit::{Exit, Misused},
    given_values::GivenValues,
    policy_file::PolicyFile,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A component that asks another policy, of the world `signalbox-wrapper`.
    #[arg(value_name = "OUTER.wasm")]
    outer: PathBuf,
    /// What it asks: a component, or a policy document.
    #[arg(value_name = "INNER")]
    inner: PathBuf,
    #[command(flatten)]
    made: ComponentFile,
    #[command(flatten)]
    values: GivenValues,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let outer = outer(&arguments.outer)?;
    let inner = read(&arguments.inner)?;
    if let given @ (Given::Nothing | Given::Text | Given::Bytes) = Given::of(&inner) {
        return Err(misused(&arguments.inner, given, INNER));
    }
    let Some(inner) = PolicyFile::of_file(&arguments.inner, inner, &values)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let inner = component(inner, &arguments.inner)?;
    let composed = signalbox_compiler::compose(&outer, &inner)?;
    Ok(match arguments.made.write(composed)? {
        Written::Yes => Exit::Ok,
        Written::No => Exit::InvalidPolicy,
    })
}

fn component(file: PolicyFile, path: &Path) -> anyhow::Result<Vec<u8>> {
    file.into_component()
        .with_context(|| path.display().to_string())
}

/// No document asks another policy: what is read is a component, or is not taken.
fn outer(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = read(path)?;
    match Given::of(&bytes) {
        Given::Component => Ok(bytes),
        Given::CoreModule => component(PolicyFile::CoreModule(bytes), path),
        given => Err(misused(path, given, OUTER)),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn misused(path: &Path, given: Given, wanted: &str) -> anyhow::Error {
    Misused(format!("{} is {given}; {wanted}", path.display())).into()
}

const OUTER: &str = "what comes first is a component that asks another policy: build it for the world \
                     `signalbox-wrapper` of wit/0.2.0";
const INNER: &str = "what comes second is the policy that is asked: a component, or a document, which begins with \
                     `policy: NAME`";

/// What somebody gives, told from its bytes.
#[derive(Clone, Copy)]
enum Given {
    Component,
    CoreModule,
    Document,
    Nothing,
    Text,
    Bytes,
}

impl Given {
    fn of(bytes: &[u8]) -> Self {
        if let Some(version) = bytes.strip_prefix(b"\0asm") {
            return match version.starts_with(&[1, 0, 0, 0]) {
                true => Self::CoreModule,
                false => Self::Component,
            };
        }
        match std::str::from_utf8(bytes) {
            Ok("") => Self::Nothing,
            Ok(text) if text.lines().any(names_a_policy) => Self::Document,
            Ok(_) => Self::Text,
            Err(_) => Self::Bytes,
        }
    }
}

/// Whether a line is the one that every document has, in YAML or in JSON. What else a document says, and gets wrong, is
/// told by whoever reads it.
fn names_a_policy(line: &str) -> bool {
    let line = line.trim_start_matches(['{', ' ', '\t', '"', '\'']);
    let rest = line.strip_prefix("policy");
    rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
}

impl fmt::Display for Given {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Component => "a component",
            Self::CoreModule => "a core module",
            Self::Document => "a policy document",
            Self::Nothing => "empty",
            Self::Text => "neither WebAssembly nor a policy document",
            Self::Bytes => "neither WebAssembly nor text",
        })
    }
}
