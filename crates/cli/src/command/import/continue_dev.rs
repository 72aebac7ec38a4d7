//! Continue's `config.yaml`, and the `config.json` before it.

use signalbox_policy::Endpoint;

use super::{imported::Imported, notices::below, tree::Tree};

pub(super) fn read(root: &Tree, into: &mut Imported) {
    let single = ["tabAutocompleteModel", "embeddingsProvider", "reranker"];
    let known: Vec<&str> = ["name", "version", "schema", "models"]
        .into_iter()
        .chain(single)
        .collect();
    into.ignore_all_but("", root, &known);
    match root.get("models") {
        Some(Tree::List(models)) => {
            for (index, entry) in models.iter().enumerate() {
                model(entry, &format!("models[{index}]"), into);
            }
        }
        Some(other) => into.skipped("models", &format!("it is {}", other.kind())),
        None => {}
    }
    if let Some(embeddings) = root.get("embeddingsProvider") {
        named(
            embeddings,
            "embeddingsProvider",
            &[Endpoint::Embeddings],
            into,
        );
    }
    if root.get("tabAutocompleteModel").is_some() {
        into.skipped(
            "tabAutocompleteModel",
            "GT has no route for completing code",
        );
    }
    if root.get("reranker").is_some() {
        into.skipped("reranker", "GT has no route for reranking");
    }
}

fn model(entry: &Tree, place: &str, into: &mut Imported) {
    if entry.get("uses").is_some() {
        return into.skipped(place, "it is a block of Continue's hub");
    }
    let known = ["name", "title", "model", "roles"];
    into.ignore_all_but("models[]", entry, &known);
    let endpoints = match entry.get("roles") {
        None | Some(Tree::Nothing) => vec![Endpoint::Chat],
        Some(Tree::List(roles)) => of_roles(roles, place, into),
        Some(other) => {
            return into.skipped(&below(place, "roles"), &format!("it is {}", other.kind()));
        }
    };
    named(entry, place, &endpoints, into);
}

/// The routes behind a model's roles.
fn of_roles(roles: &[Tree], place: &str, into: &mut Imported) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (index, role) in roles.iter().enumerate() {
        match role.text() {
            Some("chat" | "edit" | "apply" | "summarize") => endpoints.push(Endpoint::Chat),
            Some("embed") => endpoints.push(Endpoint::Embeddings),
            Some("autocomplete") => {
                into.skipped(
                    &format!("{place}.roles[{index}]"),
                    "GT has no route for completing code",
                );
            }
            Some("rerank") => {
                into.skipped(
                    &format!("{place}.roles[{index}]"),
                    "GT has no route for reranking",
                );
            }
            _ => into.skipped(
                &format!("{place}.roles[{index}]"),
                "it is no role that is known here",
            ),
        }
    }
    endpoints
}

fn named(entry: &Tree, place: &str, endpoints: &[Endpoint], into: &mut Imported) {
    match entry.get("model").and_then(Tree::text) {
        Some("AUTODETECT") => {
            into.remark(format!(
                "{place} asks its server for its models: they are not known here"
            ));
        }
        Some(name) => {
            for endpoint in endpoints {
                into.add(name, None, *endpoint, place);
            }
        }
        None => into.skipped(place, "it has no `model` that is text"),
    }
}
