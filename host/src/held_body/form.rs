//! A `multipart/form-data` body: what came before its model, held; the rest of it, still to come.

use bytes::Bytes;
use signalbox_http::multipart::{Boundary, Scanner};
use signalbox_http::refusal::{Code, Refusal};

use super::Passing;
use crate::client_body::ClientBody;
use crate::refusals;
use crate::spool::{Spool, SpoolError};
use crate::upstream::{BodyBounds, BodyFailure, RequestBody};

/// A form that was read up to its model, or whole if it has none.
///
/// The scan gives back the very bytes it is given, so `spool`, `rest` and what the scanner keeps back
/// are, in this order, what the client has sent: nothing has to be read again when a policy that was
/// swapped in decides anew.
#[derive(Debug)]
pub(crate) struct HeldForm {
    spool: Spool,
    scanner: Scanner,
    /// The client's bytes so far.
    length: u64,
    model: Option<String>,
    /// What has passed the scan from the model's value on.
    rest: Vec<u8>,
    has_ended: bool,
    /// Why it is refused.
    refusal: Option<Refusal>,
    /// Whether some of what the client sent is not here.
    is_torn: bool,
}

impl HeldForm {
    pub(crate) fn new(boundary: &Boundary, spool: Spool) -> Self {
        Self {
            spool,
            scanner: Scanner::new(boundary),
            length: 0,
            model: None,
            rest: Vec::new(),
            has_ended: false,
            refusal: None,
            is_torn: false,
        }
    }

    /// Reads up to the model, or to the end. What goes wrong is kept: the same answer is due to
    /// whichever policy asks.
    pub(crate) async fn read(&mut self, body: &mut ClientBody, bounds: BodyBounds) {
        if let Err(refusal) = self.find_model(body, bounds).await {
            self.refusal = Some(refusal);
        }
    }

    /// The model, if there is one.
    ///
    /// # Errors
    /// If the body is refused.
    pub(super) fn model(&self) -> Result<Option<&str>, Refusal> {
        match &self.refusal {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(self.model.as_deref()),
        }
    }

    /// The body for GT: what is held, then the rest as it comes.
    ///
    /// # Errors
    /// If it is refused, or cannot hold the model's name.
    pub(crate) fn into_upstream(
        mut self,
        passing: Passing<'_>,
        body: Option<ClientBody>,
        bounds: BodyBounds,
    ) -> Result<RequestBody, Refusal> {
        let has_refusal = match passing {
            Passing::Untouched => self.is_torn,
            Passing::Checked(_) => true,
        };
        if let Some(refusal) = self.refusal.take().filter(|_| has_refusal) {
            return Err(refusal);
        }
        let bounds = BodyBounds {
            bytes: bounds.bytes.saturating_sub(self.length),
            ..bounds
        };
        let rest = self.rest_with(passing)?;
        let mut before = self.spool.into_before();
        before.push(rest);
        let scanner = match passing {
            Passing::Untouched => None,
            Passing::Checked(_) => (!self.has_ended).then_some(self.scanner),
        };
        match body.and_then(ClientBody::into_rest) {
            Some(coming) => Ok(RequestBody::streamed(before, coming, scanner, bounds)),
            None => Ok(RequestBody::Held(before)),
        }
    }

    async fn find_model(
        &mut self,
        body: &mut ClientBody,
        bounds: BodyBounds,
    ) -> Result<(), Refusal> {
        let mut passed = Vec::new();
        while self.model.is_none() && !self.has_ended {
            passed.clear();
            let scanned = match body.next(bounds).await.map_err(BodyFailure::refusal)? {
                Some(piece) => self.scan(&piece, bounds.bytes, &mut passed),
                None => self.finish(&mut passed),
            };
            if let Err(error) = self.spool.hold(&passed).await {
                self.is_torn = true;
                return Err(not_held(&error));
            }
            scanned?;
        }
        if self.model.is_some() && body.has_ended() && !self.has_ended {
            let mut rest = std::mem::take(&mut self.rest);
            let finished = self.finish(&mut rest);
            self.rest = rest;
            finished?;
        }
        Ok(())
    }

    fn scan(&mut self, piece: &[u8], limit: u64, passed: &mut Vec<u8>) -> Result<(), Refusal> {
        self.length += piece.len() as u64;
        let found = self.scanner.push(piece, passed)?;
        if self.length > limit {
            return Err(refusals::too_large(limit));
        }
        let Some(name) = found else { return Ok(()) };
        self.model = Some(name);
        // What came with the model is looked at before the model is asked about: it is refused
        // first if it is to be refused at all.
        self.scanner.replace(None, &mut self.rest)
    }

    fn finish(&mut self, passed: &mut Vec<u8>) -> Result<(), Refusal> {
        self.has_ended = true;
        self.scanner.finish(passed)
    }

    /// What comes after the spool: from the model's value on, as it is to go on.
    fn rest_with(&mut self, passing: Passing<'_>) -> Result<Bytes, Refusal> {
        let mut rest = std::mem::take(&mut self.rest);
        match (passing, &self.model) {
            (Passing::Untouched, _) => rest.extend_from_slice(self.scanner.kept_back()),
            (Passing::Checked(Some(published)), Some(name)) if name != published => {
                if !self.scanner.can_hold(published) {
                    return Err(Refusal::new(
                        Code::InvalidBody,
                        "The boundary of the body cannot be told from a name in it. Choose another.",
                    ));
                }
                rest.splice(..name.len(), published.bytes());
            }
            (Passing::Checked(_), _) => {}
        }
        Ok(rest.into())
    }
}

/// The client's body could not be held.
fn not_held(error: &SpoolError) -> Refusal {
    match error {
        SpoolError::TooMuch => Refusal::new(
            Code::BodyTooLarge,
            "Too much of the body comes before `model`. Send `model` before the file.",
        ),
        SpoolError::NoRoom(_) => Refusal::of(Code::Overloaded),
        SpoolError::Disk(_) => {
            let error = error as &dyn std::error::Error;
            tracing::error!(error, "a body cannot be held on disk");
            Refusal::of(Code::Overloaded)
        }
    }
}
