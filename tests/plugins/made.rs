//! A plugin's folder, as `signalbox new plugin` writes it, and the commands of the page in it.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use signalbox_harness::{
    command::binary,
    demo::{Demo, blocks, shell},
    process::Program,
    root,
};

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
        let new = "signalbox new plugin --lang javascript my-plugin\n";
        let (commands, swap) = (after(new), "signalbox swap litellm=my-plugin/plugin.wasm\n");
        let place = tempfile::tempdir().expect("room for a temporary folder");
        let folder = place.path().join("my-plugin");
        let new = new.replace("javascript", self.name);
        let _path = shell(place.path(), &new).output();
        self.link_tools(&folder);
        let printed = self.script(place.path(), &commands).output();
        if self.name != "rust" {
            self.assert_its_tests_read_the_cases(&folder);
        }
        let component = fs::read(folder.join("plugin.wasm"));
        if self.name == "c" {
            self.goes_round(place.path());
        }
        Made {
            component: component.expect("the page's commands make it"),
            printed,
            swapped: Demo::start().run_in(place.path(), &format!("{swap}{}", after(swap))),
        }
    }

    /// The loop builds it and serves it. It is the same for each language; this one builds in no time.
    fn goes_round(&self, place: &Path) {
        let dev = "signalbox dev my-plugin\n";
        assert_eq!(after(dev), "");
        let free = " --listen 127.0.0.1:0 --admin 127.0.0.1:0\n";
        let mut process = self
            .script(
                place,
                &dev.replace('\n', free)
                    .replace("signalbox", "exec signalbox"),
            )
            .start();
        process.wait_until(|process| {
            let printed = process.stdout();
            printed.contains("serving address=").then_some(())
        });
    }

    /// With a case that expects something else, they fail.
    fn assert_its_tests_read_the_cases(&self, folder: &Path) {
        let path = folder.join("cases.yaml");
        let cases = fs::read_to_string(&path).expect("the cases");
        let other = cases.replace("up to 512.", "up to 511.");
        assert_ne!(cases, other);
        fs::write(&path, other).expect("our folder takes files");
        let mut process = self.script(folder, "sh test.sh\n").start();
        let (status, printed) = (process.wait(), process.stdout());
        // The one case that is another now, by its name.
        assert!(!status.success() && printed.contains("513"), "{printed}");
        fs::write(&path, cases).expect("our folder takes files");
    }

    /// A script; the tool chains' caches are kept for the next run.
    fn script(&self, folder: &Path, script: &str) -> Program {
        let go = root().join(".cache/plugins/go/bin");
        let script = format!("PATH={}:$PATH\n{{\n{script}}} 2>&1", go.display());
        shell(folder, &script)
            .env("GOCACHE", &kept("go").to_string_lossy())
            // Nothing comes from anywhere but the folder.
            .env("GOPROXY", "off")
            .env("GOTOOLCHAIN", "local")
    }

    /// What its scripts would install is in the folder then.
    fn link_tools(&self, folder: &Path) {
        for (name, at) in self.installed {
            let at = root().join(".cache/plugins").join(at);
            assert!(
                at.exists(),
                "no tool chain here: run `cargo xtask test --only plugins` first"
            );
            symlink(at, folder.join(name)).expect("a link in our folder");
        }
        if self.name == "rust" {
            symlink(kept("rust"), folder.join("target")).expect("a link in our folder");
        }
    }
}

/// What stands on the page after this line, in the block of commands that begins with it.
pub(super) fn after(line: &str) -> String {
    let blocks = blocks("docs/plugins.md");
    let rest = blocks.iter().find_map(|block| block.strip_prefix(line));
    let rest = rest.expect("a block of commands that begins so");
    rest.to_owned()
}

/// A folder beside the command for what a tool chain keeps.
pub(super) fn kept(name: &str) -> PathBuf {
    let folder = binary().with_file_name("plugins").join(name);
    fs::create_dir_all(&folder).expect("the target folder takes folders");
    folder
}
