//! What `signalbox new plugin` writes: the files of the example plugins, so that a template is never
//! older than the example that is tested.

use clap::ValueEnum;

/// What a plugin can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    Rust,
    #[value(alias = "js")]
    Javascript,
    Python,
    Go,
    C,
}

impl Language {
    /// As people write it.
    pub(super) const fn called(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Javascript => "JavaScript",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::C => "C",
        }
    }

    /// Each file by its path below the folder.
    pub(super) const fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Rust => RUST,
            Self::Javascript => JAVASCRIPT,
            Self::Python => PYTHON,
            Self::Go => GO,
            Self::C => C,
        }
    }
}

/// What the examples are called: a plugin is called by its own name in these places.
pub(super) const EXAMPLE: &str = "chat-budget";

macro_rules! files {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$((
            $path,
            include_str!(concat!("../../../../../plugins/examples/", $folder, "/", $path)),
        )),+]
    };
}

type Files = &'static [(&'static str, &'static str)];

const RUST: Files = files!(
    "rust":
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "build.sh",
    "cases.yaml",
    "rust-toolchain.toml",
    "src/lib.rs",
    "src/policy.rs",
    "test.sh",
    "wit/policy.wit",
);

const JAVASCRIPT: Files = files!(
    "javascript":
    ".gitignore",
    "README.md",
    "build.sh",
    "cases.test.js",
    "cases.yaml",
    "package-lock.json",
    "package.json",
    "plugin.js",
    "plugin.test.js",
    "policy.js",
    "policy.test.js",
    "test.sh",
    "wit/policy.wit",
);

const PYTHON: Files = files!(
    "python":
    ".gitignore",
    "README.md",
    "build.sh",
    "cases.yaml",
    "cases_test.py",
    "plugin.py",
    "plugin_test.py",
    "policy.py",
    "policy_test.py",
    "requirements.txt",
    "test.sh",
    "tools.sh",
    "wit/policy.wit",
);

const GO: Files = files!(
    "go":
    ".gitignore",
    "README.md",
    "build.sh",
    "cases.yaml",
    "export_signalbox_policy_policy/plugin.go",
    "go.mod",
    "pkg/LICENSE",
    "pkg/go.mod",
    "pkg/wit/runtime/runtime.go",
    "pkg/wit/types/types.go",
    "policy/cases_test.go",
    "policy/policy.go",
    "policy/policy_test.go",
    "signalbox_policy_policy/wit_bindings.go",
    "signalbox_policy_types/wit_bindings.go",
    "test.sh",
    "wit/policy.wit",
    "wit_exports.go",
);

const C: Files = files!(
    "c":
    ".gitignore",
    "README.md",
    "bindings/signalbox_policy.c",
    "bindings/signalbox_policy.h",
    "build.sh",
    "cases.yaml",
    "cases_test.c",
    "plugin.c",
    "policy.c",
    "policy.h",
    "policy_test.c",
    "test.sh",
    "wit/policy.wit",
);

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;
    use crate::command::dev::watched;

    #[test]
    fn a_template_has_every_file_of_its_example() {
        for language in Language::value_variants() {
            let name = language.called().to_lowercase();
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/examples");
            let folder = folder.join(&name);
            // What is built there is left out by its .gitignore.
            let there = watched::files(&folder).unwrap();
            let there: BTreeSet<_> = there.iter().filter_map(|path| path.to_str()).collect();
            let written: BTreeSet<_> = language.files().iter().map(|(path, _)| *path).collect();
            assert_eq!(written, there, "{name}");
            assert!(
                language
                    .files()
                    .iter()
                    .any(|(_, text)| text.contains(EXAMPLE))
            );
        }
    }
}
