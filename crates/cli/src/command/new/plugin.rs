//! `signalbox new plugin`: the example plugin of a language, under a name of its own.

use std::{fs, path::Path};

use anyhow::Context as _;

use super::templates::{EXAMPLE, Language};
use crate::{
    exit::{Exit, Misused},
    output,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What it is written in.
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Language,
    /// Its name, and the folder's: lower-case letters, digits and hyphens.
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Arguments { lang, name } = arguments;
    let folder = Path::new(name);
    // Whoever comes second gets the error: nothing is written over.
    if let Err(error) = fs::create_dir(folder) {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            let there = format!("{name} is there already; take another name, or remove it first");
            return Err(Misused(there).into());
        }
        return Err(error).with_context(|| format!("cannot make the folder {name}"));
    }
    for (path, text) in lang.files() {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot make {}", parent.display()))?;
        }
        let text = text.replace(EXAMPLE, name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    output::talk(&format!(
        "{name}: a policy in {language}; README.md says what it needs. Next:\n  \
         cd {name}\n  \
         sh test.sh                              its own tests\n  \
         sh build.sh                             makes plugin.wasm\n  \
         signalbox test plugin.wasm              its cases\n  \
         signalbox demo --policy plugin.wasm     serves it on loopback\n  \
         signalbox dev .                         does all of it again at each change",
        language = lang.called()
    ));
    Ok(Exit::Ok)
}

/// A name that each language takes as that of a package.
fn name(text: &str) -> Result<String, &'static str> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    let is_rest = |byte: u8| is_letter(byte) || byte.is_ascii_digit() || byte == b'-';
    let is_name = text.len() <= 64
        && text.bytes().next().is_some_and(is_letter)
        && text.bytes().all(is_rest)
        && !text.ends_with('-');
    if is_name {
        Ok(text.to_owned())
    } else {
        Err("a name is 1 to 64 of a-z, 0-9 and -, begins with a letter and does not end with -")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_packages() {
        for good in ["a", "chat-budget", "p2"] {
            assert_eq!(name(good), Ok(good.to_owned()));
        }
        let long = "a".repeat(65);
        for bad in [
            "", "2p", "-a", "a-", "A", "a_b", "a/b", "..", "a b", "ä", &long,
        ] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
