//! Open WebUI: its configuration or its models, as its settings export them.

use signalbox_policy::Endpoint;

use super::{imported::Imported, notices::below, secret::is_secret_key, tree::Tree};

pub(super) fn read(root: &Tree, into: &mut Imported) {
    match root {
        Tree::List(models) => workspace(models, into),
        root => configuration(root, into),
    }
}

/// *Export Models* of the workspace: presets on a base model.
fn workspace(models: &[Tree], into: &mut Imported) {
    for (index, model) in models.iter().enumerate() {
        let place = format!("[{index}]");
        let known = [
            "id",
            "base_model_id",
            "is_active",
            "name",
            "user_id",
            "created_at",
            "updated_at",
            "user",
            "object",
        ];
        into.ignore_all_but("[]", model, &known);
        let Some(id) = model.get("id").and_then(Tree::text) else {
            into.skipped(&place, "it has no `id` that is text");
            continue;
        };
        if model.get("is_active") == Some(&Tree::Flag(false)) {
            into.skipped(&place, "it is switched off");
            continue;
        }
        let base = model
            .get("base_model_id")
            .and_then(Tree::text)
            .map(|base| (base, 1.0));
        into.add(id, base, Endpoint::Chat, &place);
    }
    into.remark(
        "Open WebUI itself asks for a preset's base model: give clients other than it these names only if they are to \
         have them, for what else a preset says (its prompt, its parameters) is not carried over",
    );
}

/// *Export Config to JSON File* of the administrator's settings.
fn configuration(root: &Tree, into: &mut Imported) {
    into.ignore_all_but(
        "",
        root,
        &[
            "version",
            "openai",
            "rag",
            "audio",
            "image_generation",
            "ui",
        ],
    );
    let nothing = Tree::Nothing;
    let part = |name: &str| root.get(name).unwrap_or(&nothing);
    connections(part("openai"), into);
    let rag = part("rag");
    into.ignore_all_but("rag", rag, &["embedding_engine", "embedding_model"]);
    let engine = rag.get("embedding_engine");
    add(
        engine,
        rag,
        "rag",
        "embedding_model",
        Endpoint::Embeddings,
        into,
    );
    let (audio, images) = (part("audio"), part("image_generation"));
    let parts = [
        ("audio.tts", audio.get("tts"), Endpoint::Speech),
        ("audio.stt", audio.get("stt"), Endpoint::Transcriptions),
        ("image_generation", Some(images), Endpoint::Images),
    ];
    for (place, part, endpoint) in parts {
        let part = part.unwrap_or(&nothing);
        into.ignore_all_but(place, part, &["engine", "model"]);
        add(part.get("engine"), part, place, "model", endpoint, into);
    }
    into.ignore_all_but("ui", part("ui"), &["default_models"]);
    let defaults = part("ui")
        .get("default_models")
        .and_then(Tree::text)
        .unwrap_or_default();
    for name in defaults
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        if !into.catalogue.contains(name) {
            into.add(name, None, Endpoint::Chat, "ui.default_models");
        }
    }
}

/// The OpenAI connections, each with its own list if it has one.
fn connections(openai: &Tree, into: &mut Imported) {
    into.ignore_all_but("openai", openai, &["enable", "api_configs"]);
    if openai.get("enable") == Some(&Tree::Flag(false)) {
        return into.skipped("openai", "it is switched off");
    }
    let nothing = Tree::Nothing;
    for (key, connection) in openai.get("api_configs").unwrap_or(&nothing).entries() {
        let place = below("openai.api_configs", key);
        // What stands below such a key has been told of as a secret.
        if is_secret_key(key) {
            into.skipped(&place, "its name is one of a secret");
            continue;
        }
        let known = ["enable", "model_ids", "prefix_id"];
        into.ignore_all_but("openai.api_configs[]", connection, &known);
        if connection.get("enable") == Some(&Tree::Flag(false)) {
            into.skipped(&place, "it is switched off");
            continue;
        }
        if connection.get("prefix_id").and_then(Tree::text).is_some() {
            into.remark(format!(
                "{place} puts a prefix before its models for its users; it asks for them without, and so they stand here"
            ));
        }
        match connection.get("model_ids") {
            Some(Tree::List(ids)) if !ids.is_empty() => {
                for (index, id) in ids.iter().enumerate() {
                    let place = format!("{place}.model_ids[{index}]");
                    match id.text() {
                        Some(id) => into.add(id, None, Endpoint::Chat, &place),
                        None => into.skipped(&place, &format!("it is {}", id.kind())),
                    }
                }
            }
            _ => into.remark(format!(
                "{place} has no list of models: it shows what its server lists"
            )),
        }
    }
}

/// A model that is asked for over OpenAI's API; another is left out.
fn add(
    engine: Option<&Tree>,
    part: &Tree,
    place: &str,
    key: &str,
    endpoint: Endpoint,
    into: &mut Imported,
) {
    let Some(name) = part.get(key).and_then(Tree::text) else {
        return;
    };
    let place = below(place, key);
    match engine.and_then(Tree::text) {
        Some("openai") => into.add(name, None, endpoint, &place),
        _ => into.skipped(&place, "it is asked for by another engine than OpenAI's"),
    }
}
