//! What GT itself lists under `GET /v1/models`.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use signalbox_http::models;
use signalbox_http::refusal::{Code, Refusal};
use tokio::time::{Instant, timeout};

use crate::answer;
use crate::credentials::{Credentials, Use};
use crate::keyring::Key;
use crate::refusals;
use crate::upstream::{RequestBody, Upstream};

/// GT's own lists, one for each credential, kept for a few seconds.
#[derive(Debug, Default)]
pub(crate) struct Lists(RefCell<HashMap<String, Kept>>);

#[derive(Clone, Debug)]
struct Kept {
    until: Instant,
    names: Rc<HashSet<String>>,
}

impl Lists {
    /// The names GT lists for the key's credential; asked for anew once they are older than `keep`.
    pub(crate) async fn published(
        &self,
        upstream: &Upstream,
        credentials: &Credentials,
        key: &Key,
        keep: Duration,
    ) -> Result<Rc<HashSet<String>>, Refusal> {
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
        let names = fetch(upstream, credentials, key).await?;
        let names: Rc<HashSet<String>> = Rc::new(names.into_iter().collect());
        let kept = Kept {
            until: now + keep,
            names: Rc::clone(&names),
        };
        self.0.borrow_mut().insert(credential.clone(), kept);
        Ok(names)
    }
}

async fn fetch(
    upstream: &Upstream,
    credentials: &Credentials,
    key: &Key,
) -> Result<Vec<String>, Refusal> {
    let asked = Use {
        template: "/v1/models",
        in_conversation: false,
    };
    let credential = credentials.for_request(key, asked);
    let credential = credential.map_err(refusals::no_credential)?;
    let mut request = Request::new(RequestBody::Empty);
    *request.uri_mut() = Uri::try_from(format!("{}/v1/models", upstream.base_path()))
        .map_err(|_| Refusal::of(Code::UpstreamProtocol))?;
    let headers = request.headers_mut();
    headers.insert(header::AUTHORIZATION, credential.authorization().clone());
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    let (response, lease) = upstream
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
