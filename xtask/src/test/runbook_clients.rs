//! The clients of GT's runbooks that install: for those in Python an environment each, since their pins clash, and
//! for those in JavaScript a `node_modules` each.
//!
//! They are gigabytes, so a machine has them once: in the user's cache, beside the fingerprint of their pins, with a
//! link from each clone. What was installed for other pins stays until somebody deletes it.

use std::{
    env,
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::{clients, passed};
use crate::process::{Run, root, say};

/// Installs what is missing in Python.
pub(super) fn python() -> anyhow::Result<()> {
    clients::debian(&[("python3", "python3"), ("git", "git")])?;
    let files = entries(&root().join(SCRIPTS).join("python"))?;
    let mut pins = files
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "txt"));
    pins.try_for_each(|path| environment(path))
}

/// What is in a folder, in the order of its names.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|it| it.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

/// Installs what is missing in JavaScript.
pub(super) fn node() -> anyhow::Result<()> {
    clients::debian(&[("npm", "npm"), ("git", "git")])?;
    let folder = root().join(SCRIPTS).join("node");
    let clients = entries(&folder)?;
    let mut clients = clients.iter().filter(|path| path.is_dir());
    clients.try_for_each(|path| modules(path))
}

/// What a client's `package-lock.json` says, linked as `node_modules` beside it.
fn modules(client: &Path) -> anyhow::Result<()> {
    let lock = fs::read_to_string(client.join("package-lock.json"))?;
    let kept = Kept::new(&stem(client)?, &lock)?;
    kept.install(|into| {
        fs::create_dir_all(into)?;
        for name in ["../.npmrc", "package.json", "package-lock.json"] {
            let name = Path::new(name);
            let to = Path::new(into).join(name.file_name().unwrap_or_default());
            fs::copy(client.join(name), to)?;
        }
        Run::new("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .within(into)
            .run()
    })?;
    link(
        &kept.folder.join("node_modules"),
        &client.join("node_modules"),
    )
}

/// A virtual environment with these pins, linked as `.cache/clients/NAME`.
fn environment(pins: &Path) -> anyhow::Result<()> {
    let name = stem(pins)?;
    let version = Run::new("python3", ["--version"]).output()?;
    let kept = Kept::new(&name, &(fs::read_to_string(pins)? + &version))?;
    kept.install(|folder| {
        clients::virtual_environment(folder)?;
        let python = format!("{folder}/bin/python");
        // The pins are the whole closure, so nothing is resolved; bytecode is written on first import.
        Run::new(&python, ["-m", "pip", "install", "--quiet", "--no-deps"])
            .args(["--no-compile", "--only-binary=:all:"])
            .args(["--disable-pip-version-check", "-r", &pins.to_string_lossy()])
            .run()?;
        Run::new(&python, ["-m", "pip", "check"]).run()
    })?;
    link(&kept.folder, &root().join(".cache/clients").join(&name))
}

/// What was installed for some pins, and where.
struct Kept {
    name: String,
    folder: PathBuf,
}

impl Kept {
    fn new(name: &str, pins: &str) -> anyhow::Result<Self> {
        let fingerprint = passed::hash(pins)?;
        let short = fingerprint.get(..16).context("a fingerprint is longer")?;
        Ok(Self {
            name: name.to_owned(),
            folder: shared().join(format!("{name}-{short}")),
        })
    }

    /// Makes the folder, unless it is there and whole. Two clones at once take turns.
    fn install(&self, make: impl FnOnce(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
        fs::create_dir_all(shared())?;
        let turn = File::create(self.folder.with_extension("lock"))?;
        turn.lock()?;
        let whole = self.folder.join("whole");
        if whole.is_file() {
            say(&format!("{}: as pinned", self.name));
            return Ok(());
        }
        make(&self.folder.to_string_lossy())?;
        File::create(whole)?;
        Ok(())
    }
}

/// A link from this clone to what was installed, in place of any other.
fn link(to: &Path, at: &Path) -> anyhow::Result<()> {
    if fs::read_link(at).is_ok_and(|now| now == to) {
        return Ok(());
    }
    match fs::symlink_metadata(at) {
        Ok(there) if there.is_symlink() => fs::remove_file(at)?,
        Ok(_) => bail!("{} is no link of ours: please delete it", at.display()),
        Err(_) => fs::create_dir_all(at.parent().context("it lies in a folder")?)?,
    }
    symlink(to, at).with_context(|| format!("cannot link {}", at.display()))
}

fn shared() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    cache
        .unwrap_or_else(|| root().join(".cache"))
        .join("signalbox-clients")
}

fn stem(path: &Path) -> anyhow::Result<String> {
    let stem = path.file_stem().context("a file has a name")?;
    Ok(stem.to_string_lossy().into_owned())
}

const SCRIPTS: &str = "tests/runbook_clients";
