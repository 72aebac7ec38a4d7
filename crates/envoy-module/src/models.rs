//! What GT itself lists under `GET /v1/models`, asked of the cluster that Envoy's route names.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use signalbox_gate::{Code, Refusal, check_status, parse_model_list};

use crate::callout::CalloutResponse;

/// GT's own lists, one for each of our keys, kept for a few seconds.
#[derive(Debug, Default)]
pub(crate) struct ModelLists(Mutex<HashMap<String, Kept>>);

/// The names GT lists.
pub(crate) type Names = Arc<HashSet<String>>;

#[derive(Debug)]
struct Kept {
    fetched: Instant,
    names: Names,
}

impl ModelLists {
    /// The list of a GT key, if it is not older than `keep`.
    pub(crate) fn find(&self, credential: &str, keep: Duration) -> Option<Names> {
        let lists = self.lock();
        let kept = lists.get(credential)?;
        (kept.fetched.elapsed() < keep).then(|| Arc::clone(&kept.names))
    }

    /// There are as many as the gate has GT keys.
    pub(crate) fn keep(&self, credential: &str, names: &Names) {
        let kept = Kept {
            fetched: Instant::now(),
            names: Arc::clone(names),
        };
        self.lock().insert(credential.to_owned(), kept);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names in GT's response; `None` if it did not come.
pub(crate) fn read(response: Option<CalloutResponse>) -> Result<Names, Refusal> {
    let response = response.ok_or_else(|| Refusal::of(Code::UpstreamUnreachable))?;
    let (head, body) = response.into_parts();
    let head = head.ok_or_else(|| Refusal::of(Code::UpstreamProtocol))?;
    check_status(head.status)?;
    if head.status != StatusCode::OK {
        return Err(Refusal::of(Code::UpstreamProtocol));
    }
    let names = parse_model_list(&body).map_err(|_none| Refusal::of(Code::UpstreamProtocol))?;
    Ok(Arc::new(names.into_iter().collect()))
}
