//! What GT itself lists under `GET /v1/models`.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, BytesMut};
use http::{Response, StatusCode};
use http_body::Body;
use signalbox_gate::{Code, Refusal, check_status, parse_model_list};

/// GT's own lists, one for each of our keys, kept for a few seconds.
#[derive(Debug, Default)]
pub(crate) struct ModelLists(Mutex<HashMap<String, Kept>>);

#[derive(Debug)]
struct Kept {
    fetched: Instant,
    names: Arc<HashSet<String>>,
}

impl ModelLists {
    /// The list of a GT key, if it is not older than `keep`.
    pub(crate) fn find(
        &self,
        credential: &str,
        now: Instant,
        keep: Duration,
    ) -> Option<Arc<HashSet<String>>> {
        let lists = self.lock();
        let kept = lists.get(credential)?;
        let is_fresh = now.saturating_duration_since(kept.fetched) < keep;
        is_fresh.then(|| Arc::clone(&kept.names))
    }

    /// There are as many as the gate has GT keys.
    pub(crate) fn keep(&self, credential: &str, names: &Arc<HashSet<String>>, now: Instant) {
        let kept = Kept {
            fetched: now,
            names: Arc::clone(names),
        };
        self.lock().insert(credential.to_owned(), kept);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names in GT's response.
pub(crate) async fn read<R: Body>(response: Response<R>) -> Result<HashSet<String>, Refusal> {
    check_status(response.status())?;
    if response.status() != StatusCode::OK {
        return Err(Refusal::of(Code::UpstreamProtocol));
    }
    let body = collect(response.into_body()).await;
    let body = body.ok_or_else(|| Refusal::of(Code::UpstreamProtocol))?;
    let names = parse_model_list(&body);
    let names = names.map_err(|_error| Refusal::of(Code::UpstreamProtocol))?;
    Ok(names.into_iter().collect())
}

/// A body that arrives whole and is not too long.
async fn collect<R: Body>(body: R) -> Option<BytesMut> {
    let (mut body, mut all) = (pin!(body), BytesMut::new());
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        if let Ok(data) = frame.ok()?.into_data() {
            if all.len() + data.remaining() > LIST_BYTES {
                return None;
            }
            all.put(data);
        }
    }
    Some(all)
}

/// A hundred thousand names.
const LIST_BYTES: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_whole_list_is_one() {
        let read_of = |status: u16, body: &'static str| {
            let body = http_body_util::Full::<bytes::Bytes>::from(body);
            read(Response::builder().status(status).body(body).unwrap())
        };
        let list = r#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#;
        let names = read_of(200, list).await.unwrap();
        assert_eq!(names, HashSet::from(["a".to_owned(), "b".to_owned()]));
        for (status, body, code) in [
            (200, "{}", Code::UpstreamProtocol),
            (201, list, Code::UpstreamProtocol),
            (401, list, Code::UpstreamCredentialRejected),
            (302, list, Code::UpstreamRedirect),
        ] {
            let refusal = read_of(status, body).await.unwrap_err();
            assert_eq!(refusal.code(), code.word(), "{status} {body}");
        }
    }

    #[test]
    fn a_list_is_kept_for_its_time() {
        let (lists, now) = (ModelLists::default(), Instant::now());
        let (names, keep) = (Arc::new(HashSet::new()), Duration::from_secs(5));
        lists.keep("inference", &names, now);
        let found = |credential, after| lists.find(credential, now + after, keep).is_some();
        assert!(found("inference", Duration::ZERO));
        assert!(!found("inference", keep));
        assert!(!found("upload", Duration::ZERO));
    }
}
