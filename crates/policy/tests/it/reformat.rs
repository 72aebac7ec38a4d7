//! Texts laid out anew: what comes out is written down, means what it meant, and stays.

use std::{fs, path::PathBuf};

use proptest::{collection, prelude::*};
use signalbox_policy::{Document, NotReformatted, generate::texts, reformat};

use crate::{folder::Folder, laws::hostile_text};

fn texts_of(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Folder::new(folder);
    let paths = folder
        .documents()
        .into_iter()
        .map(|name| folder.path(&name));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    };
    paths.map(read).collect()
}

#[test]
fn texts_are_laid_out_as_written_down() {
    let mut differing = Vec::new();
    for (path, text) in texts_of("tests/reformat") {
        let now = reformat(&text).unwrap_or_else(|why| panic!("{}: {why:?}", path.display()));
        let golden = path.with_extension("formatted");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &now).unwrap();
        } else if fs::read_to_string(&golden).ok().as_ref() != Some(&now) {
            differing.push(format!("{}:\n{now}", path.display()));
        }
        assert_eq!(reformat(&now).as_ref(), Ok(&now), "{}", path.display());
    }
    assert!(
        differing.is_empty(),
        "run with BLESS=1 if this is right:\n{}",
        differing.join("\n")
    );
}

#[test]
fn a_comment_in_an_odd_place_finds_one_that_it_keeps() {
    for text in [
        "\n    - - #",
        "- # of the list\n  - a\n",
        "-\n  # above\n  - - # behind\n      # below\n    - b\n",
        "a: # behind\n  # below\n  - # odd\n    - # odder\n      c: # oddest\n",
    ] {
        let laid_out = reformat(text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
        assert_eq!(reformat(&laid_out).as_ref(), Ok(&laid_out), "{text}");
    }
}

#[test]
fn what_cannot_be_read_stays_as_it_is() {
    for text in [
        "policy: [",
        "a: 1\na: 2\n",
        "a: &x b\n",
        "# nothing\n",
        "a: b\n---\nc: d\n",
    ] {
        let refused = reformat(text);
        assert!(
            matches!(refused, Err(NotReformatted::Invalid(_))),
            "{text}: {refused:?}"
        );
    }
}

/// What may be put before a line and behind it.
fn noise() -> impl Strategy<Value = Vec<(String, &'static str)>> {
    let before = prop_oneof![
        4 => Just(String::new()),
        1 => " {0,6}# [a-z#:'\\[{]{1,9}\n",
        1 => Just("\n".to_owned()),
        1 => Just("\n\n  \n".to_owned()),
    ];
    let behind = prop_oneof![4 => Just(""), 1 => Just(" # behind"), 1 => Just("   ")];
    collection::vec((before, behind), 1..60)
}

fn with_noise(text: &str, noise: &[(String, &str)]) -> String {
    let lines = text.lines().zip(noise.iter().cycle());
    let lines = lines.map(|(line, (before, behind))| format!("{before}{line}{behind}\n"));
    lines.collect()
}

fn comments(text: &str) -> usize {
    text.matches("# ").count()
}

proptest! {
    #[test]
    fn what_is_laid_out_means_what_it_meant_and_stays(text in texts(), noise in noise()) {
        let noisy = with_noise(&text, &noise);
        let laid_out = reformat(&noisy);
        prop_assert!(laid_out.is_ok(), "{noisy}\n{laid_out:?}");
        let laid_out = laid_out.unwrap();
        prop_assert_eq!(Document::parse(&laid_out), Document::parse(&text), "{}", &laid_out);
        prop_assert_eq!(comments(&laid_out), comments(&noisy), "{}", &laid_out);
        let again = reformat(&laid_out);
        prop_assert_eq!(again.as_ref(), Ok(&laid_out));
    }

    #[test]
    fn hostile_text_is_laid_out_once_or_refused(text in hostile_text()) {
        if let Ok(laid_out) = reformat(&text) {
            let again = reformat(&laid_out);
            prop_assert_eq!(again.as_ref(), Ok(&laid_out));
        }
    }
}

#[test]
fn what_this_repository_ships_can_be_laid_out() {
    for folder in ["../../plugins/runbooks", "../../plugins/runbooks/base"] {
        for (path, text) in texts_of(folder) {
            let laid_out = reformat(&text);
            let laid_out = laid_out.unwrap_or_else(|why| panic!("{}: {why:?}", path.display()));
            assert_eq!(
                reformat(&laid_out).as_ref(),
                Ok(&laid_out),
                "{}",
                path.display()
            );
            assert_eq!(
                Document::parse(&laid_out),
                Document::parse(&text),
                "{}",
                path.display()
            );
        }
    }
}
