//! The client's body on the way: read whole where a model is in it, passed on as it comes elsewhere.

use http_body::Body;
use signalbox_http::refusal::{Code, Refusal};

use super::Visit;
use crate::client_body::ReadBounds;
use crate::held_body::HeldBody;
use crate::keyring::Key;
use crate::refusals;
use crate::upstream::{RequestBody, StreamBounds};

impl Visit<'_> {
    /// A body that is here already and passes every check the host would make of it.
    pub(super) async fn read_at_once(&mut self, key: &Key) -> Option<HeldBody> {
        self.check_media().ok()?;
        self.check_declared(self.json_limit(key)).ok()?;
        let bytes = self.body.as_mut()?.already_here().await?;
        HeldBody::read(bytes, None)
            .ok()
            .filter(HeldBody::names_a_model)
    }

    /// 400, 408, 413 or 503 where the body is not one JSON object that is here in time.
    pub(super) async fn read_model(&mut self, key: &Key) -> Result<HeldBody, Refusal> {
        let shared = &self.worker.shared;
        let room = shared.memory.reserve(key.usage.memory(), 0);
        let mut room = room.map_err(|_spent| Refusal::of(Code::Overloaded))?;
        let bounds = ReadBounds {
            bytes: self.json_limit(key),
            idle: shared.config.times.body_idle.duration(),
            total: shared.config.times.body_total.duration(),
        };
        let body = self
            .body
            .as_mut()
            .ok_or_else(|| Refusal::of(Code::InvalidBody))?;
        let bytes = body
            .read(bounds, &mut room)
            .await
            .map_err(refusals::unread)?;
        HeldBody::read(bytes, Some(room))
    }

    /// What was read, with the one value replaced; or the body itself, as it comes.
    pub(super) fn body_for_upstream(
        &mut self,
        key: &Key,
        held: Option<HeldBody>,
        published: Option<&str>,
    ) -> RequestBody {
        let times = &self.worker.shared.config.times;
        let bounds = StreamBounds {
            bytes: self.stream_limit(key),
            idle: times.body_idle.duration(),
            total: times.body_total.duration(),
        };
        if let Some(held) = held {
            let body = held.with_model(published);
            let length = body.size_hint().exact().unwrap_or_default();
            self.held.trail.took_in(length);
            return body;
        }
        match self.body.take() {
            Some(body) if !body.is_empty() => {
                let body = body.into_upstream(bounds);
                self.passed_on = body.fate();
                body
            }
            _ => RequestBody::Empty,
        }
    }

    pub(super) fn json_limit(&self, key: &Key) -> u64 {
        let limits = &self.worker.shared.config.limits;
        limits.json_body.min(key.limits.body).bytes()
    }

    pub(super) fn stream_limit(&self, key: &Key) -> u64 {
        let limits = &self.worker.shared.config.limits;
        limits.upload_body.min(key.limits.body).bytes()
    }
}
