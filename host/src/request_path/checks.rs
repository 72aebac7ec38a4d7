//! The host's own checks on the way: type, length, rate.

use std::time::Instant;

use http::header;
use signalbox_http::media;
use signalbox_http::multipart::Boundary;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::ModelSource;

use super::Visit;
use super::body::Media;
use crate::client_body::ClientBody;
use crate::header_values::values;
use crate::held_body::HeldBody;
use crate::keyring::Key;
use crate::refusals;

impl Visit<'_> {
    /// 415 where the head does not announce one plain body of the kind that has the model; `None`
    /// for a route without one.
    pub(super) fn check_media(&self, source: ModelSource) -> Result<Option<Media>, Refusal> {
        match source {
            ModelSource::Json => self.check_json().map(|()| Some(Media::Json)),
            ModelSource::Multipart => {
                let (types, encodings) = self.media();
                Boundary::of(&types, &encodings).map(Media::Form).map(Some)
            }
            ModelSource::None => Ok(None),
        }
    }

    /// 415 where the head does not announce one plain JSON body.
    pub(super) fn check_json(&self) -> Result<(), Refusal> {
        let (types, encodings) = self.media();
        media::check_json(&types, &encodings)
    }

    fn media(&self) -> (Vec<&[u8]>, Vec<&[u8]>) {
        let headers = &self.head.headers;
        let types = values(headers, header::CONTENT_TYPE);
        (types, values(headers, header::CONTENT_ENCODING))
    }

    /// 415 where the head announces a compressed body, on a route whose body nobody reads.
    pub(super) fn check_plain(&self) -> Result<(), Refusal> {
        media::check_plain(&values(&self.head.headers, header::CONTENT_ENCODING))
    }

    /// 413 where the head announces more than may come.
    pub(super) fn check_declared(&self, limit: u64) -> Result<(), Refusal> {
        match self.body.as_ref().and_then(ClientBody::declared) {
            Some(length) if length > limit => Err(refusals::too_large(limit)),
            _ => Ok(()),
        }
    }

    /// 429 or 503; once for a request, however often it is decided.
    pub(super) fn admit(&mut self, key: &Key) -> Result<(), Refusal> {
        if self.held.permit.is_none() {
            let permit = key.admit(Instant::now()).map_err(refusals::limited)?;
            let pass = self.worker.shared.capacity.gate.enter();
            self.held.pass = Some(pass.ok_or_else(|| Refusal::of(Code::Overloaded))?);
            self.held.permit = Some(permit);
        }
        Ok(())
    }

    /// 429 where the request asks for a stream and the key has as many as it may.
    pub(super) fn admit_stream(
        &mut self,
        key: &Key,
        body: Option<&HeldBody>,
    ) -> Result<(), Refusal> {
        match body {
            Some(body) if body.asks_for_a_stream() => self.take_stream(key),
            _ => Ok(()),
        }
    }

    pub(super) fn take_stream(&mut self, key: &Key) -> Result<(), Refusal> {
        if self.held.stream.is_none() {
            let stream = key.usage.open_stream(&key.limits);
            self.held.stream = Some(stream.map_err(refusals::limited)?);
        }
        Ok(())
    }
}
