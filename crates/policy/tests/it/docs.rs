//! What the documentation says is true.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use signalbox_policy::{Diagnostic, Files, Unreadable, Values, read, read_cases, read_with};

use crate::run::failure;

fn page(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The fenced blocks of a language, each with the line it begins on.
fn snippets(text: &str, language: &str) -> Vec<(usize, String)> {
    let opening = format!("```{language}");
    let mut snippets = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            None if line == opening => open = Some((index + 2, String::new())),
            None => {}
            Some(_) if line == "```" => snippets.extend(open.take()),
            Some((_, body)) => {
                body.push_str(line);
                body.push('\n');
            }
        }
    }
    snippets
}

/// The codes that have a section in a part of the page of errors.
fn sections(part: &str) -> Vec<String> {
    let page = page("errors.md");
    let (_, part) = page.split_once(&format!("\n## {part}\n")).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let headings = part.lines().filter_map(|line| line.strip_prefix("### "));
    let codes = headings.map(|heading| heading.trim_matches('`').to_owned());
    codes.collect()
}

#[test]
fn every_code_has_a_section_and_every_section_a_code() {
    for (part, codes) in [
        ("Diagnostics of policy documents", Diagnostic::CODES),
        ("Warnings of policy documents", Diagnostic::WARNINGS),
    ] {
        let sections = sections(part);
        let named: BTreeSet<&str> = sections.iter().map(String::as_str).collect();
        assert_eq!(named, codes.iter().copied().collect(), "{part}");
        assert_eq!(
            sections.len(),
            codes.len(),
            "{part}: one stands there twice"
        );
    }
}

/// Files by their names.
struct Named(BTreeMap<String, String>);

impl Files for Named {
    fn text(&mut self, path: &str) -> Result<String, Unreadable> {
        let text = self.0.get(path).cloned();
        text.ok_or_else(|| Unreadable::Because("no snippet is called so".to_owned()))
    }
}

#[test]
fn every_snippet_of_the_policy_guide_is_a_document_whose_cases_hold() {
    let snippets = snippets(&page("policies.md"), "yaml");
    assert!(!snippets.is_empty());
    let mut files = Named(BTreeMap::new());
    for (line, text) in snippets {
        // A file for the snippets after it.
        if let Some(name) = text.lines().next().and_then(|line| line.strip_prefix("# ")) {
            files.0.insert(name.to_owned(), text);
            continue;
        }
        if text.starts_with("cases:") {
            read_cases(&text).unwrap_or_else(|found| panic!("policies.md:{line}: {found:#?}"));
            continue;
        }
        let read = read_with(&text, "policy.yaml", &mut files, &Values::new());
        let read = read.unwrap_or_else(|found| panic!("policies.md:{line}: {found:#?}"));
        assert_eq!(read.warnings(), [], "policies.md:{line}");
        let policy = read.policy();
        for case in policy.cases() {
            assert_eq!(failure(policy, case), None, "policies.md:{line}");
        }
    }
}

#[test]
fn the_guide_shows_an_error_as_it_is_printed() {
    let page = page("policies.md");
    let wrong = snippets(&page, "yaml-wrong");
    let printed = snippets(&page, "text");
    assert_eq!(wrong.len(), 1);
    let found = read(&wrong[0].1).unwrap_err();
    let lines: Vec<String> = found
        .iter()
        .flat_map(|found| {
            let help = found.help.iter().map(|help| format!("  help: {help}"));
            [found.to_string()].into_iter().chain(help)
        })
        .collect();
    assert_eq!(printed[0].1.trim_end(), lines.join("\n"));
}
