//! LiteLLM's `config.yaml`: `model_list`, and the aliases beside it.

use signalbox_policy::Endpoint;

use super::{
    catalogue::endpoint_by_name,
    imported::Imported,
    secret::{is_secret_key, is_secret_name},
    tree::Tree,
};

pub(super) fn read(root: &Tree, into: &mut Imported) {
    into.ignore_all_but(
        "",
        root,
        &["model_list", "router_settings", "litellm_settings"],
    );
    match root.get("model_list") {
        Some(Tree::List(models)) => {
            for (index, entry) in models.iter().enumerate() {
                model(entry, &format!("model_list[{index}]"), into);
            }
        }
        Some(other) => into.skipped("model_list", &format!("it is {}", other.kind())),
        None => {}
    }
    if into
        .catalogue
        .entries()
        .any(|(_, entry)| entry.published.len() > 1)
    {
        into.remark(
            "several deployments of a name share its keys: LiteLLM shares requests, and a policy always gives a key \
             the same one",
        );
    }
    if let Some(settings) = root.get("router_settings") {
        into.ignore_all_but("router_settings", settings, &["model_group_alias"]);
        aliases(settings, "router_settings", "model_group_alias", into);
    }
    if let Some(settings) = root.get("litellm_settings") {
        let known = ["model_group_alias", "model_alias_map"];
        into.ignore_all_but("litellm_settings", settings, &known);
        for key in known {
            aliases(settings, "litellm_settings", key, into);
        }
    }
}

fn model(entry: &Tree, place: &str, into: &mut Imported) {
    let Some(name) = entry.get("model_name").and_then(Tree::text) else {
        return into.skipped(place, "it has no `model_name` that is text");
    };
    let nothing = Tree::Nothing;
    let parameters = entry.get("litellm_params").unwrap_or(&nothing);
    let information = entry.get("model_info").unwrap_or(&nothing);
    let all = "model_list[]";
    into.ignore_all_but(all, entry, &["model_name", "litellm_params", "model_info"]);
    let known = ["model", "weight", "custom_llm_provider"];
    into.ignore_all_but(&format!("{all}.litellm_params"), parameters, &known);
    into.ignore_all_but(&format!("{all}.model_info"), information, &["mode"]);
    let Some(endpoint) = endpoint(name, information, place, into) else {
        return;
    };
    let Some(model) = parameters.get("model").and_then(Tree::text) else {
        return into.skipped(place, "its `litellm_params.model` is no text");
    };
    if model.starts_with("os.environ/") {
        return into.skipped(
            place,
            "its `litellm_params.model` comes from the environment",
        );
    }
    let has_provider = parameters
        .get("custom_llm_provider")
        .and_then(Tree::text)
        .is_some();
    // Part of an address would not look like one: what is no name stays whole, and is refused.
    let is_whole = has_provider || is_secret_name(model);
    let upstream = match model.split_once('/') {
        Some((_, model)) if !is_whole => model,
        _ => model,
    };
    let weight = weight(parameters, place, into);
    if name.ends_with('*') {
        return pattern(name, upstream, weight, endpoint, place, into);
    }
    into.add(name, Some((upstream, weight)), endpoint, place);
}

fn pattern(
    name: &str,
    upstream: &str,
    weight: f64,
    endpoint: Endpoint,
    place: &str,
    into: &mut Imported,
) {
    if !upstream.contains('*') {
        return into.add(name, Some((upstream, weight)), endpoint, place);
    }
    into.add(name, None, endpoint, place);
    if name.trim_end_matches('*') != upstream.trim_end_matches('*') {
        into.remark(format!(
            "the pattern of {place} publishes each name as it is written; LiteLLM puts what `*` stands for into another"
        ));
    }
}

/// What a model is for, as far as GT has such a route.
fn endpoint(name: &str, information: &Tree, place: &str, into: &mut Imported) -> Option<Endpoint> {
    let mode = information.get("mode").and_then(Tree::text);
    match mode {
        Some("chat") => Some(Endpoint::Chat),
        Some("embedding") => Some(Endpoint::Embeddings),
        Some("image_generation") => Some(Endpoint::Images),
        Some("audio_speech") => Some(Endpoint::Speech),
        Some("audio_transcription") => Some(Endpoint::Transcriptions),
        Some(_) => {
            into.skipped(place, "GT has no route for its `model_info.mode`");
            None
        }
        None => {
            let guessed = endpoint_by_name(name);
            if guessed != Endpoint::Chat {
                let word = guessed.word();
                into.remark(format!(
                    "{place} has no `model_info.mode`; it is taken for {word} by its name"
                ));
            }
            Some(guessed)
        }
    }
}

fn weight(parameters: &Tree, place: &str, into: &mut Imported) -> f64 {
    match parameters.get("weight") {
        None | Some(Tree::Nothing) => 1.0,
        Some(Tree::Number(weight)) if weight.is_finite() && *weight > 0.0 => *weight,
        Some(_) => {
            into.remark(format!("the weight of {place} is none; it counts as 1"));
            1.0
        }
    }
}

fn aliases(settings: &Tree, place: &str, key: &str, into: &mut Imported) {
    let Some(aliases) = settings.get(key) else {
        return;
    };
    for (index, (alias, target)) in aliases.entries().iter().enumerate() {
        let place = format!("{place}.{key}, entry {}", index + 1);
        // What stands below such a key has been told of as a secret.
        if is_secret_key(alias) {
            into.skipped(&place, "its name is one of a secret");
            continue;
        }
        let is_unlisted = target.get("hidden") == Some(&Tree::Flag(true));
        let of = target
            .text()
            .or_else(|| target.get("model").and_then(Tree::text));
        match of {
            Some(of) => into.alias(alias, of, is_unlisted, &place),
            None => into.skipped(&place, "it names no model"),
        }
    }
}
