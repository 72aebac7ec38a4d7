//! The client's body on the way: read whole where a model is in it, passed on as it comes elsewhere.

use http::Version;
use http_body::Body;
use signalbox_http::multipart::Boundary;
use signalbox_http::refusal::{Code, Refusal};
use tokio::time::Instant;

use super::{Stage, Visit};
use crate::client_body::ReadError;
use crate::held_body::{HeldBody, HeldForm, HeldJson, Passing};
use crate::keyring::Key;
use crate::spool::{Spool, SpoolBounds};
use crate::upstream::{BodyBounds, RequestBody, UpstreamError};

/// What a body has to be, as far as its head says.
#[derive(Debug)]
pub(super) enum Media {
    Json,
    Form(Boundary),
}

impl Visit<'_> {
    /// Whether frames say that a body comes, which over HTTP/2 no header has to.
    pub(super) fn has_framed_body(&self) -> bool {
        self.head.version == Version::HTTP_2
            && self.body.as_ref().is_some_and(|body| !body.is_empty())
    }

    /// A body that is here already and passes every check the host would make of it.
    pub(super) async fn read_at_once(&mut self, key: &Key) -> Option<HeldBody> {
        self.check_json().ok()?;
        self.check_declared(self.json_limit(key)).ok()?;
        let bytes = self.body.as_mut()?.already_here().await?;
        HeldJson::read(bytes, None)
            .ok()
            .filter(HeldJson::names_a_model)
            .map(HeldBody::Json)
    }

    /// As much of the body as it takes to know its model, unless it is here from before: 400, 408,
    /// 413 or 503 where it is not what it has to be, or does not come in time.
    pub(super) async fn read_model<'b>(
        &mut self,
        key: &Key,
        media: &Media,
        held: &'b mut Option<HeldBody>,
    ) -> Result<&'b HeldBody, Refusal> {
        if let Some(held) = held {
            return Ok(held);
        }
        match media {
            Media::Json => Ok(held.insert(self.read_json(key).await?)),
            Media::Form(boundary) => {
                let form = self.read_form(key, boundary).await?;
                Ok(held.insert(HeldBody::Form(Box::new(form))))
            }
        }
    }

    async fn read_json(&mut self, key: &Key) -> Result<HeldBody, Refusal> {
        let room = self
            .worker
            .shared
            .capacity
            .memory
            .reserve(key.usage.memory(), 0);
        let mut room = room.map_err(|_spent| Refusal::of(Code::Overloaded))?;
        let bounds = self.bounds(self.json_limit(key));
        let body = self.body.as_mut();
        let body = body.ok_or_else(|| Refusal::of(Code::InvalidBody))?;
        let read = body.read(bounds, &mut room).await;
        let json = HeldJson::read(read.map_err(ReadError::refusal)?, Some(room))?;
        Ok(HeldBody::Json(json))
    }

    /// What is wrong with a form stays with it: see [`HeldBody::requested`].
    async fn read_form(&mut self, key: &Key, boundary: &Boundary) -> Result<HeldForm, Refusal> {
        let shared = &self.worker.shared;
        let memory = shared.capacity.memory.reserve(key.usage.memory(), 0);
        let disk = shared.capacity.disk.reserve(key.usage.disk(), 0);
        let (Ok(memory), Ok(disk)) = (memory, disk) else {
            return Err(Refusal::of(Code::Overloaded));
        };
        let limits = SpoolBounds {
            memory: shared.config.limits.multipart_memory.bytes(),
            disk: shared.config.limits.multipart_disk.bytes(),
        };
        let bounds = self.bounds(self.stream_limit(key));
        let body = self.body.as_mut();
        let body = body.ok_or_else(|| Refusal::of(Code::InvalidBody))?;
        let mut form = HeldForm::new(boundary, Spool::new(limits, memory, disk));
        form.read(body, bounds).await;
        Ok(form)
    }

    /// What was read, with the one value replaced, and what still comes; or the body itself, as it
    /// comes.
    pub(super) fn body_for_upstream(
        &mut self,
        key: &Key,
        held: Option<HeldBody>,
        passing: Passing<'_>,
    ) -> Result<RequestBody, Refusal> {
        let body = match (held, self.body.take()) {
            (Some(HeldBody::Json(json)), read) => {
                self.body = read;
                json.into_upstream(passing)
            }
            (Some(HeldBody::Form(form)), rest) => {
                form.into_upstream(passing, rest, self.bounds(self.stream_limit(key)))?
            }
            (None, Some(body)) if !body.is_empty() => {
                body.into_upstream(self.bounds(self.stream_limit(key)))
            }
            (None, _) => RequestBody::Empty,
        };
        self.passed_on = body.fate();
        if let RequestBody::Held(_) = body {
            let length = body.size_hint().exact().unwrap_or_default();
            self.held.trail.took_in(length);
        }
        Ok(body)
    }

    /// GT gave no answer: if that is because the client's body turned out wrong, the client is told
    /// what is wrong with it.
    pub(super) fn unanswered(&self, error: &UpstreamError) -> Refusal {
        let fate = self.passed_on.as_ref();
        let refusal = fate.and_then(|fate| fate.take_refusal());
        refusal.unwrap_or_else(|| error.refusal())
    }

    /// The most a body may be, as far as its kind says.
    pub(super) fn limit_of(&self, media: &Media, key: &Key) -> u64 {
        match media {
            Media::Json => self.json_limit(key),
            Media::Form(_) => self.stream_limit(key),
        }
    }

    pub(super) fn stream_limit(&self, key: &Key) -> u64 {
        let limit = self.worker.shared.config.limits.upload_body;
        key.limits.upload.unwrap_or(limit).min(limit).bytes()
    }

    fn json_limit(&self, key: &Key) -> u64 {
        let limits = &self.worker.shared.config.limits;
        limits.json_body.min(key.limits.body).bytes()
    }

    /// The time for all of a body begins when it is first waited for, and only once.
    fn bounds(&mut self, bytes: u64) -> BodyBounds {
        let times = &self.worker.shared.config.times;
        let end = || Instant::now() + times.body_total.duration();
        BodyBounds {
            bytes,
            idle: times.body_idle.duration(),
            end: *self.body_end.get_or_insert_with(end),
        }
    }
}

impl<'a> Passing<'a> {
    /// What goes on after a decision on the head, or on the model, which may have another name.
    pub(super) const fn after(stage: Stage, published: Option<&'a str>) -> Self {
        match stage {
            Stage::Head => Self::Untouched,
            Stage::Model => Self::Checked(published),
        }
    }
}
