//! A `multipart/form-data` body: what came before its model, held; the rest of it, still to come.

use bytes::Bytes;
use signalbox_http::multipart::{Boundary, Scanner};
use signalbox_http::refusal::{Code, Refusal};

use crate::body::failure::BodyFailure;
use crate::body::passing::Passing;
use crate::body::spool::{Spool, SpoolError, SpoolFailure};
use crate::body::upstream_body::{RestOfBody, UpstreamBody};
use crate::response::rejection;

/// A form that is read up to its model, or whole if it has none.
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
    limit: u64,
    model: Option<String>,
    /// What has passed the scan from the model's value on.
    rest: Vec<u8>,
    has_ended: bool,
    /// Why it is refused: the same answer is due to whichever policy asks.
    refusal: Option<Refusal>,
    /// Whether some of what the client sent is not here.
    is_torn: bool,
}

impl HeldForm {
    /// A form of at most `limit` bytes.
    pub(crate) fn new(boundary: &Boundary, spool: Spool, limit: u64) -> Self {
        Self {
            spool,
            scanner: Scanner::new(boundary),
            length: 0,
            limit,
            model: None,
            rest: Vec::new(),
            has_ended: false,
            refusal: None,
            is_torn: false,
        }
    }

    /// Whether more of it has to be read before a policy can be asked.
    pub(crate) const fn wants_more(&self) -> bool {
        self.model.is_none() && !self.has_ended && self.refusal.is_none()
    }

    /// Takes the next piece; `is_last` if nothing comes after it.
    pub(crate) fn push(&mut self, piece: &[u8], is_last: bool) {
        let length = self.length + piece.len() as u64;
        if length <= self.limit && self.scanner.passes(piece) {
            self.length = length;
            self.hold(piece, Ok(()));
        } else {
            let mut passed = Vec::new();
            let scanned = self.scan(piece, &mut passed);
            self.hold(&passed, scanned);
        }
        if is_last && self.refusal.is_none() {
            self.end();
        }
    }

    /// Nothing more comes.
    pub(crate) fn end(&mut self) {
        if self.has_ended {
            return;
        }
        self.has_ended = true;
        let mut passed = Vec::new();
        let finished = self.scanner.finish(&mut passed);
        if self.model.is_some() {
            self.rest.extend_from_slice(&passed);
            self.refusal = finished.err();
        } else {
            self.hold(&passed, finished);
        }
    }

    /// The rest of it does not come.
    pub(crate) fn fail(&mut self, failure: BodyFailure) {
        self.is_torn = true;
        self.refusal.get_or_insert_with(|| failure.refusal());
    }

    /// What the door is to write to disk before it brings more.
    pub(crate) fn take_full(&mut self) -> Option<Bytes> {
        match self.refusal {
            Some(_) => None,
            None => self.spool.take_full(),
        }
    }

    /// The door has written it, or could not.
    pub(crate) fn written(&mut self, written: Result<(), SpoolFailure>) {
        match written {
            Ok(()) => self.spool.written(),
            Err(failure) => {
                self.is_torn = true;
                self.refusal = Some(failure.refusal());
            }
        }
    }

    /// The model, if there is one.
    ///
    /// # Errors
    /// If the body is refused.
    pub(crate) fn model(&self) -> Result<Option<&str>, Refusal> {
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
        more_comes: bool,
        limit: u64,
    ) -> Result<UpstreamBody, Refusal> {
        let has_refusal = match passing {
            Passing::Untouched => self.is_torn,
            Passing::Checked(_) => true,
        };
        if let Some(refusal) = self.refusal.take().filter(|_| has_refusal) {
            return Err(refusal);
        }
        let rest = self.rest_with(passing)?;
        let scanner = match passing {
            Passing::Untouched => None,
            Passing::Checked(_) => (!self.has_ended).then_some(self.scanner),
        };
        let mut body = self.spool.into_upstream(rest);
        body.rest = more_comes.then(|| RestOfBody::new(limit, self.length, scanner));
        Ok(body)
    }

    fn scan(&mut self, piece: &[u8], passed: &mut Vec<u8>) -> Result<(), Refusal> {
        self.length += piece.len() as u64;
        let found = self.scanner.push(piece, passed)?;
        if self.length > self.limit {
            return Err(rejection::too_large(self.limit));
        }
        let Some(name) = found else { return Ok(()) };
        self.model = Some(name);
        // What came with the model is looked at before the model is asked about: it is refused
        // first if it is to be refused at all.
        self.scanner.replace(None, &mut self.rest)
    }

    /// Holds what passed; what cannot be held is the first thing that is wrong.
    fn hold(&mut self, passed: &[u8], scanned: Result<(), Refusal>) {
        if let Err(error) = self.spool.hold(passed) {
            self.is_torn = true;
            self.refusal = Some(not_held(error));
        } else if let Err(refusal) = scanned {
            self.refusal = Some(refusal);
        }
    }

    /// What comes after the spool: from the model's value on, as it is to go on.
    fn rest_with(&mut self, passing: Passing<'_>) -> Result<Bytes, Refusal> {
        let mut rest = std::mem::take(&mut self.rest);
        match (passing, &self.model) {
            (Passing::Untouched, _) => rest.extend_from_slice(self.scanner.kept_back()),
            (Passing::Checked(Some(published)), Some(name)) if name != published => {
                self.scanner.check(published)?;
                rest.splice(..name.len(), published.bytes());
            }
            (Passing::Checked(_), _) => {}
        }
        Ok(rest.into())
    }
}

/// The client's body could not be held.
fn not_held(error: SpoolError) -> Refusal {
    match error {
        SpoolError::TooMuch => Refusal::new(
            Code::BodyTooLarge,
            "Too much of the body comes before `model`. Send `model` before the file.",
        ),
        SpoolError::NoRoom => Refusal::of(Code::Overloaded),
    }
}
