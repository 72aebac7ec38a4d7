//! Reads what a document includes, each file once.

use std::collections::BTreeMap;

use super::{Files, Unreadable};
use crate::{
    Document, Text,
    diagnostic::{Code, Findings, shown},
};

/// A document, or a file that one includes.
pub(super) struct Part {
    pub(super) document: Document,
    /// What it includes: where it says so, and the number of the part.
    pub(super) bases: Vec<(Text, usize)>,
}

/// The document and what it includes, the document first. `None` if some of it cannot be had.
pub(super) fn load(
    document: Document,
    path: &str,
    files: &mut dyn Files,
    findings: &mut Findings,
) -> Option<Vec<Part>> {
    let mut loader = Loader {
        files,
        findings,
        parts: Vec::new(),
        known: BTreeMap::new(),
        open: Vec::new(),
        is_whole: true,
    };
    loader.part(normal(path), document);
    loader.is_whole.then_some(loader.parts)
}

struct Loader<'l> {
    files: &'l mut dyn Files,
    findings: &'l mut Findings,
    parts: Vec<Part>,
    /// The parts by their paths.
    known: BTreeMap<String, usize>,
    /// The paths of the parts that are being read, the innermost last.
    open: Vec<String>,
    is_whole: bool,
}

impl Loader<'_> {
    fn part(&mut self, path: String, document: Document) -> usize {
        let number = self.parts.len();
        let includes = document.include.clone();
        self.parts.push(Part {
            document,
            bases: Vec::new(),
        });
        self.known.insert(path.clone(), number);
        self.open.push(path);
        if let Some(list) = &includes
            && list.items.is_empty()
        {
            let help = "leave `include` out if there is nothing to include";
            let message = "`include` has no entry";
            self.findings
                .add_with_help(Code::EmptyList, list.position, message, help);
        }
        for entry in includes.into_iter().flat_map(|list| list.items) {
            let base = self.include(&entry);
            self.is_whole &= base.is_some();
            if let (Some(base), Some(part)) = (base, self.parts.get_mut(number)) {
                part.bases.push((entry, base));
            }
        }
        self.open.pop();
        number
    }

    /// The number of the part that `entry` names.
    fn include(&mut self, entry: &Text) -> Option<usize> {
        let from = self.open.last().map_or("", String::as_str);
        let path = match beside(from, &entry.value) {
            Ok(path) => path,
            Err(help) => {
                let message = format!("`{}` names no file to include", shown(&entry.value));
                return self.refuse(Code::BadInclude, entry, message, help);
            }
        };
        if self.open.contains(&path) {
            let message = format!("`{}` would include itself", shown(&path));
            let help = format!("by way of {}", self.open.join(", "));
            return self.refuse(Code::IncludeCycle, entry, message, &help);
        }
        if let Some(known) = self.known.get(&path) {
            return Some(*known);
        }
        if self.open.len() > MOST_DEPTH {
            let message = format!("files include one another more than {MOST_DEPTH} deep");
            return self.refuse(
                Code::TooDeep,
                entry,
                message,
                "include fewer files, side by side",
            );
        }
        if self.parts.len() > MOST_FILES {
            let message = format!("more than {MOST_FILES} files are included");
            return self.refuse(Code::TooLarge, entry, message, "put some of them together");
        }
        let document = self.read(&path, entry)?;
        Some(self.part(path, document))
    }

    fn read(&mut self, path: &str, entry: &Text) -> Option<Document> {
        let text = match self.files.text(path) {
            Ok(text) => text,
            Err(Unreadable::NoFiles) => {
                let message = "a document that includes files does not stand alone here";
                let help = "build it first, with `signalbox build`, and use the component";
                return self.refuse(Code::UnreadableInclude, entry, message.into(), help);
            }
            Err(Unreadable::Because(why)) => {
                let message = format!("`{}` cannot be read", shown(path));
                return self.refuse(Code::UnreadableInclude, entry, message, &why);
            }
        };
        let file = self.findings.add_file(path);
        Document::parse_as_far_as_possible(&text, file, self.findings)
    }

    fn refuse<T>(&mut self, code: Code, entry: &Text, message: String, help: &str) -> Option<T> {
        self.findings
            .add_with_help(code, entry.position, message, help);
        None
    }
}

/// The path of what a file includes.
fn beside(file: &str, entry: &str) -> Result<String, &'static str> {
    // What is wrong in a file is shown with its line: let it be no secret's.
    let is_yaml = [".yaml", ".yml"]
        .iter()
        .any(|ending| entry.ends_with(ending));
    if !is_yaml || entry.chars().any(char::is_control) {
        return Err("write the path of a `.yaml` file");
    }
    if entry.contains("${") {
        return Err("files are read before values are known: write the path out");
    }
    if entry.contains("://") {
        return Err("it is read from the disk: write the path of a file");
    }
    if entry.starts_with('/') {
        return Err("paths are relative to the file that says `include`");
    }
    let folder = file.rfind('/').map_or("", |end| &file[..=end]);
    Ok(normal(&format!("{folder}{entry}")))
}

/// The path without `.`, and without `..` where a folder stands before it.
fn normal(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let (root, rest) = match path.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", path),
    };
    for segment in rest.split('/') {
        match segment {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    format!("{root}{}", kept.join("/"))
}

const MOST_DEPTH: usize = 8;

const MOST_FILES: usize = 64;
