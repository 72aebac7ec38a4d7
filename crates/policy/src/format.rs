//! The canonical text of a document. Comments are not part of a document and are lost.

use crate::{
    Document, List, Text,
    document::{AllOrList, CaseEntry, Client, Expect, Model, Route, Value},
    quote::{key, value},
};

mod terms;

use terms::{boolean, caller_pairs, ceilings, published, scope};

/// The canonical text of a document: one order of keys, one way to quote, one line an entry where
/// it fits. Entries keep the order in which they were written.
///
/// `Document::parse(&format(d))` gives `d` again.
#[must_use]
pub fn format(document: &Document) -> String {
    let mut out = String::new();
    for (name, text) in [
        ("policy", &document.policy),
        ("version", &document.version),
        ("about", &document.about),
    ] {
        if let Some(text) = text {
            out += &format!("{name}: {}\n", value(&text.value));
        }
    }
    if let Some(files) = one_or_list(document.include.as_ref()) {
        out += &format!("include: {files}\n");
    }
    if !document.values.is_empty() {
        section(&mut out, "values", false, "{}");
        document.values.iter().for_each(|it| out += &default(it));
    }
    if let Some(client) = &document.client {
        let lines = client_lines(client);
        section(&mut out, "client", lines.is_empty(), "{}");
        out += &lines;
    }
    if let Some(routes) = &document.routes {
        section(&mut out, "routes", routes.is_empty(), "{}");
        for route in routes {
            entry(&mut out, &route.key.value, &route_pairs(route));
        }
    }
    if !document.models.is_empty() {
        section(&mut out, "models", false, "{}");
        for model in &document.models {
            entry(&mut out, &model.name.value, &model_pairs(model));
        }
    }
    if !document.sets.is_empty() {
        section(&mut out, "sets", false, "{}");
        for set in &document.sets {
            let models = list(set.models.as_ref()).unwrap_or_else(|| "[]".into());
            out += &format!("  {}: {models}\n", key(&set.name.value));
        }
    }
    if let Some(callers) = &document.callers {
        section(&mut out, "callers", callers.is_empty(), "{}");
        for caller in callers {
            entry(&mut out, &caller.name.value, &caller_pairs(caller));
        }
    }
    if !document.cases.is_empty() {
        section(&mut out, "cases", false, "[]");
        for case in &document.cases {
            list_entry(&mut out, &case_pairs(case));
        }
    }
    if out.is_empty() { "{}\n".into() } else { out }
}

/// A key with its value as it stands in flow style.
type Pair = (&'static str, String);

fn section(out: &mut String, name: &str, is_empty: bool, empty: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    *out += &if is_empty {
        format!("{name}: {empty}\n")
    } else {
        format!("{name}:\n")
    };
}

fn entry(out: &mut String, name: &str, pairs: &[Pair]) {
    let line = format!("  {}: {}", key(name), flow(pairs));
    if line.chars().count() <= WIDTH || pairs.is_empty() {
        *out += &line;
        out.push('\n');
        return;
    }
    *out += &format!("  {}:\n", key(name));
    for (name, value) in pairs {
        *out += &format!("    {name}: {value}\n");
    }
}

fn list_entry(out: &mut String, pairs: &[Pair]) {
    if pairs.is_empty() {
        *out += "  - {}\n";
    }
    let mut indent = "  - ";
    for (name, value) in pairs {
        // A list with lines of its own begins with a line break.
        let space = if value.starts_with('\n') { "" } else { " " };
        *out += &format!("{indent}{name}:{space}{value}\n");
        indent = "    ";
    }
}

fn flow(pairs: &[Pair]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

fn default(written: &Value) -> String {
    let default = written.default.as_ref();
    let default = default.map_or_else(|| "{}".into(), |text| value(&text.value));
    format!("  {}: {default}\n", key(&written.name.value))
}

/// Its paragraphs stand on lines of their own.
fn client_lines(client: &Client) -> String {
    let mut out = String::new();
    for (name, text) in [
        ("name", &client.name),
        ("category", &client.category),
        ("compatibility", &client.compatibility),
        ("preset", &client.preset),
    ] {
        if let Some(text) = text {
            out += &format!("  {name}: {}\n", value(&text.value));
        }
    }
    for (name, list) in [
        ("setup", &client.setup),
        ("caveats", &client.caveats),
        ("corrections", &client.corrections),
    ] {
        let Some(list) = list else { continue };
        let empty = if list.items.is_empty() { " []" } else { "" };
        out += &format!("  {name}:{empty}\n");
        for text in &list.items {
            out += &format!("    - {}\n", value(&text.value));
        }
    }
    out
}

fn route_pairs(route: &Route) -> Vec<Pair> {
    let pairs = [
        ("verdict", text(route.verdict.as_ref())),
        ("action", text(route.action.as_ref())),
        ("scope", route.scope.as_ref().map(scope)),
        ("purpose", one_or_list(route.purpose.as_ref())),
        ("model", text(route.model.as_ref())),
        ("query", list(route.query.as_ref())),
        ("headers", list(route.headers.as_ref())),
        ("required_headers", list(route.required_headers.as_ref())),
        ("set_headers", headers(&route.set_headers)),
        ("because", text(route.because.as_ref())),
    ];
    written(pairs)
}

fn model_pairs(model: &Model) -> Vec<Pair> {
    written([
        ("published", model.published.as_ref().map(published)),
        ("for", list(model.endpoints.as_ref())),
        ("listed", boolean(model.listed.as_ref())),
        ("deprecated", text(model.deprecated.as_ref())),
        ("ceilings", model.ceilings.as_ref().map(ceilings)),
    ])
}

fn case_pairs(case: &CaseEntry) -> Vec<Pair> {
    written([
        ("name", text(case.name.as_ref())),
        ("request", text(case.request.as_ref())),
        ("model", text(case.model.as_ref())),
        ("preset", text(case.preset.as_ref())),
        ("scopes", list(case.scopes.as_ref())),
        ("purposes", one_or_list(case.purposes.as_ref())),
        ("models", all_or_list(case.models.as_ref())),
        ("published", all_or_list(case.published.as_ref())),
        ("datasets", all_or_list(case.datasets.as_ref())),
        ("key", text(case.key.as_ref())),
        ("labels", headers(&case.labels)),
        ("body", terms::body(&case.body)),
        ("headers", headers(&case.headers)),
        ("each", case.each.as_deref().map(terms::each)),
        ("skip", text(case.skip.as_ref())),
        ("expect", case.expect.as_ref().map(expect)),
    ])
}

fn expect(expect: &Expect) -> String {
    // That none is set is said too.
    let set_headers = expect.set_headers.as_deref();
    let set_headers = set_headers.map(|set| headers(set).unwrap_or_else(|| "{}".into()));
    flow(&written([
        ("forward", text(expect.forward.as_ref())),
        ("model", text(expect.model.as_ref())),
        ("response_model", text(expect.response_model.as_ref())),
        ("path", text(expect.path.as_ref())),
        ("query", text(expect.query.as_ref())),
        ("set_headers", set_headers),
        ("drop_headers", list(expect.drop_headers.as_ref())),
        ("notice", text(expect.notice.as_ref())),
        ("refuse", text(expect.refuse.as_ref())),
        ("message", text(expect.message.as_ref())),
        ("reason", text(expect.reason.as_ref())),
        ("list", list(expect.list.as_ref())),
    ]))
}

fn written<const N: usize>(pairs: [(&'static str, Option<String>); N]) -> Vec<Pair> {
    pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn text(text: Option<&Text>) -> Option<String> {
    text.map(|text| value(&text.value))
}

fn list(list: Option<&List>) -> Option<String> {
    let items = list?.items.iter().map(|text| value(&text.value));
    Some(format!("[{}]", items.collect::<Vec<_>>().join(", ")))
}

fn one_or_list(written: Option<&List>) -> Option<String> {
    match written?.items.as_slice() {
        [one] => Some(value(&one.value)),
        _ => list(written),
    }
}

fn all_or_list(written: Option<&AllOrList>) -> Option<String> {
    match written? {
        AllOrList::Word(word) => Some(value(&word.value)),
        AllOrList::List(items) => list(Some(items)),
    }
}

fn headers(headers: &[(Text, Text)]) -> Option<String> {
    let pair =
        |(name, text): &(Text, Text)| format!("{}: {}", value(&name.value), value(&text.value));
    let pairs: Vec<String> = headers.iter().map(pair).collect();
    (!pairs.is_empty()).then(|| format!("{{{}}}", pairs.join(", ")))
}

/// Longer entries get a line for each of their keys.
const WIDTH: usize = 110;
