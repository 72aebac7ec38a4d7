//! A client's connection, in either version of HTTP.

use std::{net::SocketAddr, sync::Arc};

use super::{
    format::{Piece, Request, Step, Version},
    http1::Http1,
    http2::Http2,
    progress::Progress,
};

/// A connection that is open.
#[derive(Debug)]
pub(super) enum Client {
    Http1(Http1),
    Http2(Http2),
}

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

impl Client {
    pub(super) fn connect(address: SocketAddr, version: Version) -> Self {
        match version {
            Version::Http1 => Self::Http1(Http1::connect(address)),
            Version::Http2 => Self::Http2(Http2::connect(address)),
        }
    }

    /// Sends what is to be sent and reads what comes.
    pub(super) fn play(&mut self, sends: &Sends<'_>, step: &Arc<Progress>) -> Vec<Came> {
        let came = match self {
            Self::Http1(client) => client.play(sends, step),
            Self::Http2(client) => client.play(sends, step),
        };
        // Who waits for an answer that does not come waits no longer.
        step.change(|step| step.has_begun = true);
        came
    }

    /// Checks that nothing more comes.
    pub(super) fn ends(self) -> Result<(), String> {
        match self {
            Self::Http1(client) => client.ends(),
            Self::Http2(_) => Ok(()),
        }
    }
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
