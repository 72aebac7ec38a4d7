//! The status of a file, for keys that upload with two GT keys.
//!
//! GT knows a file by the key that uploaded it, and nothing in an id says which that was: into a
//! conversation it is the conversation key, into a dataset the upload key. A key with both purposes
//! is answered by whichever of its two knows the file.

use std::sync::Arc;

use http::{Request, StatusCode};

use super::{Outcome, Visit};
use crate::credentials::Use;
use crate::forwarded;
use crate::keyring::Key;
use crate::outbound::{Breach, Outbound};
use crate::upstream::RequestBody;

impl Visit<'_> {
    /// The same question with the other GT key, if there is one that may know the answer.
    pub(super) fn second_question(
        &self,
        first: &Outbound<'_>,
        key: &Arc<Key>,
        asked: Use<'_>,
    ) -> Result<Option<Request<RequestBody>>, Breach> {
        // What does more than look is never sent twice.
        if first.route.method != "GET" {
            return Ok(None);
        }
        let credentials = &self.worker.shared.upstream.credentials;
        let Some(credential) = credentials.second_for_file(key, asked) else {
            return Ok(None);
        };
        let authorization = credential.authorization();
        let second = Outbound {
            authorization,
            ..*first
        };
        let mut request = second.request(RequestBody::Empty)?;
        let announced = self.worker.shared.config.forwarded.send;
        forwarded::announce(announced, self.held.trail.client(), request.headers_mut());
        Ok(Some(request))
    }
}

impl Outcome {
    /// Whether GT has no such thing, as far as the key it was asked with goes.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Upstream(answer) if answer.0.status == StatusCode::NOT_FOUND)
    }
}
