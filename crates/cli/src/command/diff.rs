//! `signalbox diff`: what changes for callers when one policy takes the place of another.

mod text;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use signalbox_host::load_keyring;
use signalbox_policy::{Caller, Names, Purpose, presets::Preset};
use signalbox_runtime::Plugin;
use signalbox_swap::{Asked, Change, ComparedBy, Effect, PolicyDiff};

use crate::{
    compile, exit::Exit, given_values::GivenValues, loaded_policy::LoadedPolicy, named, output,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    Exit codes: 0 nothing changes for callers, 5 something does.\n\n\
    Examples:\n  \
    signalbox diff serving.wasm policy.yaml\n  \
    signalbox diff serving.wasm policy.yaml --keys keys.yaml --json")]
pub(crate) struct Arguments {
    /// The policy that is there: a document or a component.
    old: PathBuf,
    /// The policy that is to take its place.
    new: PathBuf,
    /// Say it for each key of this keyring, too.
    #[arg(long, value_name = "KEYS.yaml")]
    keys: Option<PathBuf>,
    /// Of the keyring, only the keys that this policy decides for.
    #[arg(long, value_name = "NAME", requires = "keys", value_parser = named::name)]
    policy: Option<String>,
    #[command(flatten)]
    values: GivenValues,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What was found.
struct Found {
    old: LoadedPolicy,
    new: LoadedPolicy,
    by: ComparedBy,
    stated: Vec<Change>,
    callers: Vec<Caller>,
    /// Whether the callers are those of no keyring.
    are_presets: bool,
    asked: Asked,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let callers = match &arguments.keys {
        Some(path) => Some(callers(path, arguments.policy.as_deref())?),
        None => None,
    };
    let runtime = compile::runtime()?;
    let read = |path: &Path| LoadedPolicy::read(path, &values, &runtime);
    let (Some(old), Some(new)) = (read(&arguments.old)?, read(&arguments.new)?) else {
        return Ok(Exit::InvalidPolicy);
    };
    let found = compare(old, new, callers);
    if arguments.json {
        output::json(&to_json(&found))?;
    } else {
        output::data(&text::of(&found))?;
    }
    Ok(match found.changes().next() {
        None => Exit::Ok,
        Some(_) => Exit::Differs,
    })
}

/// A program says little of itself: without a keyring it is asked as the presets' keys would.
fn compare(old: LoadedPolicy, new: LoadedPolicy, callers: Option<Vec<Caller>>) -> Found {
    let diff = PolicyDiff::new(
        (old.plugin.clone(), &old.component),
        (new.plugin.clone(), &new.component),
    );
    let (by, stated) = diff.stated();
    let are_presets = callers.is_none();
    let callers = match (callers, by) {
        (Some(callers), _) => callers,
        (None, ComparedBy::Tables) => Vec::new(),
        (None, ComparedBy::Description) => of_presets([&old.plugin, &new.plugin]),
    };
    let asked = diff.ask(&callers, MOST_DECISIONS);
    Found {
        old,
        new,
        by,
        stated,
        callers,
        are_presets,
        asked,
    }
}

/// The keys that may be used, in the order of their identifiers.
fn callers(path: &Path, policy: Option<&str>) -> anyhow::Result<Vec<Caller>> {
    let name = path.display();
    let keyring = load_keyring(path).with_context(|| format!("cannot use {name}"))?;
    let keys = keyring.iter().filter(|key| !key.revoked);
    let keys = keys.filter(|key| policy.is_none_or(|policy| key.policy == policy));
    let mut callers: Vec<_> = keys.map(|key| (*key.caller).clone()).collect();
    callers.sort_by(|one, other| one.id.cmp(&other.id));
    if callers.is_empty() {
        anyhow::bail!("{name} has no key that would be decided for");
    }
    Ok(callers)
}

/// A key of each preset, and one with every purpose and every scope that some route asks for.
fn of_presets(plugins: [&Plugin; 2]) -> Vec<Caller> {
    let caller = |id: String, purposes: &[Purpose], scopes: Vec<String>| Caller {
        id,
        purposes: purposes.iter().copied().collect(),
        scopes,
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    };
    let presets = Preset::ALL.iter().map(|preset| {
        let scopes = preset.scopes.iter().map(|&scope| scope.to_owned());
        let id = format!("preset {}", preset.word);
        caller(id, &[preset.purpose], scopes.collect())
    });
    let routes = plugins.into_iter().flat_map(|it| &it.description().routes);
    let mut scopes: Vec<_> = routes.flat_map(|route| route.scopes.concat()).collect();
    scopes.sort();
    scopes.dedup();
    let all = caller("every scope".into(), &Purpose::ALL, scopes);
    presets.chain([all]).collect()
}

impl Found {
    /// Each change, those of callers last.
    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.stated
            .iter()
            .chain(self.asked.callers.iter().flatten())
    }

    fn count(&self, effect: Effect) -> usize {
        self.changes()
            .filter(|change| change.effect == effect)
            .count()
    }
}

fn to_json(found: &Found) -> serde_json::Value {
    let keys = found.callers.iter().zip(&found.asked.callers);
    let keys: Vec<_> = keys
        .map(|(caller, changes)| json!({"key": caller.id, "changes": changes}))
        .collect();
    let counts = EFFECTS.map(|effect| (effect.word().to_owned(), json!(found.count(effect))));
    json!({
        "old": found.old.to_json(),
        "new": found.new.to_json(),
        "compared_by": match found.by {
            ComparedBy::Tables => "tables",
            ComparedBy::Description => "description",
        },
        "changes": found.stated,
        "keys": keys,
        "untold": found.asked.untold,
        "counts": serde_json::Map::from_iter(counts),
    })
}

/// In the order in which people care.
const EFFECTS: [Effect; 4] = [
    Effect::Narrower,
    Effect::Different,
    Effect::Wider,
    Effect::Words,
];

/// Seconds of a program that takes its time, and far more than what fits on a screen.
const MOST_DECISIONS: usize = 500_000;
