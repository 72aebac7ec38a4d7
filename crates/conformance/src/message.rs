//! What a client sends in a step, and what comes back.

use super::{
    format::{Piece, Request, Step},
    progress::Progress,
};

/// What is sent in a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sends<'a> {
    pub(super) what: What<'a>,
    /// The client leaves when it has this of the answer's body.
    leave_at: Option<&'a str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    Request(&'a Request),
    /// With the number of answers to read.
    Raw(&'a [Piece], usize),
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) interim: Vec<u16>,
    /// If it is another than the one that was spoken.
    pub(super) version: Option<String>,
    pub(super) status: u16,
    /// `name: value`.
    pub(super) headers: Vec<String>,
    pub(super) body: Vec<u8>,
    pub(super) broken_off: bool,
}

impl<'a> Sends<'a> {
    pub(super) fn of(step: &'a Step) -> Self {
        let what = match &step.send {
            Some(request) => What::Request(request),
            None => What::Raw(&step.raw, step.reads),
        };
        let leave_at = step.leave_at.as_deref();
        Self { what, leave_at }
    }

    /// Whether the client has what it stayed for.
    pub(super) fn leaves(&self, step: &Progress) -> bool {
        self.leave_at.is_some_and(|text| step.client_has(text))
    }
}

impl Request {
    pub(super) fn has(&self, name: &str) -> bool {
        let is_it = |line: &String| {
            let known = line.split(':').next().unwrap_or_default();
            known.eq_ignore_ascii_case(name)
        };
        self.headers.iter().any(is_it)
    }

    /// What `content-length` has to say; `None` where it is not sent.
    pub(super) fn length(&self) -> Option<usize> {
        let has_body = !self.body.is_empty() && !self.has("content-length");
        has_body.then(|| {
            self.body
                .iter()
                .filter_map(Piece::bytes)
                .map(|it| it.len())
                .sum()
        })
    }
}
