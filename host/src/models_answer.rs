//! `GET /v1/models` and `GET /v1/models/{id}`: the policy's catalogue, as far as the key may use it.
//!
//! | mode | the names |
//! | --- | --- |
//! | `catalogue` | every listed name |
//! | `upstream` | the listed names of what GT itself lists for our credential right now |
//! | `only` | these, as far as they are listed |
//!
//! In each mode the key's fences have the last word, and `{id}` finds exactly what the list shows.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use signalbox_http::models;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::{CatalogueEntry, ListMode, fences};
use signalbox_runtime::Generation;
use tokio::time::{Instant, timeout};

use crate::answer;
use crate::credentials::Use;
use crate::keyring::Key;
use crate::refusals;
use crate::upstream::RequestBody;
use crate::worker::Worker;

/// The names a key is shown, in ascending order.
pub(crate) async fn names(
    worker: &Worker,
    key: &Key,
    generation: &Generation,
    mode: &ListMode,
) -> Result<Vec<String>, Refusal> {
    let catalogue = generation.catalogue();
    let is_shown =
        |entry: &&CatalogueEntry| fences::shows(&key.caller, generation.description(), entry);
    let name = |entry: &CatalogueEntry| entry.name.clone();
    Ok(match mode {
        ListMode::Catalogue => catalogue.iter().filter(is_shown).map(name).collect(),
        ListMode::Only(names) => {
            let entries = names.iter().filter_map(|name| catalogue.get(name));
            entries.filter(is_shown).map(name).collect()
        }
        ListMode::Upstream => {
            let published = worker.lists.published(worker, key).await?;
            let is_published = |entry: &&CatalogueEntry| published.contains(&entry.published);
            catalogue
                .iter()
                .filter(is_published)
                .filter(is_shown)
                .map(name)
                .collect()
        }
    })
}

/// The list, or the one model that was asked for.
pub(crate) fn answer(names: &[String], id: Option<&str>) -> Result<Response<Vec<u8>>, Refusal> {
    match id {
        None => Ok(answer::json(models::render_list(
            names.iter().map(String::as_str),
        ))),
        Some(id) if names.iter().any(|name| name == id) => Ok(answer::json(models::render_one(id))),
        Some(id) => Err(Refusal::model_not_found(id)),
    }
}

/// GT's own lists, one for each credential, kept for a few seconds.
#[derive(Debug, Default)]
pub(crate) struct Lists(std::cell::RefCell<HashMap<String, Kept>>);

#[derive(Clone, Debug)]
struct Kept {
    until: Instant,
    names: Rc<HashSet<String>>,
}

impl Lists {
    async fn published(&self, worker: &Worker, key: &Key) -> Result<Rc<HashSet<String>>, Refusal> {
        let credential = &key.credentials.inference;
        let now = Instant::now();
        let kept = self
            .0
            .borrow()
            .get(credential)
            .filter(|kept| kept.until > now)
            .cloned();
        if let Some(kept) = kept {
            return Ok(kept.names);
        }
        let names: Rc<HashSet<String>> = Rc::new(fetch(worker, key).await?.into_iter().collect());
        let until = now + worker.shared.config.times.models_cache.duration();
        let kept = Kept {
            until,
            names: Rc::clone(&names),
        };
        self.0.borrow_mut().insert(credential.clone(), kept);
        Ok(names)
    }
}

async fn fetch(worker: &Worker, key: &Key) -> Result<Vec<String>, Refusal> {
    let asked = Use {
        template: "/v1/models",
        in_conversation: false,
    };
    let credential = worker.shared.credentials.for_request(key, asked);
    let credential = credential.map_err(refusals::no_credential)?;
    let mut request = Request::new(RequestBody::Empty);
    *request.uri_mut() = Uri::try_from(format!("{}/v1/models", worker.upstream.base_path()))
        .map_err(|_| Refusal::of(Code::UpstreamProtocol))?;
    let headers = request.headers_mut();
    headers.insert(header::AUTHORIZATION, credential.authorization().clone());
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    let (response, lease) = worker
        .upstream
        .send(request)
        .await
        .map_err(|error| error.refusal())?;
    answer::check_status(response.status())?;
    if response.status() != StatusCode::OK {
        return Err(Refusal::of(Code::UpstreamProtocol));
    }
    let body = collect(response.into_body()).await?;
    lease.give_back();
    models::parse_list(&body).map_err(|_| Refusal::of(Code::UpstreamProtocol))
}

async fn collect(body: Incoming) -> Result<Bytes, Refusal> {
    let collected = timeout(LIST_TIME, Limited::new(body, LIST_BYTES).collect()).await;
    let collected = collected.map_err(|_elapsed| Refusal::of(Code::UpstreamTimeout))?;
    Ok(collected
        .map_err(|_| Refusal::of(Code::UpstreamProtocol))?
        .to_bytes())
}

/// A hundred thousand names.
const LIST_BYTES: usize = 16 << 20;
/// For the rest of a list that has begun.
const LIST_TIME: Duration = Duration::from_secs(30);
