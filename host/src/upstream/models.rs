//! What GT itself lists under `GET /v1/models`.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use signalbox_http::models;
use signalbox_http::refusal::{Code, Refusal};
use tokio::time::{Instant, timeout};

use crate::alarm::Alarm;
use crate::upstream::{AnswerBody, RequestBody, Upstream};

/// GT's own lists, one for each credential, kept for a few seconds.
#[derive(Debug, Default)]
pub(crate) struct ModelLists(RefCell<HashMap<String, Kept>>);

#[derive(Clone, Debug)]
struct Kept {
    until: Instant,
    names: Arc<HashSet<String>>,
}

impl ModelLists {
    /// The names GT lists for a credential, asked with `head`; asked for anew once they are older than
    /// `keep`.
    pub(crate) async fn published(
        &self,
        upstream: &Upstream,
        credential: &str,
        head: &Parts,
        keep: Duration,
    ) -> Result<Arc<HashSet<String>>, Refusal> {
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
        let names = fetch(upstream, head).await?;
        let names: Arc<HashSet<String>> = Arc::new(names.into_iter().collect());
        let kept = Kept {
            until: now + keep,
            names: Arc::clone(&names),
        };
        self.0.borrow_mut().insert(credential.to_owned(), kept);
        Ok(names)
    }
}

async fn fetch(upstream: &Upstream, head: &Parts) -> Result<Vec<String>, Refusal> {
    let request = Request::from_parts(head.clone(), RequestBody::Empty);
    let response = upstream
        .send(request, &Alarm::default())
        .await
        .map_err(|error| error.refusal())?;
    signalbox_gate::check_status(response.status())?;
    if response.status() != StatusCode::OK {
        return Err(Refusal::of(Code::UpstreamProtocol));
    }
    let body = collect(response.into_body()).await?;
    models::parse_list(&body).map_err(|_| Refusal::of(Code::UpstreamProtocol))
}

async fn collect(body: AnswerBody) -> Result<Bytes, Refusal> {
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
