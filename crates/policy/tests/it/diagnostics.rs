//! Golden files: every `cases/*.yaml` is wrong, and its `.stderr` says how. `BLESS=1` writes them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use signalbox_policy::{
    Diagnostic, NoFiles, Purpose, Values,
    gt_routes::{GtRoute, GtRoutes},
    read, read_cases, read_values, read_with,
};

use crate::folder::Folder;

fn folder() -> Folder {
    Folder::new("tests/cases")
}

/// The values in lines `# set NAME=VALUE`.
fn given(text: &str) -> Values {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# set "));
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    lines.map(pair).collect()
}

/// The diagnostics as a command prints them.
fn rendered(found: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in found {
        out += &format!("{diagnostic}\n");
        if let Some(help) = &diagnostic.help {
            out += &format!("  help: {help}\n");
        }
    }
    out
}

fn wrong_documents() -> Vec<(PathBuf, Vec<Diagnostic>)> {
    let names = folder().documents().into_iter();
    let files = names.map(|name| folder().path(&name));
    let diagnose = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let found = if name.starts_with("case_file") {
            read_cases(&text).map(drop).unwrap_err()
        } else if name.starts_with("value_file") {
            read_values(&text).map(drop).unwrap_err()
        } else if name.starts_with("alone") {
            read(&text).map(drop).unwrap_err()
        } else {
            let read = read_with(&text, name, &mut folder(), &given(&text));
            read.map(drop).unwrap_err()
        };
        (path, found)
    };
    files.map(diagnose).collect()
}

#[test]
fn wrong_documents_are_reported_as_written_down() {
    let mut differing = Vec::new();
    let documents = wrong_documents();
    assert!(!documents.is_empty());
    for (path, found) in documents {
        let golden = path.with_extension("stderr");
        let now = rendered(&found);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &now).unwrap();
        } else if fs::read_to_string(&golden).ok().as_deref() != Some(&now) {
            differing.push(format!("{}:\n{now}", path.display()));
        }
    }
    assert!(
        differing.is_empty(),
        "run with BLESS=1 if this is right:\n{}",
        differing.join("\n")
    );
}

#[test]
fn diagnostics_stand_in_the_order_of_the_text() {
    for (path, found) in wrong_documents() {
        // The document's own come first, and each file's stand together.
        for one in found.chunk_by(|a, b| a.file == b.file) {
            let places: Vec<(u32, u32)> = one.iter().map(|d| (d.line, d.column)).collect();
            assert!(places.is_sorted(), "{}: {places:?}", path.display());
        }
        let own = found.iter().map(|found| found.file.is_some());
        assert!(own.is_sorted(), "{}", path.display());
    }
}

#[test]
fn every_code_is_reached_by_some_document() {
    let mut reached: BTreeSet<&str> = wrong_documents()
        .iter()
        .flat_map(|(_, found)| found)
        .map(|found| found.code)
        .collect();
    // A file of more than 32 MiB is not kept in the repository.
    let large = " ".repeat((32 << 20) + 1);
    reached.extend(read(&large).unwrap_err().iter().map(|found| found.code));
    // They are found in a document that is right by itself.
    reached.extend(below_gt().iter().map(|found| found.code));
    let known: BTreeSet<&str> = Diagnostic::CODES.iter().copied().collect();
    assert_eq!(reached, known);
}

/// A document that asks less of keys than a table of GT's does.
fn below_gt() -> Vec<Diagnostic> {
    let source = "policy: p\nroutes:\n  POST /v1/chat/completions: {verdict: native, scope: none, model: json}\n  \
                  POST /v1/responses: {verdict: native, scope: none, model: json}\n";
    let chat = GtRoute {
        method: "POST".to_owned(),
        template: "/v1/chat/completions".to_owned(),
        purposes: [Purpose::Inference].into_iter().collect(),
        scopes: vec!["inference:chat".to_owned()],
        takes_conversation: true,
    };
    let document = read_with(source, "p.yaml", &mut NoFiles, &Values::new()).unwrap();
    document.check_gt_routes(&GtRoutes::new("1", [chat]))
}

#[test]
fn what_asks_for_less_than_gt_is_told_at_its_route() {
    let found: Vec<_> = below_gt().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "3:3: error[less_than_gt]: `POST /v1/chat/completions` does not ask for `inference:chat`, as GT does",
            "4:3: error[not_in_gt_table]: `POST /v1/responses` is forwarded, and GT's table has no such route",
        ]
    );
}

#[test]
fn messages_are_one_line_without_a_final_period() {
    for (path, found) in wrong_documents() {
        for Diagnostic { message, help, .. } in &found {
            for text in [Some(message), help.as_ref()].into_iter().flatten() {
                let is_one_line = !text.contains('\n') && !text.ends_with('.') && !text.is_empty();
                assert!(is_one_line, "{}: {text:?}", path.display());
            }
        }
    }
}

#[test]
fn a_list_of_too_many_values_is_refused() {
    let many = format!("policy: [{}]", "a,".repeat(2_000_001));
    let found = read(&many).unwrap_err();
    assert_eq!(found.first().map(|found| found.code), Some("too_large"));
}
