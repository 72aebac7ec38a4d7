//! What is installed once for a machine: in the user's cache, beside the fingerprint of its pins, with a link from
//! each clone. What was installed for other pins stays until somebody deletes it.

use std::{
    env,
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::{clients, passed};
use crate::process::{Run, root, say};

/// A virtual environment with these pins, linked by the name of their file in a folder of this clone.
pub(super) fn environment(pins: &Path, links: &str) -> anyhow::Result<()> {
    environment_of(&stem(pins)?, pins, links)
}

/// The same, linked as `name`.
pub(super) fn environment_of(name: &str, pins: &Path, links: &str) -> anyhow::Result<()> {
    let version = Run::new("python3", ["--version"]).output()?;
    let kept = Kept::new(name, &(fs::read_to_string(pins)? + &version))?;
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
    link(&kept.folder, &root().join(links).join(name))
}

/// What a folder's `package-lock.json` says, linked as `at` in this clone. `beside` are further files that npm reads.
pub(super) fn modules(name: &str, folder: &Path, beside: &[&str], at: &Path) -> anyhow::Result<()> {
    let lock = fs::read_to_string(folder.join("package-lock.json"))?;
    let kept = Kept::new(name, &lock)?;
    kept.install(|into| {
        fs::create_dir_all(into)?;
        for name in ["package.json", "package-lock.json"].iter().chain(beside) {
            let name = Path::new(name);
            let to = Path::new(into).join(name.file_name().unwrap_or_default());
            fs::copy(folder.join(name), to)?;
        }
        Run::new("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .within(into)
            .run()
    })?;
    link(&kept.folder.join("node_modules"), at)
}

/// What was installed for some pins, and where.
pub(super) struct Kept {
    name: String,
    pub(super) folder: PathBuf,
}

impl Kept {
    pub(super) fn new(name: &str, pins: &str) -> anyhow::Result<Self> {
        let fingerprint = passed::hash(pins)?;
        let short = fingerprint.get(..16).context("a fingerprint is longer")?;
        Ok(Self {
            name: name.to_owned(),
            folder: shared().join(format!("{name}-{short}")),
        })
    }

    /// Makes the folder, unless it is there and whole. Two clones at once take turns.
    pub(super) fn install(
        &self,
        make: impl FnOnce(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
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
pub(super) fn link(to: &Path, at: &Path) -> anyhow::Result<()> {
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

pub(super) fn stem(path: &Path) -> anyhow::Result<String> {
    let stem = path.file_stem().context("a file has a name")?;
    Ok(stem.to_string_lossy().into_owned())
}
