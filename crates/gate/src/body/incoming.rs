//! The client's body as far as it is here.

use std::borrow::Cow;

use bytes::Bytes;
use signalbox_http::json::MemberNames;
use signalbox_http::multipart::Boundary;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::RequestedModel;

use crate::auth::keyring::Key;
use crate::body::budget::Reservation;
use crate::body::chunk_buffer::ChunkBuffer;
use crate::body::failure::BodyFailure;
use crate::body::form::HeldForm;
use crate::body::json::HeldJson;
use crate::body::passing::Passing;
use crate::body::spool::{Spool, SpoolBounds, SpoolFailure};
use crate::body::upstream_body::{Part, RestOfBody, UpstreamBody};
use crate::gate::Gate;
use crate::policy::body_members::BodyMembers;
use crate::response::rejection;

/// What a body has to be, as far as its head says.
#[derive(Debug)]
pub(crate) enum Media {
    Json,
    Form(Boundary),
}

/// The client's body as far as it is here.
#[derive(Debug)]
pub(crate) struct Body {
    declared: Option<u64>,
    /// The bytes that were brought, wherever they are now.
    received: u64,
    here: ChunkBuffer,
    has_ended: bool,
    /// Why the rest does not come.
    failure: Option<Refusal>,
    /// Whether no piece of it was asked for.
    is_untaken: bool,
    /// Why this policy does not get to know it; another may.
    no_room: bool,
    read: Read,
}

/// How far it is read for its model.
#[derive(Debug)]
enum Read {
    No,
    /// Whole, and not longer than the limit; room for it is taken before it comes.
    Gathering {
        limit: u64,
        room: Reservation,
    },
    Json(HeldJson),
    Form(Box<HeldForm>),
}

/// What is still missing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The next piece.
    Piece,
    /// That this is on disk.
    Write(Bytes),
    /// Nothing.
    Nothing,
}

impl Body {
    /// A body of the length the head declares. `whole` is all of it, if it came with the head.
    pub(crate) fn new(declared: Option<u64>, whole: Option<Bytes>) -> Self {
        let mut here = ChunkBuffer::default();
        let has_ended = whole.is_some() || declared == Some(0);
        // What is here counts, whatever was announced.
        let length = whole.as_ref().map(|whole| whole.len() as u64);
        let declared = length.or(declared);
        if let Some(whole) = whole {
            here.add(whole, declared);
        }
        Self {
            declared,
            received: length.unwrap_or_default(),
            here,
            has_ended,
            failure: None,
            is_untaken: true,
            no_room: false,
            read: Read::No,
        }
    }

    /// The length the head declares; `None` if it declares none.
    pub(crate) const fn declared(&self) -> Option<u64> {
        self.declared
    }

    /// The length of it, as far as that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.read {
            Read::Json(json) => Some(json.length()),
            Read::No | Read::Gathering { .. } | Read::Form(_) => self.declared,
        }
    }

    /// Where to put what asks for the usage of the stream it asks for: before the model's name, which
    /// may be another one for GT.
    pub(crate) fn place_to_ask(&self) -> Option<usize> {
        match &self.read {
            Read::Json(json) => json.place_to_ask(),
            Read::No | Read::Gathering { .. } | Read::Form(_) => None,
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.declared == Some(0)
    }

    /// What the policy is told, of a body that is read far enough.
    ///
    /// # Errors
    /// If the body is not what the route takes.
    pub(crate) fn requested(&self) -> Result<RequestedModel<'_>, Refusal> {
        let model = match &self.read {
            Read::Json(json) => json.model(),
            Read::Form(form) => form.model()?,
            Read::No | Read::Gathering { .. } => return Ok(RequestedModel::Unread),
        };
        Ok(model.map_or(RequestedModel::Absent, RequestedModel::Named))
    }

    /// The members of these names, of a body that is JSON and read.
    pub(crate) fn members(&self, names: &MemberNames) -> Cow<'_, BodyMembers> {
        match &self.read {
            Read::Json(json) if !names.is_empty() => json.members(names),
            _ => Cow::Borrowed(&[]),
        }
    }

    /// Whether the request asks for a stream, as far as that can be told.
    pub(crate) fn asks_for_a_stream(&self) -> bool {
        match &self.read {
            Read::Json(json) => json.asks_for_a_stream(),
            // None of GT's routes with forms streams its answer.
            Read::No | Read::Gathering { .. } | Read::Form(_) => false,
        }
    }

    /// Reads a JSON body that came with the head, if it names a model and nothing is wrong with it.
    pub(crate) fn read_at_once(&mut self, names: &MemberNames) -> bool {
        let is_as_it_came = self.is_untaken && matches!(self.read, Read::No);
        if !is_as_it_came || !self.has_ended || self.failure.is_some() || self.is_empty() {
            return false;
        }
        let json = HeldJson::read(self.here.bytes(), names, None);
        match json.ok().filter(HeldJson::names_a_model) {
            Some(json) => {
                self.read = Read::Json(json);
                true
            }
            None => false,
        }
    }

    /// Reads as much as it takes to know the model; says what is missing for that.
    ///
    /// # Errors
    /// 400, 408, 413 or 503 where it is not what it has to be, or does not come.
    pub(crate) fn read(
        &mut self,
        gate: &Gate,
        key: &Key,
        media: &Media,
        names: &MemberNames,
    ) -> Result<Missing, Refusal> {
        match (&mut self.read, media) {
            (Read::Json(_) | Read::Form(_), _) => Ok(Missing::Nothing),
            (_, Media::Json) => self.read_json(gate, key, names),
            (_, Media::Form(boundary)) => self.read_form(gate, key, boundary),
        }
    }

    /// Takes the next piece the client sent; `is_last` if nothing comes after it.
    pub(crate) fn push(&mut self, piece: Bytes, is_last: bool) -> Missing {
        self.is_untaken = false;
        self.received += piece.len() as u64;
        let is_other = |declared| match is_last {
            true => self.received != declared,
            false => self.received > declared,
        };
        if self.declared.is_some_and(is_other) {
            self.fail(BodyFailure::Broken);
            return Missing::Nothing;
        }
        match &mut self.read {
            Read::Form(form) => {
                form.push(&piece, is_last);
                self.has_ended = is_last;
                missing(form)
            }
            Read::Gathering { limit, room } => {
                let length = self.here.len() + piece.len() as u64;
                if length > *limit {
                    self.failure = Some(rejection::too_large(*limit));
                    return Missing::Nothing;
                }
                let more = match self.declared {
                    Some(_) => 0,
                    None => piece.len() as u64,
                };
                // Kept whatever comes of it: a policy that is swapped in may have it read on.
                self.here.add(piece, self.declared);
                self.has_ended = is_last;
                self.no_room = room.grow(more).is_err();
                match self.has_ended || self.no_room {
                    true => Missing::Nothing,
                    false => Missing::Piece,
                }
            }
            Read::No | Read::Json(_) => Missing::Nothing,
        }
    }

    /// Nothing more comes.
    pub(crate) fn end(&mut self) {
        if self
            .declared
            .is_some_and(|declared| self.received != declared)
        {
            return self.fail(BodyFailure::Broken);
        }
        self.has_ended = true;
        if let Read::Form(form) = &mut self.read {
            form.end();
        }
    }

    /// The rest of it does not come.
    pub(crate) fn fail(&mut self, failure: BodyFailure) {
        match &mut self.read {
            Read::Form(form) => form.fail(failure),
            Read::No | Read::Gathering { .. } | Read::Json(_) => {
                self.failure = Some(failure.refusal());
            }
        }
    }

    /// The door has written what it was given, or could not.
    pub(crate) fn written(&mut self, written: Result<(), SpoolFailure>) -> Missing {
        match &mut self.read {
            Read::Form(form) => {
                form.written(written);
                missing(form)
            }
            Read::No | Read::Gathering { .. } | Read::Json(_) => Missing::Nothing,
        }
    }

    /// The body for GT: what was read, with the one value replaced, and what still comes; or the
    /// body itself, as it comes. `limit` is what all of it may be at most.
    ///
    /// # Errors
    /// If it is refused, or cannot hold the model's name.
    pub(crate) fn into_upstream(
        mut self,
        passing: Passing<'_>,
        limit: u64,
    ) -> Result<UpstreamBody, Refusal> {
        match self.read {
            Read::Json(json) => Ok(json.into_upstream(passing)),
            Read::Form(form) => form.into_upstream(passing, !self.has_ended, limit),
            Read::No | Read::Gathering { .. } if self.failure.is_some() => Err(self
                .failure
                .unwrap_or_else(|| BodyFailure::Broken.refusal())),
            // Nobody has looked at it: it passes from its first byte.
            Read::No if self.is_untaken => {
                let rest = (!self.is_empty()).then(|| RestOfBody::new(limit, 0, None));
                Ok(UpstreamBody {
                    rest,
                    ..UpstreamBody::default()
                })
            }
            Read::No | Read::Gathering { .. } => {
                let here = self.here.bytes();
                let taken = here.len() as u64;
                let mut body = UpstreamBody::whole(vec![Part::Bytes(here)], None, None);
                body.rest = (!self.has_ended).then(|| RestOfBody::new(limit, taken, None));
                Ok(body)
            }
        }
    }

    fn read_json(
        &mut self,
        gate: &Gate,
        key: &Key,
        names: &MemberNames,
    ) -> Result<Missing, Refusal> {
        if let Some(refusal) = &self.failure {
            return Err(refusal.clone());
        }
        if std::mem::take(&mut self.no_room) {
            self.read = Read::No;
            return Err(Refusal::of(Code::Overloaded));
        }
        if !self.has_ended {
            let room = gate.memory_for(key)?;
            let room = match std::mem::replace(&mut self.read, Read::No) {
                Read::Gathering { room, .. } => room,
                _ => room_for(room, self.declared.unwrap_or_else(|| self.here.len()))?,
            };
            let limit = gate.json_limit(key);
            self.read = Read::Gathering { limit, room };
            return Ok(Missing::Piece);
        }
        let room = match std::mem::replace(&mut self.read, Read::No) {
            Read::Gathering { room, .. } => room,
            _ => room_for(gate.memory_for(key)?, self.here.len())?,
        };
        let json = HeldJson::read(self.here.bytes(), names, Some(room))?;
        self.read = Read::Json(json);
        Ok(Missing::Nothing)
    }

    /// What is wrong with a form stays with it: see [`Self::requested`].
    fn read_form(
        &mut self,
        gate: &Gate,
        key: &Key,
        boundary: &Boundary,
    ) -> Result<Missing, Refusal> {
        let (memory, disk) = (gate.memory_for(key)?, gate.disk_for(key)?);
        let bounds = SpoolBounds {
            memory: gate.settings().multipart_memory,
            disk: gate.settings().multipart_disk,
        };
        let spool = Spool::new(bounds, memory, disk);
        let mut form = Box::new(HeldForm::new(boundary, spool, gate.upload_limit(key)));
        if let Some(refusal) = &self.failure {
            return Err(refusal.clone());
        }
        let here = std::mem::take(&mut self.here).bytes();
        if !here.is_empty() || self.has_ended {
            form.push(&here, self.has_ended);
        }
        let missing = missing(&mut form);
        self.read = Read::Form(form);
        Ok(missing)
    }
}

fn room_for(mut room: Reservation, bytes: u64) -> Result<Reservation, Refusal> {
    let grown = room.grow(bytes);
    grown.map_err(|_spent| Refusal::of(Code::Overloaded))?;
    Ok(room)
}

fn missing(form: &mut HeldForm) -> Missing {
    match form.take_full() {
        Some(bytes) => Missing::Write(bytes),
        None if form.wants_more() => Missing::Piece,
        None => Missing::Nothing,
    }
}
