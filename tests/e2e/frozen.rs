//! Files of earlier versions, kept as bytes under `tests/frozen`: this version loads every one of
//! them and means by it what that version meant. Nothing there is ever changed; see its README.

mod contracts;
mod policies;
mod state;
mod written;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use signalbox_harness::{command::signalbox, root};

/// What does not load any more: the file, below `tests/frozen`, and the code that
/// `signalbox upgrade-check` gives it; of a host all is said of `VERSION/state/signalbox.yaml`. Each line has its reason, and its place in `CHANGELOG.md`.
const STOPPED: [(&str, &str); 1] = [
    // It lets keys without the purpose use a route, and has routes that GT has not.
    ("0.1/documents/everything.yaml", "less_than_gt"),
];

/// What a file is, by where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Document,
    Component,
    Statement,
    Cases,
    Keyring,
    Configuration,
    /// Named by a configuration beside it.
    Named,
    /// In the folder of a host.
    Host,
    /// What that version said of the file whose name it begins with.
    Recorded,
    /// How all this was made.
    Made,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let mut parts = path.iter().skip(1).filter_map(|part| part.to_str());
        let (folder, name) = (parts.next()?, parts.next());
        let Some(name) = name else {
            return (folder == "README.md").then_some(Self::Made);
        };
        let (_, ending) = name.split_once('.').unwrap_or((name, ""));
        Some(match (folder, ending) {
            ("documents", "yaml") => Self::Document,
            ("documents", "txt") => Self::Made,
            ("documents", "explained.json")
            | ("components", "described.json")
            | ("keyrings", "listed.json") => Self::Recorded,
            ("components", "wasm") => Self::Component,
            ("components", "wasm.statement") => Self::Statement,
            ("cases", "yaml" | "json") => Self::Cases,
            ("keyrings", "yaml") => Self::Keyring,
            ("configurations", "yaml") => Self::Configuration,
            ("configurations", _) => Self::Named,
            ("state", _) if is_of_host(path) => Self::Host,
            _ => return None,
        })
    }
}

/// Whether it is what a host reads, or wrote, or said at its end. Components and machine code are
/// accounted for where the host is started.
fn is_of_host(path: &Path) -> bool {
    let path: PathBuf = path.iter().skip(2).collect();
    let folder = path.parent().and_then(Path::to_str);
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    match folder {
        Some("") => [
            "signalbox.yaml",
            "policy.yaml",
            "other.wasm",
            "keys.yaml",
            "gt-key",
            "status.json",
            "history.json",
        ]
        .contains(&name),
        Some("folder") => ["key", "state.json"].contains(&name),
        Some("folder/objects") => name.ends_with(".wasm"),
        Some("folder/cache") => name == "key" || name.ends_with(".code"),
        _ => false,
    }
}

/// Where it all lies.
fn frozen() -> PathBuf {
    root().join("tests/frozen")
}

/// Every file of every version, below [`frozen`].
fn all() -> Vec<PathBuf> {
    let (root, mut folders, mut files) = (frozen(), Vec::new(), Vec::new());
    folders.extend(versions());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(&root).expect("it is below").to_owned());
            }
        }
    }
    files.sort();
    files
}

/// The folder of each version.
fn versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(frozen()).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.is_dir()).collect()
}

/// The files of a kind that still load, each as its full path.
///
/// # Panics
/// If there is none: a test without files shows nothing.
fn loading(kind: Kind) -> Vec<PathBuf> {
    let has_stopped = |path: &Path| STOPPED.iter().any(|(file, _)| Path::new(file) == path);
    let mut files = all();
    files.retain(|path| Kind::of(path) == Some(kind) && !has_stopped(path));
    assert!(!files.is_empty(), "{kind:?}");
    files.into_iter().map(|path| frozen().join(path)).collect()
}

/// The file beside this one that is named as it is, but for the ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a name");
    let stem = name.split('.').next().expect("a stem");
    path.with_file_name(format!("{stem}.{ending}"))
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether everything recorded is said still. More may be said by now.
fn says(now: &Value, recorded: &Value) -> bool {
    match (now, recorded) {
        (Value::Object(now), Value::Object(recorded)) => recorded.iter().all(|(key, recorded)| {
            let now = now.get(key);
            now.is_some_and(|now| says(now, recorded))
        }),
        (Value::Array(now), Value::Array(recorded)) => {
            now.len() == recorded.len() && now.iter().zip(recorded).all(|(a, b)| says(a, b))
        }
        _ => now == recorded,
    }
}

/// What `upgrade-check` finds in files and configurations: the file, the code, the effect.
fn upgrade_check(files: &[PathBuf]) -> BTreeSet<(String, String, String)> {
    let command = signalbox().args(["upgrade-check", "--json"]);
    let mut process = files.iter().fold(command, |it, file| it.arg(file)).start();
    // 3 where something does not load: that is in what it says.
    process.wait();
    let printed = process.stdout();
    let said: Value = serde_json::from_str(&printed)
        .unwrap_or_else(|error| panic!("{error}: {printed}{}", process.stderr()));
    let word = |finding: &Value, key: &str| finding[key].as_str().expect("a word").to_owned();
    let findings = said["findings"].as_array().expect("a list").iter();
    let found = findings.map(|finding| {
        let file = PathBuf::from(word(finding, "file"));
        let file = file.canonicalize().unwrap_or(file);
        let file = file
            .strip_prefix(frozen())
            .unwrap_or(&file)
            .display()
            .to_string();
        (file, word(finding, "code"), word(finding, "effect"))
    });
    found.collect()
}

#[test]
fn no_file_is_left_out() {
    let files = all();
    for path in &files {
        let kind = Kind::of(path);
        let kind = kind.unwrap_or_else(|| panic!("no test loads {}", path.display()));
        let path = frozen().join(path);
        if kind == Kind::Recorded {
            let about = ["yaml", "wasm"].map(|ending| beside(&path, ending));
            assert!(about.iter().any(|path| path.exists()), "{}", path.display());
        }
        if kind == Kind::Named {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name");
            let folder = path.parent().expect("a folder");
            let mut configurations = loading(Kind::Configuration);
            configurations.retain(|it| it.parent() == Some(folder));
            let is_named = |it: &PathBuf| text(it).contains(&format!(" {name}"));
            assert!(configurations.iter().any(is_named), "{}", path.display());
        }
    }
    for version in versions() {
        let readme = text(&version.join("README.md"));
        assert!(
            readme.contains("sh tests/frozen/make.sh"),
            "{}",
            version.display()
        );
    }
    let bytes = files.iter().map(|path| {
        fs::metadata(frozen().join(path))
            .expect("it is there")
            .len()
    });
    assert!(
        bytes.sum::<u64>() < (1 << 20) * versions().len() as u64,
        "a MiB a version"
    );
}

#[test]
fn what_does_not_load_any_more_is_exactly_what_is_listed() {
    let looked_at = [
        Kind::Document,
        Kind::Component,
        Kind::Statement,
        Kind::Cases,
        Kind::Keyring,
        Kind::Configuration,
    ];
    let is_one = |path: &PathBuf| Kind::of(path).is_some_and(|kind| looked_at.contains(&kind));
    let files: Vec<_> = all()
        .into_iter()
        .filter(is_one)
        .map(|it| frozen().join(it))
        .collect();
    let stops = |(file, code, effect)| (effect == "stops").then_some((file, code));
    let mut stopped: BTreeSet<_> = upgrade_check(&files)
        .into_iter()
        .filter_map(stops)
        .collect();
    stopped.extend(state::stopped());
    let listed = STOPPED.map(|(file, code)| (file.to_owned(), code.to_owned()));
    assert_eq!(stopped, BTreeSet::from(listed));
}
