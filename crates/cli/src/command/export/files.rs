//! The files for one client and one key.

use signalbox_policy::Endpoint;

use super::{
    abilities::{Abilities, Unable},
    client::{Client, Needs},
    literal::Format,
    template::{TemplateError, Terms, render},
};
use crate::{gate_url::GateUrl, show};

/// What was made for a client.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) made: Vec<Made>,
    /// What is not in them, and why.
    pub(super) left_out: Vec<String>,
}

/// One file, ready to paste.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) file: &'static str,
    /// What to do with it.
    pub(super) then: &'static str,
    pub(super) text: String,
}

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoFiles {
    #[error(transparent)]
    Unable(#[from] Unable),
    #[error("the template of {file} is broken")]
    Template {
        file: &'static str,
        #[source]
        source: TemplateError,
    },
}

/// Names that a key may use and a client can be told.
struct Models {
    chats: Vec<String>,
    embeds: Vec<String>,
}

/// The files of a client for a key that can do so much.
pub(super) fn made(
    client: &Client,
    url: &GateUrl,
    abilities: &Abilities,
) -> Result<Files, NoFiles> {
    let mut left_out = Vec::new();
    let chats = names(client, Endpoint::Chat, abilities, &mut left_out)?;
    let embeds = names(client, Endpoint::Embeddings, abilities, &mut left_out)?;
    let embeds = for_embeddings(embeds, &chats);
    let models = Models { chats, embeds };
    let dataset = abilities.dataset.as_deref();
    let dataset = dataset.filter(|_| client.needs == Needs::AnyOrUpload);
    let has_any = !(models.chats.is_empty() && models.embeds.is_empty());
    if !has_any && dataset.is_none() {
        // Only of a client that can do with any: of others chat was asked for before.
        let why = abilities.models(Endpoint::Chat).err();
        return Err(why.unwrap_or(Unable::NoModel(Endpoint::Chat)).into());
    }
    let has_conversations = abilities.models(Endpoint::Conversations).is_ok();
    let made = texts(client, url, &models, dataset, has_conversations)?;
    Ok(Files { made, left_out })
}

/// A policy need not say what a name is not for: those that do not chat are meant, if there are any.
fn for_embeddings(mut names: Vec<String>, chats: &[String]) -> Vec<String> {
    if names.iter().any(|name| !chats.contains(name)) {
        names.retain(|name| !chats.contains(name));
    }
    names
}

/// The names for a kind of models; an error if the client does nothing without and there is none.
fn names(
    client: &Client,
    endpoint: Endpoint,
    abilities: &Abilities,
    left_out: &mut Vec<String>,
) -> Result<Vec<String>, Unable> {
    if !client.uses.contains(&endpoint) {
        return Ok(Vec::new());
    }
    let is_needed = endpoint == Endpoint::Chat && client.needs == Needs::Chat;
    let names = match abilities.models(endpoint) {
        Ok(names) => names,
        Err(why) if is_needed => return Err(why),
        Err(why) => {
            left_out.push(format!(
                "without {}: {}",
                endpoint.word(),
                show::plain(&why.to_string())
            ));
            return Ok(Vec::new());
        }
    };
    let formats = || {
        client
            .files
            .iter()
            .filter_map(|template| Format::of(template.file))
    };
    let (fit, strange): (Vec<_>, Vec<_>) = names
        .iter()
        .cloned()
        .partition(|name| formats().all(|format| format.can_write(name)));
    for name in strange {
        let name = show::plain(&name);
        left_out.push(format!(
            "without the model `{name}`: {} would read another name",
            client.name
        ));
    }
    if fit.is_empty() && is_needed {
        return Err(Unable::NoModel(endpoint));
    }
    Ok(fit)
}

fn texts(
    client: &Client,
    url: &GateUrl,
    models: &Models,
    dataset: Option<&str>,
    has_conversations: bool,
) -> Result<Vec<Made>, NoFiles> {
    let (base, gt_base) = (url.base(), url.gt_base());
    let Models { chats, embeds } = models;
    let first = |names: &[String]| names.first().cloned();
    let (chat, embed) = (first(chats), first(embeds));
    let json = |name: &Option<String>| name.as_deref().map(|name| Format::Quoted.literal(name));
    let (chat_json, embed_json) = (json(&chat), json(&embed));
    let upload = dataset.map(|dataset| format!("{gt_base}/v1/datasets/{dataset}/files"));
    let there = |is_there: bool| is_there.then_some("");
    let embeds_only = embeds.iter().filter(|name| !chats.contains(name));
    let terms = Terms::default()
        .with("base", Some(&base))
        .with("gt_base", Some(&gt_base))
        .with("chat", chat.as_deref())
        .with("embed", embed.as_deref())
        .with("chat_json", chat_json.as_deref())
        .with("embed_json", embed_json.as_deref())
        .with("dataset", dataset)
        .with("upload_url", upload.as_deref())
        .with("no_embed", there(embed.is_none()))
        .with("any_model", there(chat.is_some() || embed.is_some()))
        .with(
            "embed_or_dataset",
            there(embed.is_some() || dataset.is_some()),
        )
        .with("conversation", there(has_conversations))
        .with_list("chats", chats.iter().map(String::as_str))
        .with_list("embeds", embeds.iter().map(String::as_str))
        .with_list("embeds_only", embeds_only.map(String::as_str));
    let made = client.files.iter().map(|template| {
        let format = Format::of(template.file).unwrap_or(Format::Text);
        let (file, then) = (template.file, template.then);
        let text = render(template.text, format, &terms);
        let text = text.map_err(|source| NoFiles::Template { file, source })?;
        Ok(Made { file, then, text })
    });
    made.collect()
}
