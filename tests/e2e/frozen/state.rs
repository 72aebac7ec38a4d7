//! The folder of a host: what served then serves now, and machine code of then is used or thrown
//! away.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use signalbox_harness::{
    command::signalbox,
    process::{Process, Program},
};
use signalbox_runtime::{Cache, Cached, LoadOptions, Runtime, Settings};
use tempfile::TempDir;

use super::{Kind, all, frozen, json, loading, says, upgrade_check};

/// A host's folder as it was, where a host may write; open to nobody else, which git does not keep.
struct Copy(TempDir);

impl Copy {
    fn of(folder: &Path) -> Self {
        let copy = Self(tempfile::tempdir().expect("room for a temporary folder"));
        let mut folders = vec![PathBuf::new()];
        while let Some(inner) = folders.pop() {
            let here = copy.path(&inner);
            fs::create_dir_all(&here).expect("our folder takes folders");
            fs::set_permissions(&here, fs::Permissions::from_mode(0o700)).expect("it is ours");
            for entry in fs::read_dir(folder.join(&inner)).expect("a folder") {
                let entry = entry.expect("an entry");
                let (from, name) = (entry.path(), inner.join(entry.file_name()));
                if from.is_dir() {
                    folders.push(name);
                    continue;
                }
                let bytes = fs::read(from).expect("a file");
                fs::write(copy.path(&name), bytes).expect("our folder takes files");
                let ours = fs::Permissions::from_mode(0o600);
                fs::set_permissions(copy.path(&name), ours).expect("it is ours");
            }
        }
        copy
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Starts a host on it; gives its admin listener.
    fn serve(&self) -> (Process, String) {
        let command = signalbox().args(["serve", "--config"]);
        let mut process = command.arg(self.path("signalbox.yaml")).start();
        let admin = process.wait_until(|process| {
            let said = process.stderr();
            let line = said
                .lines()
                .find_map(|line| line.strip_prefix("admin on http://"))?;
            line.trim().parse::<SocketAddr>().ok()
        });
        (process, format!("http://{admin}"))
    }
}

/// A command that asks that host.
fn ask(admin: &str) -> Program {
    let command = signalbox().env("SIGNALBOX_ADMIN", admin);
    command.env("SIGNALBOX_ADMIN_TOKEN", "frozen")
}

fn said(command: Program) -> Value {
    serde_json::from_str(&command.output()).expect("JSON")
}

/// The folder of each version's host.
fn folders() -> Vec<PathBuf> {
    let files = loading(Kind::Host).into_iter();
    let configurations = files.filter(|path| path.ends_with("state/signalbox.yaml"));
    configurations
        .map(|path| path.parent().expect("a folder").to_owned())
        .collect()
}

/// What stops the hosts of earlier versions.
pub(super) fn stopped() -> Vec<(String, String)> {
    let configurations = all().into_iter();
    let configurations = configurations.filter(|path| path.ends_with("state/signalbox.yaml"));
    let found = configurations.flat_map(|path| {
        let copy = Copy::of(frozen().join(&path).parent().expect("a folder"));
        let found = upgrade_check(&[copy.path("signalbox.yaml")]).into_iter();
        let stops = found.filter(|(_, _, effect)| effect == "stops");
        stops
            .map(move |(_, code, _)| (path.display().to_string(), code))
            .collect::<Vec<_>>()
    });
    found.collect()
}

/// Digest of what serves each policy, and of what it can go back to.
fn digests(status: &Value) -> Vec<(String, Value, Vec<Value>)> {
    let policies = status["policies"].as_array().expect("policies").iter();
    let digests = policies.map(|policy| {
        let kept = policy["kept"].as_array().expect("a list").iter();
        let kept = kept.map(|kept| kept["digest"].clone()).collect();
        let name = policy["name"].as_str().expect("a name").to_owned();
        (name, policy["live"]["digest"].clone(), kept)
    });
    digests.collect()
}

#[test]
fn a_host_serves_what_served_and_knows_what_was_done() {
    for folder in folders() {
        let copy = Copy::of(&folder);
        let configuration = copy.path("signalbox.yaml");
        assert!(upgrade_check(std::slice::from_ref(&configuration)).is_empty());
        let (_host, admin) = copy.serve();
        let status = said(ask(&admin).args(["status", "--json"]));
        let recorded = json(&folder.join("status.json"));
        assert_eq!(digests(&status), digests(&recorded), "{status:#}");
        assert_eq!(status["host"]["status"], "ready", "{status:#}");

        let now = said(ask(&admin).args(["history", "--json"]));
        let now = now.as_array().expect("entries");
        let mut then = json(&folder.join("history.json"));
        let then = then.as_array_mut().expect("entries");
        assert!(then.len() >= 10, "{}", then.len());
        for entry in then {
            // Steps may still have been added when the host ended.
            entry.as_object_mut().expect("an entry").remove("steps");
            assert!(
                now.iter().any(|now| says(now, entry)),
                "{entry:#} is not in {now:#?}"
            );
        }
        let explain = ["explain", "--live=default", "--json", "--key", "client"];
        let asked = ["--model", "gpt-4o", "POST", "/v1/chat/completions"];
        let explained = said(ask(&admin).args(explain).args(asked));
        assert_eq!(
            explained["decision"]["model"], "support-agent",
            "{explained:#}"
        );

        // Every component that is there is one that serves or that can be gone back to.
        let used = digests(&recorded);
        for entry in fs::read_dir(folder.join("folder/objects")).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".wasm"));
            let name = name.expect("a component");
            let is_used = used
                .iter()
                .any(|(_, live, kept)| kept.iter().chain([live]).any(|it| it == name));
            assert!(is_used, "{name}");
        }
        for (policy, _, kept) in used.iter().filter(|(_, _, kept)| !kept.is_empty()) {
            let _back = ask(&admin).args(["rollback"]).arg(policy).output();
            let status = said(ask(&admin).args(["status", "--json"]));
            let now = digests(&status)
                .into_iter()
                .find(|(name, ..)| name == policy);
            assert_eq!(
                now.map(|(_, live, _)| live).as_ref(),
                kept.first(),
                "{status:#}"
            );
        }
    }
}

/// The entries of a cache, without its key.
fn entries(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.file_name().is_some_and(|name| name != "key"))
        .collect()
}

fn cached(cache: &Path, component: &[u8]) -> Option<Cached> {
    let settings = Settings {
        workers: 1,
        cache: Some(Cache::open(cache).expect("the cache opens")),
        ..Settings::default()
    };
    let runtime = Runtime::new(settings).expect("a runtime");
    let plugin = runtime
        .load(component, &LoadOptions::default())
        .expect("it loads, cached or not");
    assert!(plugin.is_trusted() || plugin.source().is_none());
    let cases = signalbox_testkit::carried_cases(&plugin).expect("it carries cases");
    let report = signalbox_testkit::run(&plugin, &cases);
    assert!(report.passed() && !cases.is_empty(), "{}", report.to_text());
    plugin.cached()
}

#[test]
fn machine_code_of_then_is_used_where_it_fits_and_else_made_again() {
    for folder in folders() {
        let copy = Copy::of(&folder);
        let cache = copy.path("folder/cache");
        let [entry] = &entries(&cache)[..] else {
            panic!("one entry is frozen")
        };
        let name = entry
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name")
            .to_owned();
        let (digest, _) = name.split_once('-').expect("a digest");
        let object = |digest: &str| copy.path(format!("folder/objects/{digest}.wasm"));
        let component = fs::read(object(digest)).expect("the component it is of");
        // Which of the two depends on the machine and on the compiler of this version.
        let first = cached(&cache, &component);
        assert!(
            matches!(first, Some(Cached::Hit | Cached::Missed)),
            "{first:?}"
        );
        assert_eq!(cached(&cache, &component), Some(Cached::Hit));

        // Under the name of what does fit, it is found out and made again, never run.
        let mut objects = fs::read_dir(copy.path("folder/objects")).expect("a folder");
        let other = objects.find_map(|object| {
            let path = object.expect("an entry").path();
            (!path.to_string_lossy().contains(digest)).then_some(path)
        });
        let other = other.expect("another component");
        let digest = other
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a digest");
        let other = fs::read(&other).expect("a component");
        assert_eq!(cached(&cache, &other), Some(Cached::Missed));
        let made = entries(&cache)
            .into_iter()
            .find(|it| it.to_string_lossy().contains(digest));
        let made = made.expect("what was compiled is kept");
        let good = fs::read(&made).expect("an entry");
        fs::copy(folder.join("folder/cache").join(&name), &made).expect("our folder");
        assert_eq!(cached(&cache, &other), Some(Cached::Rejected));
        assert_ne!(
            fs::read(&made).ok(),
            fs::read(folder.join("folder/cache").join(&name)).ok()
        );
        assert_eq!(fs::read(&made).map(|it| it.len()).ok(), Some(good.len()));
        assert_eq!(cached(&cache, &other), Some(Cached::Hit));
    }
}
