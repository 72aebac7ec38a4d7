//! A plugin's folder, copied out of the repository, and the commands of the page in it.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use signalbox_harness::{
    command::binary,
    demo::{Demo, blocks, shell},
    root,
};
use tempfile::TempDir;

/// A language, by the name of its folder.
#[derive(Debug)]
pub(super) struct Language {
    name: &'static str,
    /// What its scripts would install: a name in the folder, and where it is in `.cache/plugins`.
    installed: &'static [(&'static str, &'static str)],
}

/// What the page makes of a language.
#[derive(Debug)]
pub(super) struct Made {
    /// The component.
    pub(super) component: Vec<u8>,
    /// What the commands printed, from the unit tests to the cases.
    pub(super) printed: String,
    /// What a demo printed, into which it was swapped.
    pub(super) swapped: String,
}

impl Language {
    pub(super) const fn new(
        name: &'static str,
        installed: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { name, installed }
    }

    /// What the page makes of it. What the page says of JavaScript it says of each.
    pub(super) fn made(&self) -> Made {
        let blocks = blocks("docs/plugins.md");
        let block = |begins: &str| {
            let block = blocks.iter().find(|block| block.starts_with(begins));
            block.expect("a block of commands that begins so").as_str()
        };
        let copies = "cp -r plugins/examples/";
        let made = block(&format!("{copies}javascript "));
        let swapped = block("signalbox swap litellm=my-plugin/plugin.wasm\n");
        let clone = self.clone_with_tools();
        let script = made.replace(
            &format!("{copies}javascript"),
            &format!("{copies}{}", self.name),
        );
        let printed = self.shell(clone.path(), &script);
        let component = fs::read(clone.path().join("my-plugin/plugin.wasm"));
        Made {
            component: component.expect("the page's commands make it"),
            printed,
            swapped: Demo::start().run_in(clone.path(), swapped),
        }
    }

    /// What a script prints; the tool chains' caches are kept for the next run.
    fn shell(&self, folder: &Path, script: &str) -> String {
        let go = root().join(".cache/plugins/go/bin");
        let script = format!("PATH={}:$PATH\n{{\n{script}}} 2>&1", go.display());
        shell(folder, &script)
            .env("GOCACHE", &kept("go").to_string_lossy())
            // Nothing comes from anywhere but the folder.
            .env("GOPROXY", "off")
            .env("GOTOOLCHAIN", "local")
            .output()
    }

    /// A folder with what a clone has of the language, and what the tool chain would install.
    fn clone_with_tools(&self) -> TempDir {
        let clone = tempfile::tempdir().expect("room for a temporary folder");
        let to = clone.path().join("plugins/examples").join(self.name);
        let from = root().join("plugins/examples").join(self.name);
        let ignored = fs::read_to_string(from.join(".gitignore")).expect("what is not copied");
        copy(&from, &to, &ignored);
        for (name, at) in self.installed {
            let at = root().join(".cache/plugins").join(at);
            assert!(
                at.exists(),
                "no tool chain here: run `cargo xtask test --only plugins` first"
            );
            symlink(at, to.join(name)).expect("a link in our folder");
        }
        if self.name == "rust" {
            symlink(kept("rust"), to.join("target")).expect("a link in our folder");
        }
        clone
    }
}

/// A folder beside the command for what a tool chain keeps.
fn kept(name: &str) -> PathBuf {
    let folder = binary().with_file_name("plugins").join(name);
    fs::create_dir_all(&folder).expect("the target folder takes folders");
    folder
}

fn copy(from: &Path, to: &Path, ignored: &str) {
    fs::create_dir_all(to).expect("our folder takes folders");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it can be read");
        let name = entry.file_name();
        let is_ignored = |line: &str| line.trim_start_matches('/') == name.to_string_lossy();
        if ignored.lines().any(is_ignored) {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&name));
        if from.is_dir() {
            copy(&from, &to, ignored);
        } else {
            fs::copy(from, to).expect("our folder takes files");
        }
    }
}
