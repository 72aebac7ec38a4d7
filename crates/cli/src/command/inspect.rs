//! `signalbox inspect`: what a policy is, whatever made it.

mod json;
mod openapi;
mod statement;
mod text;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use signalbox_cases::carried_cases;
use signalbox_host::load_keyring;
use signalbox_policy::{Caller, Case, ModelRule, Names, Purpose, tables::Tables};
use signalbox_runtime::{ComponentNames, Digest, LoadOptions, Plugin, trust};
use signalbox_swap::error_chain;

use crate::{
    compile, exit::Exit, gate_url::GateUrl, given_values::GivenValues, output,
    policy_file::PolicyFile, show,
};
use statement::Beside;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Exit codes: 0 it loads, 1 it is not signed with the given key, 3 it does not load.\n\n\
    Examples:\n  \
    signalbox inspect policy.wasm\n  \
    signalbox inspect policy.wasm --openapi --keys keys.yaml --key litellm-prod")]
pub(crate) struct Arguments {
    /// A policy document or component.
    file: PathBuf,
    #[command(flatten)]
    values: GivenValues,
    /// The public key that the statement beside the file has to be signed with.
    #[arg(long, value_name = "KEY.pem")]
    public_key: Option<PathBuf>,
    /// Print OpenAPI 3.1 of what may be called.
    #[arg(long)]
    openapi: bool,
    /// What this key may call; without it what any key may.
    #[arg(long, value_name = "ID", requires_all = ["keys", "openapi"])]
    key: Option<String>,
    /// The keyring the key is in.
    #[arg(long, value_name = "KEYS.yaml", requires = "key")]
    keys: Option<PathBuf>,
    /// Where clients reach the gate, for OpenAPI; with or without a base.
    #[arg(
        long,
        value_name = "URL",
        requires = "openapi",
        default_value = "http://127.0.0.1:8080",
        value_parser = GateUrl::parse
    )]
    server: GateUrl,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What can be told from the bytes of a component.
struct Bytes {
    file: String,
    /// Whether the file is a document, and the component what it compiles to.
    is_document: bool,
    component: Vec<u8>,
    digest: Digest,
    names: ComponentNames,
    statement: Option<Beside>,
}

/// What it says once it is loaded.
struct Loaded {
    plugin: Plugin,
    cases: Vec<Case>,
    carries: Carries,
    /// Patterns of names and what they lead to, of a policy with tables.
    patterns: Vec<(String, Option<String>)>,
}

/// Which document is in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carries {
    /// The one that compiles to this very component.
    Own,
    /// One that does not, with this version.
    Another,
    None,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let Some(content) = PolicyFile::read(&arguments.file, &values)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let Some(bytes) = bytes(arguments, content)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let loaded = compile::runtime()?.load(&bytes.component, &LoadOptions::default());
    let loaded = match loaded {
        Ok(plugin) => loaded_facts(&bytes, plugin)?,
        Err(error) => {
            if !arguments.openapi {
                print(arguments, &bytes, None)?;
            }
            let why = show::plain(&error_chain(&error));
            output::problem(&format!("{} does not load: {why}", bytes.file));
            return Ok(Exit::InvalidPolicy);
        }
    };
    if arguments.openapi {
        let caller = caller(arguments, &loaded.plugin)?;
        let key = arguments.key.as_deref();
        let described = openapi::of(
            &loaded.plugin,
            &bytes.component,
            &caller,
            key,
            &arguments.server,
        );
        output::json(&described)?;
    } else {
        print(arguments, &bytes, Some(&loaded))?;
    }
    Ok(vouched(arguments, &bytes))
}

/// Whoever gives a key wants to know of its signature by the exit code, too.
fn vouched(arguments: &Arguments, bytes: &Bytes) -> Exit {
    let is_signed = bytes.statement.as_ref().is_some_and(Beside::is_signed);
    let Some(key) = arguments.public_key.as_ref().filter(|_| !is_signed) else {
        return Exit::Ok;
    };
    output::problem(&format!(
        "no statement beside {} is one that a host which trusts {} takes",
        bytes.file,
        key.display()
    ));
    Exit::Failed
}

fn bytes(arguments: &Arguments, content: PolicyFile) -> anyhow::Result<Option<Bytes>> {
    let file = arguments.file.display().to_string();
    let is_document = matches!(content, PolicyFile::Document(_));
    let component = content.into_component().context(file.clone())?;
    let names = match ComponentNames::read(&component) {
        Ok(names) => names,
        Err(error) => {
            let why = show::plain(&error_chain(&error));
            output::problem(&format!("{file} is no component: {why}"));
            return Ok(None);
        }
    };
    let digest = Digest::of(&component);
    let public_key = arguments.public_key.as_deref().map(statement::public_key);
    let public_key = public_key.transpose()?;
    Ok(Some(Bytes {
        statement: Beside::read(&arguments.file, &digest, public_key.as_ref())?,
        file,
        is_document,
        digest,
        component,
        names,
    }))
}

fn loaded_facts(bytes: &Bytes, plugin: Plugin) -> anyhow::Result<Loaded> {
    let carries = match (
        signalbox_compiler::document_of(&bytes.component),
        plugin.source(),
    ) {
        (Some(_), _) => Carries::Own,
        (None, Some(_)) => Carries::Another,
        (None, None) => Carries::None,
    };
    let owned = |rule: ModelRule<'_>| (rule.pattern.to_owned(), rule.published.map(str::to_owned));
    let mut patterns = Vec::new();
    if let Some(tables) = tables(&plugin, &bytes.component) {
        patterns.extend(tables.patterns().map(owned));
        patterns.sort();
    }
    Ok(Loaded {
        cases: carried_cases(&plugin).context(bytes.file.clone())?,
        carries,
        patterns,
        plugin,
    })
}

/// The tables of a known engine; what another component holds in their place says nothing.
fn tables<'c>(plugin: &Plugin, component: &'c [u8]) -> Option<Tables<'c>> {
    let tables = plugin.is_trusted().then(|| trust::tables(component));
    Tables::read(tables?.ok()?).ok()
}

fn print(arguments: &Arguments, bytes: &Bytes, loaded: Option<&Loaded>) -> anyhow::Result<()> {
    match arguments.json {
        true => output::json(&json::of(bytes, loaded)),
        false => output::data(&text::of(bytes, loaded)),
    }
}

/// The key that is meant, or one that holds every purpose and scope.
fn caller(arguments: &Arguments, plugin: &Plugin) -> anyhow::Result<Caller> {
    let (Some(id), Some(path)) = (&arguments.key, &arguments.keys) else {
        return Ok(any_key(plugin));
    };
    key(path, id)
}

fn key(path: &Path, id: &str) -> anyhow::Result<Caller> {
    let name = path.display();
    let keyring = load_keyring(path).with_context(|| format!("cannot use {name}"))?;
    let key = keyring.key(id);
    let key = key.with_context(|| format!("{name} has no key `{id}`"))?;
    Ok((*key.caller).clone())
}

fn any_key(plugin: &Plugin) -> Caller {
    let routes = plugin.description().routes.iter();
    Caller {
        id: "any".into(),
        purposes: Purpose::ALL.into_iter().collect(),
        scopes: routes.flat_map(|route| route.scopes.concat()).collect(),
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    }
}
