//! What a policy is, for people.

use signalbox_policy::{CatalogueEntry, RouteDescription};

use super::{Bytes, Carries, Loaded, json::source_word};
use crate::show::{self, table::table};

/// Of a component that does not load, what its bytes say.
pub(super) fn of(bytes: &Bytes, loaded: Option<&Loaded>) -> String {
    let mut lines = Lines(Vec::new());
    lines.add("file", &bytes.file);
    if let Some(loaded) = loaded {
        let description = loaded.plugin.description();
        lines.add("name", &description.name);
        if !description.version.is_empty() {
            lines.add("version", &description.version);
        }
    }
    let compiled = if bytes.is_document {
        ", as compiled by this version"
    } else {
        ""
    };
    lines.add("digest", &format!("sha256 {}{compiled}", bytes.digest));
    let size = u64::try_from(bytes.component.len()).unwrap_or(u64::MAX);
    lines.add("size", &show::count(size, "byte"));
    if let Some(loaded) = loaded {
        lines.add("contract", loaded.plugin.contract_version().word());
        lines.add("code", code(loaded));
        if !bytes.is_document {
            lines.add("document", document(loaded.carries));
        }
    }
    match &bytes.statement {
        None => lines.add("signature", "no statement beside it"),
        Some(statement) => {
            for line in statement.lines() {
                lines.add("signature", &line);
            }
        }
    }
    lines.all("imports", &bytes.names.imports);
    if let Some(loaded) = loaded {
        said(loaded, &mut lines);
    } else {
        lines.all("exports", &bytes.names.exports);
    }
    lines.0.join("\n")
}

fn said(loaded: &Loaded, lines: &mut Lines) {
    let description = loaded.plugin.description();
    lines.all("looks at", &description.headers);
    lines.all("looks at", &description.body_members);
    let rows: Vec<_> = description.routes.iter().map(route).collect();
    lines.block("routes", rows.len());
    lines.table(["route", "verdict", "purposes", "scopes", "model"], &rows);
    let models = loaded.plugin.catalogue().iter().map(model);
    let patterns = loaded.patterns.iter().map(|(pattern, published)| {
        let published = published.as_deref().unwrap_or("itself");
        [pattern.as_str(), published, "pattern"].map(show::plain)
    });
    let rows: Vec<_> = models.chain(patterns).collect();
    lines.block("models", rows.len());
    lines.table(["name", "leads to", "note"], &rows);
    lines.block("cases", loaded.cases.len());
    let names = loaded
        .cases
        .iter()
        .map(|case| format!("  {}", show::plain(&case.name)));
    lines.0.extend(names);
}

fn code(loaded: &Loaded) -> &'static str {
    match loaded.plugin.is_trusted() {
        true => "a known engine, which decides by its tables",
        false => "a program of its own",
    }
}

fn document(carries: Carries) -> &'static str {
    match carries {
        Carries::Own => "carried, and compiles to this component",
        Carries::Another => "carried, and compiles to another component with this version",
        Carries::None => "none carried",
    }
}

fn route(route: &RouteDescription) -> [String; 5] {
    let purposes: Vec<_> = route.purposes.iter().map(|it| it.word()).collect();
    let scopes: Vec<_> = route.scopes.iter().map(|set| set.join(" and ")).collect();
    let [purposes, scopes, model] = match route.forwarded {
        true => [
            purposes.join(" or "),
            scopes.join(", or "),
            source_word(route.model).to_owned(),
        ],
        false => ["refused".to_owned(), String::new(), String::new()],
    };
    let cells = [
        route.name(),
        route.verdict.word().to_owned(),
        purposes,
        scopes,
        model,
    ];
    cells.map(|cell| show::plain(&cell))
}

fn model(entry: &CatalogueEntry) -> [String; 3] {
    let hidden = (!entry.is_listed).then(|| "not listed".to_owned());
    let deprecated = entry.deprecated.as_ref();
    let deprecated = deprecated.map(|message| format!("deprecated: {message}"));
    let notes: Vec<_> = hidden.into_iter().chain(deprecated).collect();
    let cells = [
        entry.name.clone(),
        entry.published.join(", "),
        notes.join("; "),
    ];
    cells.map(|cell| show::plain(&cell))
}

/// Lines of a page.
struct Lines(Vec<String>);

impl Lines {
    fn add(&mut self, what: &str, text: &str) {
        self.0.push(format!("{what:<9}  {}", show::plain(text)));
    }

    fn all(&mut self, what: &str, texts: &[String]) {
        for text in texts {
            self.add(what, text);
        }
    }

    fn block(&mut self, what: &str, count: usize) {
        self.0.push(String::new());
        self.0.push(format!("{what}: {count}"));
    }

    fn table<const N: usize>(&mut self, heading: [&str; N], rows: &[[String; N]]) {
        if rows.is_empty() {
            return;
        }
        let table = table(heading, rows);
        self.0.extend(table.lines().map(|line| format!("  {line}")));
    }
}
