//! A client's connection, in either version of HTTP.

use std::{net::SocketAddr, sync::Arc};

use super::{
    format::Version,
    http1::Http1,
    http2::Http2,
    message::{Came, Sends},
    progress::Progress,
};

/// A connection that is open.
#[derive(Debug)]
pub(super) enum Client {
    Http1(Http1),
    Http2(Http2),
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
