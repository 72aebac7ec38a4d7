//! LibreChat's `librechat.yaml`: the models of its endpoints and of its model specs.

use signalbox_policy::Endpoint;

use super::{imported::Imported, notices::below, secret::is_secret_key, tree::Tree};

pub(super) fn read(root: &Tree, into: &mut Imported) {
    into.ignore_all_but("", root, &["version", "endpoints", "modelSpecs"]);
    let nothing = Tree::Nothing;
    for (name, endpoint) in root.get("endpoints").unwrap_or(&nothing).entries() {
        let place = below("endpoints", name);
        match (name.as_str(), endpoint) {
            // What stands below such a key has been told of as a secret.
            (name, _) if is_secret_key(name) => into.skipped(&place, SECRETS_NAME),
            ("custom", Tree::List(customs)) => {
                for (index, custom) in customs.iter().enumerate() {
                    let known = ["name", "models", "titleModel", "summaryModel"];
                    into.ignore_all_but("endpoints.custom[]", custom, &known);
                    models(custom, &format!("endpoints.custom[{index}]"), into);
                    others(custom, &format!("endpoints.custom[{index}]"), into);
                }
            }
            ("azureOpenAI", azure) => {
                into.ignore_all_but(&place, azure, &["groups", "titleModel", "summaryModel"]);
                groups(azure, into);
                others(azure, &place, into);
            }
            (_, endpoint) if endpoint.get("models").is_some() => {
                into.ignore_all_but(&place, endpoint, &["models", "titleModel", "summaryModel"]);
                models(endpoint, &place, into);
                others(endpoint, &place, into);
            }
            (_, endpoint)
                if ["titleModel", "summaryModel"]
                    .iter()
                    .any(|key| endpoint.get(key).is_some()) =>
            {
                into.ignore_all_but(&place, endpoint, &["titleModel", "summaryModel"]);
                others(endpoint, &place, into);
            }
            _ => into.ignore(&place),
        }
    }
    specs(root.get("modelSpecs").unwrap_or(&nothing), into);
}

/// `models.default`: names, or mappings with one.
fn models(endpoint: &Tree, place: &str, into: &mut Imported) {
    let Some(models) = endpoint.get("models") else {
        return into.skipped(place, "it has no `models`");
    };
    into.ignore_all_but(&below(place, "models"), models, &["default", "fetch"]);
    if models.get("fetch") == Some(&Tree::Flag(true)) {
        into.remark(format!(
            "{place} asks its server for its models: those that are not in `models.default` are not known here"
        ));
    }
    match models.get("default") {
        Some(Tree::List(names)) => {
            for (index, entry) in names.iter().enumerate() {
                let place = format!("{place}.models.default[{index}]");
                match entry
                    .text()
                    .or_else(|| entry.get("name").and_then(Tree::text))
                {
                    Some(name) => into.add(name, None, Endpoint::Chat, &place),
                    None => into.skipped(&place, &format!("it is {}, and no name", entry.kind())),
                }
            }
        }
        Some(other) => {
            into.skipped(
                &format!("{place}.models.default"),
                &format!("it is {}", other.kind()),
            );
        }
        None => {}
    }
}

/// Models for titles and summaries, which may be models that are there.
fn others(endpoint: &Tree, place: &str, into: &mut Imported) {
    for key in ["titleModel", "summaryModel"] {
        let name = endpoint.get(key).and_then(Tree::text);
        if let Some(name) =
            name.filter(|name| *name != "current_model" && !into.catalogue.contains(name))
        {
            into.add(name, None, Endpoint::Chat, &below(place, key));
        }
    }
}

/// Azure's groups: the deployment is what the model's name leads to.
fn groups(azure: &Tree, into: &mut Imported) {
    let Some(Tree::List(groups)) = azure.get("groups") else {
        return;
    };
    for (index, group) in groups.iter().enumerate() {
        into.ignore_all_but(
            "endpoints.azureOpenAI.groups[]",
            group,
            &["group", "deploymentName", "models"],
        );
        let deployment = group.get("deploymentName").and_then(Tree::text);
        let models = group.get("models").map(Tree::entries).unwrap_or_default();
        for (number, (name, model)) in models.iter().enumerate() {
            let place = format!(
                "endpoints.azureOpenAI.groups[{index}].models, entry {}",
                number + 1
            );
            if is_secret_key(name) {
                into.skipped(&place, SECRETS_NAME);
                continue;
            }
            into.ignore_all_but(
                "endpoints.azureOpenAI.groups[].models[]",
                model,
                &["deploymentName"],
            );
            let own = model.get("deploymentName").and_then(Tree::text);
            let published = own.or(deployment).map(|name| (name, 1.0));
            into.add(name, published, Endpoint::Chat, &place);
        }
    }
}

/// Presets that people choose: their models have to be there.
fn specs(specs: &Tree, into: &mut Imported) {
    into.ignore_all_but("modelSpecs", specs, &["list"]);
    let Some(Tree::List(list)) = specs.get("list") else {
        return;
    };
    for (index, spec) in list.iter().enumerate() {
        let place = format!("modelSpecs.list[{index}].preset.model");
        into.ignore_all_but("modelSpecs.list[]", spec, &["name", "preset"]);
        let Some(preset) = spec.get("preset") else {
            continue;
        };
        into.ignore_all_but("modelSpecs.list[].preset", preset, &["endpoint", "model"]);
        match preset.get("model").and_then(Tree::text) {
            Some(name) if !into.catalogue.contains(name) => {
                into.remark(format!(
                    "{place} is in no endpoint's list; it is a model all the same"
                ));
                into.add(name, None, Endpoint::Chat, &place);
            }
            _ => {}
        }
    }
}

const SECRETS_NAME: &str = "its name is one of a secret";
