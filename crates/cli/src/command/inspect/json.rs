//! What a policy is, for programs.

use serde_json::{Map, Value, json};
use signalbox_policy::{CatalogueEntry, ModelSource, RouteDescription};
use signalbox_runtime::Plugin;

use super::{Bytes, Carries, Loaded};

/// Of a component that does not load, what its bytes say.
pub(super) fn of(bytes: &Bytes, loaded: Option<&Loaded>) -> Value {
    let mut all = json!({
        "file": bytes.file,
        "kind": if bytes.is_document { "document" } else { "component" },
        "digest": bytes.digest.to_string(),
        "size": bytes.component.len(),
        "imports": bytes.names.imports,
        "exports": bytes.names.exports,
        "statement": bytes.statement.as_ref().map(super::Beside::to_json),
        "loads": loaded.is_some(),
    });
    if let (Some(all), Some(loaded)) = (all.as_object_mut(), loaded) {
        all.append(&mut said(loaded));
    }
    all
}

fn said(loaded: &Loaded) -> Map<String, Value> {
    let plugin = &loaded.plugin;
    let description = plugin.description();
    let models = plugin.catalogue().iter();
    let patterns = loaded.patterns.iter();
    let cases = loaded.cases.iter();
    let members = [
        ("name", json!(description.name)),
        ("version", json!(description.version)),
        ("contract", json!(plugin.contract_version().word())),
        (
            "engine",
            json!(if plugin.is_trusted() { "known" } else { "own" }),
        ),
        ("document", json!(loaded.carries.word())),
        ("headers", json!(description.headers)),
        ("body_members", json!(description.body_members)),
        ("routes", description.routes.iter().map(route).collect()),
        ("models", models.map(|entry| model(plugin, entry)).collect()),
        (
            "patterns",
            patterns
                .map(|(pattern, published)| json!({"pattern": pattern, "published": published}))
                .collect(),
        ),
        ("cases", cases.map(|case| json!(case.name)).collect()),
    ];
    members
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

fn route(route: &RouteDescription) -> Value {
    let purposes: Vec<_> = route.purposes.iter().map(|it| it.word()).collect();
    json!({
        "method": route.method,
        "template": route.template,
        "verdict": route.verdict.word(),
        "forwarded": route.forwarded,
        "purposes": purposes,
        "scopes": route.scopes,
        "model": source_word(route.model),
        "query": route.query,
        "headers": route.headers,
        "reason": route.reason,
    })
}

fn model(plugin: &Plugin, entry: &CatalogueEntry) -> Value {
    let routes = entry.routes.iter().filter_map(|index| plugin.route(*index));
    let routes: Vec<_> = routes.map(RouteDescription::name).collect();
    json!({
        "name": entry.name,
        "published": entry.published,
        "listed": entry.is_listed,
        "deprecated": entry.deprecated,
        "routes": routes,
    })
}

/// As documents write it.
pub(super) const fn source_word(source: ModelSource) -> &'static str {
    match source {
        ModelSource::Json => "json",
        ModelSource::Multipart => "multipart",
        ModelSource::None => "none",
    }
}

impl Carries {
    const fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Another => "another",
            Self::None => "none",
        }
    }
}
